package rouse

import (
	"runtime"
	"testing"
	"weak"
)

// collected waits until the collector has taken what p points to.
func collected[T any](t testing.TB, what string, p weak.Pointer[T]) {
	t.Helper()
	eventually(t, what+" is collected", func() bool {
		runtime.GC()
		return p.Value() == nil
	})
}

// big is an output and a future whose memory can be watched.
type big struct {
	_    [1 << 12]byte
	next *big
}

func TestConformance_028_AWakerKeepsOnlyTheHeader(t *testing.T) {
	for _, kind := range []string{localKind, atomicKind} {
		t.Run(kind, func(t *testing.T) {
			onRig(t, kind, func(t *testing.T, x *rig) {
				future, output, w := watchedTask(t, x)
				collected(t, "the future", future)
				collected(t, "the output", output)
				w.Wake() // and the waker still works
				if n := x.tick(); n != 0 {
					t.Errorf("%d runs", n)
				}
			})
		})
	}
}

// watchedTask runs a task whose output is a pointer, takes it and throws it
// away. It is a function of its own so that no register keeps what it made.
//
//go:noinline
func watchedTask(t *testing.T, x *rig) (weak.Pointer[big], weak.Pointer[big], Waker) {
	state, out := new(big), new(big)
	f := FutureFunc[*big](func(*Context) (*big, error) {
		if state.next != nil {
			return nil, Pending
		}
		return out, nil
	})
	var r Runnable
	var j JoinHandle[*big]
	if x.loop != nil {
		r, j = NewLocalTask[*big](f, x.home)
	} else {
		r, j = NewTask[*big](f, x.push)
	}
	w := r.Waker()
	r.Schedule()
	x.tick()
	cx := NewExecutorContext(nil, x.loop)
	if v, err := j.Poll(cx); v != out || err != nil {
		t.Errorf("result %p, %v", v, err)
	}
	return weak.Make(state), weak.Make(out), w
}

func TestConformance_028_NothingOfACanceledTaskIsKept(t *testing.T) {
	bothKinds(t, func(t *testing.T, x *rig) {
		p, w, j := func() (weak.Pointer[probe], Waker, JoinHandle[int]) {
			p := forever()
			w, j := sleeper(x, p)
			j.Abort()
			x.tick()
			p.check(t, 1, 1)
			return weak.Make(p), w, j
		}()
		collected(t, "the future", p)
		w.Wake()
		if _, err := x.result(j); err != ErrCanceled {
			t.Errorf("result %v", err)
		}
	})
}

func TestConformance_030_DroppingTheLastWakerDoesNotCancel(t *testing.T) {
	bothKindsAndPlaces(t, func(t *testing.T, x *rig, at func(func())) {
		p := pendingFor(1, 4)
		w, j := sleeper(x, p)
		at(w.Drop)
		if n := x.tick(); n != 0 || j.IsFinished() {
			t.Errorf("%d runs, finished %v", n, j.IsFinished())
		}
		at(w.WakeByRef) // after Drop: harmless, and for a live task it still wakes
		x.tick()
		if v, err := x.result(j); v != 4 || err != nil {
			t.Errorf("result %d, %v", v, err)
		}
		p.check(t, 2, 0)
	})
}

func TestConformance_032_WakerOutlivesTheExecutor(t *testing.T) {
	for _, p := range places {
		t.Run(p.name, func(t *testing.T) {
			onRig(t, localKind, func(t *testing.T, x *rig) {
				f := forever()
				w, j := sleeper(x, f)
				x.loop.Close(x.cx)
				x.queue = nil
				f.check(t, 1, 1)
				p.do(func() {
					w.WakeByRef()
					w.Clone().Drop()
					w.Clone().Wake()
					w.Drop()
					j.Abort()
				})
				x.loop.Deliver(x.cx)
				if len(x.queue) != 0 || x.loop.HasMail() {
					t.Error("a wake after the end scheduled something")
				}
				f.check(t, 1, 1)
			})
		})
	}
}

func TestConformance_037_ScheduleFunctionIsLetGoWithTheLastReference(t *testing.T) {
	tests := []struct {
		name string
		last func(x *rig, w Waker, j JoinHandle[int])
	}{
		{"waker last", func(x *rig, w Waker, j JoinHandle[int]) {
			x.tick()
			x.result(j)
			w.Drop()
		}},
		{"wake last", func(x *rig, w Waker, j JoinHandle[int]) {
			x.tick()
			x.result(j)
			w.Wake()
		}},
		{"handle last", func(x *rig, w Waker, j JoinHandle[int]) {
			x.tick()
			w.Drop()
			x.result(j)
		}},
		{"runner last", func(x *rig, w Waker, j JoinHandle[int]) {
			w.Drop()
			j.Detach()
			x.tick()
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			onRig(t, atomicKind, func(t *testing.T, x *rig) {
				r, j := x.make(pendingFor(0, 1))
				w := r.Waker()
				part := r.h.shared()
				r.Schedule()
				if part.schedule == nil {
					t.Fatal("let go too early")
				}
				test.last(x, w, j)
				if part.schedule != nil {
					t.Error("kept")
				}
			})
		})
	}
}

// The last reference may go while the schedule function runs: it goes on.
func TestConformance_037_NotLetGoWhileItRuns(t *testing.T) {
	onRig(t, atomicKind, func(t *testing.T, x *rig) {
		p := pendingFor(1, 1)
		w, j := sleeper(x, p)
		x.hook = func(r Runnable) {
			x.hook = nil
			x.tick() // the task runs to its end inside schedule
			x.result(j)
			w.Drop()
		}
		w.WakeByRef()
		p.check(t, 2, 0)
		if x.tick() != 0 {
			t.Error("scheduled again")
		}
	})
}
