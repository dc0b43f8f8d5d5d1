package rouse

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
)

func TestConformance_069_PollPanicReachesTheJoiner(t *testing.T) {
	cause := errors.New("the cause")
	tests := []struct {
		name  string
		value any
		text  string
	}{
		{"string", "thrown", "thrown"},
		{"error", cause, "the cause"},
		{"int", 17, "17"},
		{"bool", true, "true"},
		{"Stringer", Canceled, "Canceled"},
		{"other", struct{}{}, "(struct {})"},
		{"nil", nil, (&runtime.PanicNilError{}).Error()},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			bothKinds(t, func(t *testing.T, x *rig) {
				sibling := pendingFor(0, 1)
				p := doing(func(*Context) (int, error) { panic(test.value) })
				j := x.spawn(p)
				k := x.spawn(sibling)
				x.tick()
				_, err := x.result(j)
				e, ok := err.(*PanicError)
				if !ok {
					t.Fatalf("joined %v", err)
				}
				if test.value != nil && e.Value != test.value {
					t.Errorf("value %v, want %v", e.Value, test.value)
				}
				if (errors.Is(err, cause)) != (test.value == cause) {
					t.Errorf("the cause doesn't show: %v", err)
				}
				if text := err.Error(); !strings.Contains(text, "panicked: "+test.text+"\n") {
					t.Errorf("message %q lacks %q", text, test.text)
				}
				if !strings.Contains(string(e.Stack), "panic_test.go") {
					t.Errorf("the stack doesn't show the panic:\n%s", e.Stack)
				}
				// No other task's state is touched, and the executor goes on.
				if v, err := x.result(k); v != 1 || err != nil {
					t.Errorf("the sibling: %d, %v", v, err)
				}
				p.check(t, 1, 1)
				x.wantLive(0)
			})
		})
	}
}

func TestPanicErrorNamesTheTask(t *testing.T) {
	onRig(t, localKind, func(t *testing.T, x *rig) {
		r, j := x.make(doing(func(*Context) (int, error) { panic("thrown") }))
		var pc [1]uintptr
		runtime.Callers(1, pc[:])
		_, _, line, _ := runtime.Caller(0)
		r.SetSite(pc[0])
		r.Schedule()
		x.tick()
		_, err := x.result(j)
		e := err.(*PanicError)
		if e.Name != "rig" || !strings.HasSuffix(e.Site, fmt.Sprintf("panic_test.go:%d", line-1)) {
			t.Errorf("name %q, site %q; want line %d", e.Name, e.Site, line-1)
		}
		if text := e.Error(); !strings.HasPrefix(text, "rouse: task rig spawned at "+e.Site+" panicked: thrown\n\n") {
			t.Errorf("message %q", text)
		}
	})
}

func TestConformance_073_AfterAPanicTheTaskIsOver(t *testing.T) {
	bothKindsAndPlaces(t, func(t *testing.T, x *rig, at func(func())) {
		p := &probe{script: func(cx *Context, _ int) (int, error) {
			cx.WakeByRef() // woken during the poll that panics: no further one
			panic("thrown")
		}}
		r, j := x.make(p)
		w := r.Waker()
		r.Schedule()
		if out := x.step(); out != Panicked {
			t.Errorf("outcome %v, want Panicked", out)
		}
		at(func() {
			w.WakeByRef()
			j.Abort()
			w.Wake()
		})
		if n := x.tick(); n != 0 {
			t.Errorf("%d runs after the panic", n)
		}
		p.check(t, 1, 1)
		if !j.IsFinished() {
			t.Error("not finished")
		}
	})
}

// A task that returns the panic which ended another has not panicked itself: who
// was there to see it stays as it was, though nobody sees it here.
func TestPassingOnAPanicChangesNoAudience(t *testing.T) {
	bothKinds(t, func(t *testing.T, x *rig) {
		j := x.spawn(doing(func(*Context) (int, error) { panic("thrown") }))
		var seen *PanicError
		x.spawn(doing(func(cx *Context) (int, error) {
			v, err := j.Poll(cx)
			seen, _ = err.(*PanicError)
			return v, err
		})).Detach()
		x.tick()
		if seen == nil {
			t.Fatal("the joiner has seen no panic")
		}
		if len(x.panics) != 1 || x.outcomes[Panicked] != 1 || x.outcomes[Completed] != 1 {
			t.Errorf("outcomes %v", x.outcomes)
		}
		if seen.Audience() == Detached {
			t.Error("a panic that a joiner has had counts as one that nobody sees")
		}
	})
}

