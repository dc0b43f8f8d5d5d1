package executor_test

import (
	"os"
	"sync/atomic"
	"testing"

	"github.com/rouse-go/rouse/internal/leakcheck"
)

// abandoned is how many coroutines the tests have left behind on purpose: those
// that called Goexit or resisted. The leak check exempts exactly that many.
var abandoned atomic.Int64

// TestMain accounts for goroutines and descriptors over all tests.
func TestMain(m *testing.M) {
	os.Exit(leakcheck.Main(m, func() int { return int(abandoned.Load()) }))
}
