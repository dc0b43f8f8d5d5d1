package fileio_test

import (
	"os"
	"testing"

	"github.com/rouse-go/rouse/internal/leakcheck"
)

// Each test counts for itself, too; this is for all of them together.
func TestMain(m *testing.M) { os.Exit(leakcheck.Main(m, nil)) }
