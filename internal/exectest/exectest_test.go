package exectest

import (
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/internal/leakcheck"
)

func TestMain(m *testing.M) { os.Exit(leakcheck.Main(m, nil)) }

// A noted is a test that notes whether it would have failed.
type noted struct {
	testing.TB
	failed   bool
	cleanups []func()
}

func (n *noted) Helper()               {}
func (n *noted) Errorf(string, ...any) { n.failed = true }
func (n *noted) Cleanup(fn func())     { n.cleanups = append(n.cleanups, fn) }

func (n *noted) end() {
	for i := range n.cleanups {
		n.cleanups[len(n.cleanups)-1-i]()
	}
}

// A running executor is not there any more when it is looked for what is left,
// whatever its driver.
func TestRunAndNoneLeft(t *testing.T) {
	for _, d := range Drivers() {
		n := &noted{TB: t}
		NoneLeft(n)
		r := Run(n, executor.Config{}, d.Open)
		if r.Executor.Driver().Name() != d.Name {
			t.Errorf("%s is %s", d.Name, r.Executor.Driver().Name())
		}
		if n.end(); n.failed {
			t.Errorf("%s: something is left", d.Name)
		}
		r.Stop()
	}
}

// What does not come down is noticed; what takes a moment is waited for.
func TestNoMore(t *testing.T) {
	defer func(was time.Duration) { settling = was }(settling)
	settling = 10 * time.Millisecond
	n := &noted{TB: t}
	if NoMore(n, "things", 1, func() int { return 2 }); !n.failed {
		t.Error("a thing too many is not noticed")
	}
	settling = Patience
	n = &noted{TB: t}
	before, begun := runtime.NumGoroutine(), make(chan struct{})
	go func() {
		close(begun)
		time.Sleep(10 * time.Millisecond)
	}()
	<-begun
	if NoMore(n, "goroutines", before, runtime.NumGoroutine); n.failed {
		t.Error("a goroutine that ends is taken for one that stays")
	}
}
