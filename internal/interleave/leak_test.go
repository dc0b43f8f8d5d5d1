package interleave

import (
	"os"
	"runtime"
	"testing"

	"github.com/rouse-go/rouse/internal/leakcheck"
)

// In a checked build the threads of schedules that have failed, as those of the
// classics do, stay where they were: nobody can end them.
func TestMain(m *testing.M) { os.Exit(leakcheck.Main(m, runtime.NumGoroutine)) }
