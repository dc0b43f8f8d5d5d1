package netio_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/fiber"
	"github.com/rouse-go/rouse/internal/gid"
	"github.com/rouse-go/rouse/netio"
)

// wantPanic checks that err is a panic of rouse that says so.
func wantPanic(t testing.TB, err error, says string) {
	t.Helper()
	var p *rouse.PanicError
	if !errors.As(err, &p) {
		t.Errorf("no panic: %v; want one with %q", err, says)
		return
	}
	if s, _ := p.Value.(string); !strings.HasPrefix(s, "rouse: ") || !strings.Contains(s, says) {
		t.Errorf("panic %v; want one with %q", p.Value, says)
	}
}

func TestPollElsewhere(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		other := newWorld(t, drivers[0].Open)
		l := w.listen()
		a, _ := w.pairOn(l)
		for name, poll := range map[string]func(cx *rouse.Context) (int, error){
			"PollRead":       func(cx *rouse.Context) (int, error) { return a.PollRead(cx, make([]byte, 1)) },
			"PollRead empty": func(cx *rouse.Context) (int, error) { return a.PollRead(cx, nil) },
			"PollWrite":      func(cx *rouse.Context) (int, error) { return a.PollWrite(cx, make([]byte, 1)) },
			"PollAccept":     func(cx *rouse.Context) (int, error) { _, err := l.PollAccept(cx); return 0, err },
		} {
			_, err := task(other, poll)
			if wantPanic(t, err, "spawn the task on the executor"); t.Failed() {
				t.Fatal(name)
			}
		}
		// And with no executor at all.
		func() {
			defer func() {
				if s, _ := recover().(string); !strings.Contains(s, "spawn the task on the executor") {
					t.Error("panic:", s)
				}
			}()
			a.PollRead(rouse.NewContext(rouse.Waker{}), make([]byte, 1))
		}()
		func() {
			defer func() {
				if s, _ := recover().(string); !strings.Contains(s, "has no executor") {
					t.Error("panic:", s)
				}
			}()
			netio.PollListen(rouse.NewContext(rouse.Waker{}), "tcp", "127.0.0.1:0")
		}()
	})
}

// poor is an executor without a driver.
type poor struct{ rouse.Executor }

func TestExecutorWithoutDriver(t *testing.T) {
	defer func() {
		if s, _ := recover().(string); !strings.Contains(s, "driver.Host") {
			t.Error("panic:", s)
		}
	}()
	netio.PollListen(rouse.NewExecutorContext(poor{}, nil), "tcp", "127.0.0.1:0")
}

// Two tasks that read, write or accept at once.
func TestTwoAtOnce(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		l := w.listen()
		a, b := w.pairOn(l)
		w.shrink(a, b)
		big := make([]byte, tooMuch)
		for _, poll := range []func(cx *rouse.Context) (int, error){
			func(cx *rouse.Context) (int, error) { return a.PollRead(cx, make([]byte, 1)) },
			func(cx *rouse.Context) (int, error) { return 0, a.PollWriteAll(cx, &big) },
			func(cx *rouse.Context) (int, error) { _, err := l.PollAccept(cx); return 0, err },
		} {
			first := spawn(w, poll)
			w.settle()
			_, err := task(w, poll)
			wantPanic(t, err, "at the same time")
			if first.IsFinished() {
				t.Error("the first one has suffered")
			}
		}
		// ctx forms, too: a goroutine gets the panic as an error.
		_, err := a.Read(w.ctx, make([]byte, 1))
		wantPanic(t, err, "at the same time")
	})
}

// The ctx forms would stop a loop.
func TestBlockingOnLoop(t *testing.T) {
	if !gid.Known {
		t.Skip("goroutines can't be told apart")
	}
	onEach(t, func(t *testing.T, w *world) {
		a, _ := w.pair()
		view := a.NetConn(w.ctx)
		for name, fn := range map[string]func() (int, error){
			"Read":         func() (int, error) { return a.Read(w.ctx, make([]byte, 1)) },
			"Listen":       func() (int, error) { _, err := netio.Listen(w.ctx, "tcp", "127.0.0.1:0"); return 0, err },
			"Dial":         func() (int, error) { _, err := netio.Dial(w.ctx, "tcp", "127.0.0.1:1"); return 0, err },
			"NetConn.Read": func() (int, error) { return view.Read(make([]byte, 1)) },
		} {
			_, err := task(w, func(*rouse.Context) (int, error) { return fn() })
			if wantPanic(t, err, "stop every task"); t.Failed() {
				t.Error(name)
			}
			h := fiber.Go(w.ctx, func(context.Context) (int, error) { return fn() })
			_, err = h.Join(w.ctx)
			if wantPanic(t, err, "stop every task"); t.Failed() {
				t.Error(name, "in a fiber without its ctx")
			}
		}
	})
}

func TestDialingPolledTwice(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		d := netio.NewDial("tcp", "nonsense")
		if _, err := executor.Spawn[*netio.Conn](w.ex, d).Join(w.ctx); err == nil {
			t.Error("no error")
		}
		_, err := executor.Spawn[*netio.Conn](w.ex, d).Join(w.ctx)
		wantPanic(t, err, "polled after its result")
		// One whose home is said may be polled there only.
		other := newWorld(t, drivers[0].Open)
		d = netio.Dialer{Executor: w.ex}.NewDial("tcp", "127.0.0.1:1")
		_, err = executor.Spawn[*netio.Conn](other.ex, d).Join(other.ctx)
		wantPanic(t, err, "Dialer.Executor")
	})
}
