package fileio_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/fileio"
	"github.com/rouse-go/rouse/internal/exectest"
)

// patience bounds every wait of these tests.
const patience = exectest.Patience

// drivers are those that this system has, the best first. The manual one has no
// files.
var drivers = exectest.Drivers()

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
		t.Run(d.Name, func(t *testing.T) { fn(newWorld(t, d.Open, nil)) })
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
	if _, second := t.(*world); !second { // the first one counts
		exectest.NoneLeft(t)
	}
	r := exectest.Run(t, cfg, func() (driver.Driver, error) {
		d, err := open()
		if err == nil && wrap != nil {
			d = wrap(d)
		}
		return d, err
	})
	return &world{TB: t, ex: r.Executor, ctx: r.Ctx, stop: r.Stop, dir: dir}
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

// pattern is test content.
func pattern(n int) []byte { return exectest.Content(0, n) }
