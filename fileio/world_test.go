package fileio_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/fileio"
	"github.com/rouse-go/rouse/internal/leakcheck"
)

// patience bounds every wait of these tests.
const patience = 30 * time.Second

// A world is an executor that runs on a goroutine of its own.
type world struct {
	testing.TB
	ex   *executor.Local
	ctx  context.Context // carries ex
	stop func()
	dir  string
}

// onEach runs fn as a subtest on every driver that this system has.
func onEach(t *testing.T, fn func(w *world)) {
	for _, d := range drivers {
		t.Run(d.name, func(t *testing.T) { fn(newWorld(t, d.open, nil)) })
	}
}

// newWorld starts an executor; wrap, if there is one, comes before its driver.
func newWorld(t testing.TB, open func() (driver.Driver, error), wrap func(driver.Driver) driver.Driver) *world {
	t.Helper()
	return configured(t, executor.Config{}, open, wrap)
}

// configured is newWorld for an executor that is not as by default.
func configured(t testing.TB, cfg executor.Config, open func() (driver.Driver, error), wrap func(driver.Driver) driver.Driver) *world {
	t.Helper()
	dir := t.TempDir()
	goroutines, files := runtime.NumGoroutine(), leakcheck.Descriptors()
	d, err := open()
	if err != nil {
		t.Fatal(err)
	}
	if wrap != nil {
		d = wrap(d)
	}
	cfg.Driver = d
	ex, err := executor.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(rouse.WithExecutor(context.Background(), ex), patience)
	w := &world{TB: t, ex: ex, ctx: ctx, dir: dir}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = ex.Run(context.Background())
		if err := ex.Close(); err != nil {
			t.Error("Close:", err)
		}
	}()
	var once atomic.Bool
	w.stop = func() {
		if once.Swap(true) {
			return
		}
		ex.Stop()
		select {
		case <-ended:
		case <-time.After(patience):
			t.Fatal("the executor does not end")
		}
	}
	t.Cleanup(func() {
		w.stop()
		cancel()
		if _, second := t.(*world); second {
			return // the first one counts
		}
		noLeak(t, "goroutines", goroutines, runtime.NumGoroutine)
		noLeak(t, "descriptors", files, leakcheck.Descriptors)
	})
	return w
}

func noLeak(t testing.TB, what string, before int, now func() int) {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); now() > before; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			var stacks bytes.Buffer
			_ = pprof.Lookup("goroutine").WriteTo(&stacks, 1)
			t.Errorf("%s: %d before, %d after\n%s", what, before, now(), stacks.Bytes())
			return
		}
	}
}

// task runs fn as a task's poll and returns its result.
func task[T any](w *world, fn func(cx *rouse.Context) (T, error)) (T, error) {
	return executor.Spawn[T](w.ex, rouse.FutureFunc[T](fn)).Join(w.ctx)
}

// future runs f as a task and returns its result.
func future[T any](w *world, f rouse.Future[T]) (T, error) {
	return executor.Spawn[T](w.ex, f).Join(w.ctx)
}

func (w *world) path(name string) string { return filepath.Join(w.dir, name) }

// create makes a file with this content and opens it for reading and writing.
func (w *world) create(name string, content []byte) *fileio.File {
	w.Helper()
	return w.open(fileio.Opener{Flags: os.O_RDWR}, name, content)
}

func (w *world) open(o fileio.Opener, name string, content []byte) *fileio.File {
	w.Helper()
	if err := os.WriteFile(w.path(name), content, 0o600); err != nil {
		w.Fatal(err)
	}
	f, err := o.Open(w.ctx, w.path(name))
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() { f.Close() })
	return f
}

// content returns what is in the file by the standard library's account.
func (w *world) content(name string) []byte {
	w.Helper()
	b, err := os.ReadFile(w.path(name))
	if err != nil {
		w.Fatal(err)
	}
	return b
}

// watch waits until cond holds, from outside.
func (w *world) watch(what string, cond func() bool) {
	w.Helper()
	for end := time.Now().Add(patience); !cond(); time.Sleep(100 * time.Microsecond) {
		if time.Now().After(end) {
			w.Fatalf("waited %v until %s", patience, what)
		}
	}
}

func wantIs(t testing.TB, err error, targets ...error) {
	t.Helper()
	for _, target := range targets {
		if !errors.Is(err, target) {
			t.Errorf("error is %v (%T); want errors.Is %v", err, err, target)
		}
	}
}

// pattern is test content: byte i is a function of i.
func pattern(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i*7 + i>>8*13 + i>>16)
	}
	return b
}
