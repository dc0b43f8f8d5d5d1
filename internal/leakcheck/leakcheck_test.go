package leakcheck

import (
	"context"
	"log/slog"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/driver/manual"
	"github.com/rouse-go/rouse/driver/uring"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/internal/alarm"
	"github.com/rouse-go/rouse/internal/census"
)

func TestMain(m *testing.M) { os.Exit(Main(m, nil)) }

// run is account for tests that do what do does.
func run(t *testing.T, do func()) (code int, out string) {
	t.Helper()
	settle(t)
	var b strings.Builder
	code = account(&b, func() int { do(); return 0 }, nil, 50*time.Millisecond)
	return code, b.String()
}

func newLocal(t *testing.T) *executor.Local {
	t.Helper()
	d, err := manual.New(manual.Config{})
	if err != nil {
		t.Fatal(err)
	}
	l, err := executor.New(executor.Config{Driver: d, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestNothingIsLeft(t *testing.T) {
	code, out := run(t, func() {
		l := newLocal(t)
		executor.Spawn[int](l, rouse.FutureFunc[int](func(*rouse.Context) (int, error) { return 0, rouse.Pending }))
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	const want = "leak: package=github.com/rouse-go/rouse/internal/leakcheck goroutines=0 descriptors=0 executors=0 fibers=0 ops=0 rings=0 tasks=0 timers=0\n"
	if code != 0 || out != want {
		t.Errorf("%d, %q; want 0, %q", code, out, want)
	}
}

// Each kind of leak is noticed, and nothing else is.
func TestEachKindIsNoticed(t *testing.T) {
	for _, c := range []struct { // a checked build does not account for executors
		kinds string // that are left, one of each
		plant func(t *testing.T) (undo func())
	}{
		{"goroutines", func(t *testing.T) func() {
			c := make(chan int)
			go func() { <-c }()
			return func() { close(c) }
		}},
		{"descriptors", func(t *testing.T) func() {
			f, err := os.Open(os.DevNull)
			if err != nil {
				t.Fatal(err)
			}
			return func() { f.Close() }
		}},
		{"executors", func(t *testing.T) func() {
			l := newLocal(t)
			return func() { l.Close() }
		}},
		{"timers", func(t *testing.T) func() {
			l := newLocal(t)
			l.Alarms().Set(new(alarm.Alarm), 1<<40, rouse.NewContext(rouse.Waker{})) // nobody will Stop it
			l.Close()
			return func() { Forgive("timers", 1) }
		}},
		{"fibers goroutines", func(t *testing.T) func() {
			l := newLocal(t)
			executor.SpawnFiber(l.Context(t.Context()), l, func(context.Context) (int, error) {
				runtime.Goexit() // its coroutine can never end
				return 0, nil
			})
			if err := l.RunUntilIdle(); err != nil {
				t.Error(err)
			}
			l.Close()
			return func() { Forgive("fibers", 1); Forgive("goroutines", 1) }
		}},
		{"rings descriptors descriptors", func(t *testing.T) func() { // one is what ends its sleep
			d, err := uring.New(uring.Config{})
			if err != nil {
				t.Skip(err)
			}
			return func() { d.Close() }
		}},
		{"ops", func(t *testing.T) func() {
			plantOp(t)
			return func() { Forgive("ops", 1) }
		}},
		{"tasks", func(*testing.T) func() {
			census.Tasks.Add(1) // no executor is known to lose one
			return func() { census.Tasks.Add(-1) }
		}},
	} {
		t.Run(strings.Fields(c.kinds)[0], func(t *testing.T) {
			var undo func()
			code, out := run(t, func() { undo = c.plant(t) })
			undo()
			left := map[string]int{}
			for kind := range strings.FieldsSeq(c.kinds) {
				left[kind]++
			}
			line, stacks, _ := strings.Cut(out, "\n")
			for kind := range Take() {
				digit := string(rune('0' + left[kind]))
				if !strings.Contains(line+" ", " "+kind+"="+digit+" ") {
					t.Errorf("%q, want %s=%s", line, kind, digit)
				}
			}
			if code != 1 || !strings.Contains(stacks, "goroutine ") {
				t.Errorf("code %d, and no stacks in %q", code, stacks)
			}
		})
	}
}

// plantOp leaves a record of an operation with the kernel: a driver that is
// closed on another thread than its ring's can't wait for it.
func plantOp(t *testing.T) {
	d, err := uring.New(uring.Config{})
	if err != nil {
		t.Skip(err)
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	attach := &driver.Op{Code: driver.Attach, Args: &driver.Args{FD: int(r.Fd())}}
	if !d.Submit(attach) || attach.Err != nil {
		t.Fatal(attach.Err)
	}
	d.Submit(&driver.Op{Code: driver.Readable, Handle: attach.Handle})
	if _, err := d.Park(0); err != nil {
		t.Fatal(err)
	}
	closed := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		closed <- d.Close()
	}()
	select {
	case err := <-closed:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(30 * time.Second):
		t.Fatal("Close does not return")
	}
	settle(t)
}

// settle waits until every other goroutine waits for something. One that is about
// to end, such as that of the test before, would count as one that was there, or
// as one that is left.
func settle(t *testing.T) {
	t.Helper()
	stacks := make([]byte, 1<<20)
	for end := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		text := string(stacks[:runtime.Stack(stacks, true)])
		if strings.Count(text, "[running") == 1 && !strings.Contains(text, "[runnable") {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("some goroutine runs on and on:\n%s", text)
		}
	}
}

func TestWhatIsForgivenIsNoLeak(t *testing.T) {
	code, out := run(t, func() {
		census.Tasks.Add(2)
		Forgive("tasks", 2)
	})
	census.Tasks.Add(-2)
	if code != 0 {
		t.Error(code, out)
	}
	defer func() {
		if v := recover(); v == nil {
			t.Error("a kind that there is not is forgiven")
		}
	}()
	Forgive("nonesuch", 1)
}

// Tests that fail have their own code, and are not waited for.
func TestAFailureGoesFirst(t *testing.T) {
	begun := time.Now()
	var b strings.Builder
	code := account(&b, func() int { census.Tasks.Add(1); return 3 }, nil, time.Hour)
	census.Tasks.Add(-1)
	if code != 3 || !strings.Contains(b.String(), "tasks=1") || strings.Count(b.String(), "\n") != 1 || time.Since(begun) > time.Minute {
		t.Errorf("code %d after %v: %q", code, time.Since(begun), b.String())
	}
}

func TestOpenFiles(t *testing.T) {
	f, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if n := Descriptors(); n > 0 && !strings.Contains(strings.Join(openFiles(), " "), os.DevNull) {
		t.Errorf("%d descriptors, and they are %q", n, openFiles())
	}
}
