package rouse

import (
	"context"
	"testing"
)

func TestMisuseRunTwice(t *testing.T) {
	onceState := map[string]string{"idle": "HANDLE", "finished": "COMPLETED|HANDLE"}
	for name, s := range onceState {
		t.Run(name, func(t *testing.T) {
			bothKinds(t, func(t *testing.T, x *rig) {
				p := forever()
				if name == "finished" {
					p = pendingFor(0, 1)
				}
				x.spawn(p)
				x.deliver()
				r, _ := x.pop()
				r.Run(x.cx)
				const text = "rouse: Run of a Runnable that is not scheduled ("
				wantPanic(t, text+s+"); run each Runnable once", func() { r.Run(x.cx) })
				p.check(t, 1, 0)
				// No harm was done.
				if name == "idle" {
					r.Waker().Wake()
					x.tick()
					p.check(t, 2, 0)
				}
			})
		})
	}
}

func TestMisuseRunInsideItself(t *testing.T) {
	bothKinds(t, func(t *testing.T, x *rig) {
		var r Runnable
		p := doing(func(cx *Context) (int, error) {
			wantPanic(t, "rouse: Run of a Runnable that is not scheduled (RUNNING|HANDLE); run each Runnable once", func() { r.Run(x.cx) })
			return 0, nil
		})
		x.spawn(p)
		x.deliver()
		r, _ = x.pop()
		r.Run(x.cx)
		p.check(t, 1, 0)
	})
}

func TestMisuseDropOfARunnableTwice(t *testing.T) {
	for _, name := range []string{"idle", "finished", "dropped"} {
		t.Run(name, func(t *testing.T) {
			bothKinds(t, func(t *testing.T, x *rig) {
				p, drops := forever(), int32(0)
				if name == "finished" {
					p = pendingFor(0, 1)
				}
				x.spawn(p)
				x.deliver()
				r, _ := x.pop()
				if name == "dropped" {
					r.Drop()
					drops = 1
				} else {
					r.Run(x.cx)
				}
				wantPanic(t, droppedTwice, r.Drop)
				p.checkDrops(t, drops)
				if name == "idle" {
					r.Waker().Wake()
					x.tick()
					p.check(t, 2, 0)
				}
			})
		})
	}
}

func TestMisuseNilFuture(t *testing.T) {
	x := newRig(t, localKind)
	wantPanic(t, "rouse: NewLocalTask of a nil Future", func() { NewLocalTask[int](nil, x.home) })
	const text = "rouse: NewTask needs a Future and a schedule function"
	wantPanic(t, text, func() { NewTask[int](nil, x.push) })
	wantPanic(t, text, func() { NewTask(Ready(1), nil) })
}

func TestMisuseFuturePolledTwice(t *testing.T) {
	f := Ready(1)
	cx := NewContext(Waker{})
	f.Poll(cx)
	wantPanic(t, "rouse: *rouse.ready[int] polled after its result", func() { f.Poll(cx) })
}

func TestMisuseBlockOnALoop(t *testing.T) {
	needsGid(t)
	const tail = " on a goroutine that runs an executor would stop every task of it; poll the future instead, or use a fiber"
	x := newRig(t, localKind)
	other := start(t, localKind, 1)
	j := other.spawn(forever())
	x.loop.Enter()
	defer x.loop.Leave()
	if !OnLoop() {
		t.Error("OnLoop is false")
	}
	f := forever()
	carrying := WithExecutor(context.Background(), other.executor())
	wantPanic(t, "rouse: BlockOn or Await"+tail, func() { BlockOn[int](f) })
	wantPanic(t, "rouse: BlockOn or Await"+tail, func() { Await[int](context.Background(), f) })
	wantPanic(t, "rouse: Await"+tail, func() { Await[int](carrying, f) })
	wantPanic(t, "rouse: BlockOn or Await"+tail, func() { j.Join(context.Background()) })
	f.check(t, 0, 0)
	elsewhere(func() {
		if OnLoop() {
			t.Error("OnLoop is true elsewhere")
		}
	})
}

func TestMisuseBlockOnInAPoll(t *testing.T) {
	needsGid(t)
	onRig(t, localKind, func(t *testing.T, x *rig) {
		j := x.spawn(doing(func(*Context) (int, error) { return BlockOn(Ready(1)) }))
		x.tick()
		_, err := x.result(j)
		if e, ok := err.(*PanicError); !ok || e.Value != "rouse: BlockOn or Await on a goroutine that runs an executor would stop every task of it; poll the future instead, or use a fiber" {
			t.Errorf("joined %v", err)
		}
	})
}

func TestMisuseNestedLoops(t *testing.T) {
	needsGid(t)
	x, y := newRig(t, localKind), newRig(t, localKind)
	x.loop.Enter()
	const text = "rouse: this goroutine runs an executor already; start the other one on a goroutine of its own"
	wantPanic(t, text, y.loop.Enter)
	wantPanic(t, text, x.loop.Enter)
	x.loop.Leave()
	if OnLoop() {
		t.Error("OnLoop after Leave")
	}
	y.loop.Enter() // one after the other is all right
	y.loop.Leave()
}

// A fiber's goroutine counts as home, since it runs only while the loop has
// switched to it, and must not block.
func TestFiberMarks(t *testing.T) {
	needsGid(t)
	x := newRig(t, localKind)
	x.loop.Enter()
	defer x.loop.Leave()
	elsewhere(func() {
		x.loop.EnterFiber()
		defer x.loop.LeaveFiber()
		if !OnLoop() || !x.loop.AtHome() {
			t.Error("a fiber's goroutine is not on the loop, or not at home")
		}
	})
	if !x.loop.AtHome() {
		t.Error("the loop's own goroutine is not at home")
	}
	elsewhere(func() {
		if OnLoop() {
			t.Error("OnLoop after LeaveFiber")
		}
	})
}