func TestPanicIsNilUnlessPanicked(t *testing.T) {
	bothKinds(t, func(t *testing.T, x *rig) {
		r, _ := x.make(pendingFor(1, 1))
		w := r.Waker()
		r.Schedule()
		x.step()
		if r.Panic() != nil {
			t.Error("Panic of an idle task")
		}
		w.Wake()
		x.step()
		if r.Panic() != nil {
			t.Error("Panic of a completed task")
		}
	})
}

// The runner asks for the panic after Run has made it known: a handle elsewhere
// may have taken it by then.
func TestPanicWhileTheHandleTakesIt(t *testing.T) {
	bothEngines(t, func(t *testing.T, e *engine) {
		const n = 300
		for range n {
			j := e.spawn(doing(func(*Context) (int, error) { panic("thrown") }))
			if _, err := join(t, j); err == nil || err.(*PanicError).Value != "thrown" {
				t.Errorf("joined %v", err)
			}
		}
		e.close()
		if len(e.panics) != n {
			t.Fatalf("%d panics, want %d", len(e.panics), n)
		}
		for _, p := range e.panics {
			if p == nil || p.Value != "thrown" {
				t.Fatalf("Panic returned %v after the outcome Panicked", p)
			}
		}
	})
}

func TestDropThatPanicsIsReportedOnce(t *testing.T) {
	onRig(t, localKind, func(t *testing.T, x *rig) {
		p, q := forever(), forever()
		p.onDrop = func() { panic("thrown by Drop") }
		_, j := sleeper(x, p)
		_, k := sleeper(x, q)
		j.Abort()
		k.Abort()
		x.tick()
		p.check(t, 1, 1)
		q.check(t, 1, 1)
		if len(x.reports) != 1 || x.reports[0].Value != "thrown by Drop" {
			t.Errorf("reports %v", x.reports)
		}
		if _, err := x.result(j); err != ErrCanceled {
			t.Errorf("joined %v", err)
		}
	})
	t.Run("without a report function", func(t *testing.T) {
		l := NewLoop(func() {}, nil)
		l.Enter()
		defer l.Leave()
		cx := NewExecutorContext(nil, l)
		p := forever()
		p.onDrop = func() { panic("thrown by Drop") }
		r, _ := NewLocalTask[int](p, l.NewHome("", func(Runnable) {}))
		r.Schedule()
		l.Close(cx)
		p.check(t, 0, 1)
	})
	t.Run("value future", func(t *testing.T) {
		onRig(t, localKind, func(t *testing.T, x *rig) {
			r, j := NewLocalValue[int](badDrop{new(int)}, x.home)
			c := (*valueCell[int, badDrop, *badDrop])(unsafeCell(r))
			r.Schedule()
			x.tick()
			j.Abort()
			x.tick()
			if len(x.reports) != 1 || c.fut.n != nil {
				t.Errorf("reports %v, future %v", x.reports, c.fut)
			}
		})
	})
}

// badDrop is a future, to be held by value, whose Drop panics.
type badDrop struct{ n *int }

func (d *badDrop) Poll(*Context) (int, error) { return 0, Pending }
func (d *badDrop) Drop()                      { panic("thrown by Drop") }

func TestGoexitInAPoll(t *testing.T) {
	for _, kind := range []string{localKind, atomicKind} {
		for _, handle := range []string{"kept", "detached"} {
			t.Run(kind+"/"+handle, func(t *testing.T) {
				x := newRig(t, kind)
				p := doing(func(cx *Context) (int, error) {
					cx.WakeByRef()
					runtime.Goexit()
					return 0, nil
				})
				after := pendingFor(0, 5)
				var j, k JoinHandle[int]
				var lent Waker
				ended := make(chan struct{})
				go func() { // Goexit goes on: it ends the goroutine that runs the task
					defer close(ended)
					if x.loop != nil {
						x.loop.Enter()
						defer x.loop.Leave()
					}
					j, k = x.spawn(p), x.spawn(after)
					lent = x.cx.waker
					if handle == "detached" {
						j.Detach()
					}
					x.tick()
					t.Error("Run returned after Goexit")
				}()
				receive(t, ended)
				p.check(t, 1, 1)
				if !j.IsFinished() {
					t.Error("not finished")
				}
				if x.cx.waker != lent {
					t.Error("the Context still lends the waker of the task that ended")
				}
				// Another goroutine can go on with the loop.
				if x.loop != nil {
					x.loop.Enter()
					defer x.loop.Leave()
				}
				if handle == "kept" {
					if _, err := x.result(j); err != ErrGoexit {
						t.Errorf("joined %v", err)
					}
				}
				x.tick()
				if v, err := x.result(k); v != 5 || err != nil {
					t.Errorf("the next task: %d, %v", v, err)
				}
				x.wantLive(0)
			})
		}
	}
}
