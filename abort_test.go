package rouse

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
)

func TestConformance_050_AbortBeforeTheFirstRun(t *testing.T) {
	bothKindsAndPlaces(t, func(t *testing.T, x *rig, at func(func())) {
		p := pendingFor(0, 1)
		j := x.spawn(p)
		at(j.Abort)
		if out := x.step(); out != Canceled {
			t.Errorf("outcome %v, want Canceled", out)
		}
		p.check(t, 0, 1)
		if _, err := x.result(j); err != ErrCanceled || !errors.Is(err, context.Canceled) {
			t.Errorf("result %v", err)
		}
		x.wantLive(0)
	})
}

func TestConformance_051_AbortIdle(t *testing.T) {
	bothKindsAndPlaces(t, func(t *testing.T, x *rig, at func(func())) {
		p := forever()
		_, j := sleeper(x, p)
		at(j.Abort)
		p.check(t, 1, 0) // not in Abort, but on the next tick
		if n := x.queued(); n != 1 {
			t.Errorf("%d in the queue, want 1", n)
		}
		x.tick()
		p.check(t, 1, 1)
	})
}

func TestConformance_052_AbortWhileRunning(t *testing.T) {
	bothEngines(t, func(t *testing.T, e *engine) {
		polled, release := make(chan struct{}), make(chan struct{})
		p := doing(func(*Context) (int, error) {
			close(polled)
			<-release
			return 0, Pending
		})
		j := e.spawn(p)
		receive(t, polled)
		j.Abort()
		if j.IsFinished() {
			t.Error("finished during the poll")
		}
		p.check(t, 1, 0)
		close(release)
		if _, err := join(t, j); err != ErrCanceled {
			t.Errorf("joined %v", err)
		}
		p.check(t, 1, 1)
	})
}

func TestConformance_053_AbortAfterCompletion(t *testing.T) {
	bothKindsAndPlaces(t, func(t *testing.T, x *rig, at func(func())) {
		p := pendingFor(0, 7)
		j := x.spawn(p)
		x.tick()
		at(j.Abort)
		at(j.AbortHandle().Abort)
		if n := x.tick(); n != 0 {
			t.Errorf("%d runs", n)
		}
		if v, err := x.result(j); v != 7 || err != nil {
			t.Errorf("result %d, %v", v, err)
		}
		p.check(t, 1, 0)
	})
}

func TestConformance_054_AbortTwice(t *testing.T) {
	bothKindsAndPlaces(t, func(t *testing.T, x *rig, at func(func())) {
		p := forever()
		_, j := sleeper(x, p)
		j.Abort()
		at(j.Abort)
		x.tick()
		at(j.Abort)
		x.tick()
		p.check(t, 1, 1)
	})
	t.Run("from many goroutines", func(t *testing.T) {
		bothEngines(t, func(t *testing.T, e *engine) {
			for range 100 {
				p := forever()
				j := e.spawn(p)
				storm(4, 2, func(int, int) { j.Abort() })
				if _, err := join(t, j); err != ErrCanceled {
					t.Errorf("joined %v", err)
				}
				p.checkDrops(t, 1)
			}
		})
	})
}

func TestConformance_055_CanceledIsSeenAfterTheFutureIsGone(t *testing.T) {
	bothEngines(t, func(t *testing.T, e *engine) {
		for range 200 {
			var gone atomic.Bool
			p := forever()
			p.onDrop = func() { gone.Store(true) }
			j := e.spawn(p)
			go j.Abort()
			if _, err := join(t, j); err != ErrCanceled || !gone.Load() {
				t.Fatalf("joined %v; future gone: %v", err, gone.Load())
			}
		}
	})
}

func TestConformance_056_AbortHandleDestroysAParkedTask(t *testing.T) {
	bothKindsAndPlaces(t, func(t *testing.T, x *rig, at func(func())) {
		p := forever()
		w, j := sleeper(x, p)
		a := j.AbortHandle()
		w.Drop()
		at(j.Detach)
		x.tick()
		x.wantLive(1)
		at(a.Abort)
		x.tick()
		p.check(t, 1, 1)
		x.wantLive(0)
		if !a.IsFinished() {
			t.Error("not finished")
		}
	})
}

func TestConformance_057_AbortAndWakeInBothOrders(t *testing.T) {
	bothKindsAndPlaces(t, func(t *testing.T, x *rig, at func(func())) {
		p, q := forever(), forever()
		w, j := sleeper(x, p)
		v, k := sleeper(x, q)
		at(func() {
			j.Abort()
			w.WakeByRef()
			v.WakeByRef()
			k.Abort()
		})
		if n := x.tick(); n != 2 {
			t.Errorf("%d runs, want 2", n)
		}
		p.check(t, 1, 1)
		q.check(t, 1, 1)
	})
	t.Run("at once", func(t *testing.T) {
		bothEngines(t, func(t *testing.T, e *engine) {
			for range 300 {
				p := forever()
				r, j := e.make(p)
				w := r.Waker()
				r.Schedule()
				var wg sync.WaitGroup
				wg.Go(w.Wake)
				wg.Go(j.Abort)
				if _, err := join(t, j); err != ErrCanceled {
					t.Errorf("joined %v", err)
				}
				wg.Wait()
				p.checkDrops(t, 1)
			}
		})
	})
}

func TestConformance_058_SelfAbort(t *testing.T) {
	// Abort during a poll that returns a result: the result wins, as in tokio.
	for _, result := range []bool{false, true} {
		name := map[bool]string{false: "then Pending", true: "then Ready"}[result]
		t.Run(name, func(t *testing.T) {
			bothKindsAndPlaces(t, func(t *testing.T, x *rig, at func(func())) {
				var j JoinHandle[int]
				p := doing(func(cx *Context) (int, error) {
					at(j.Abort)
					cx.WakeByRef() // which must not save it
					if result {
						return 4, nil
					}
					return 0, Pending
				})
				j = x.spawn(p)
				x.tick() // one run, or two where the abort comes by mail
				v, err := x.result(j)
				if result {
					p.check(t, 1, 0)
					if v != 4 || err != nil {
						t.Errorf("result %d, %v", v, err)
					}
				} else {
					p.check(t, 1, 1)
					if err != ErrCanceled {
						t.Errorf("result %d, %v", v, err)
					}
				}
			})
		})
	}
}

func TestAbortInsideDrop(t *testing.T) {
	bothKindsAndPlaces(t, func(t *testing.T, x *rig, at func(func())) {
		p := forever()
		w, j := sleeper(x, p)
		p.onDrop = func() {
			at(func() { j.Abort(); w.WakeByRef() })
			if j.IsFinished() {
				t.Error("finished before the future is gone")
			}
		}
		j.Abort()
		x.tick()
		p.check(t, 1, 1)
		x.wantLive(0)
	})
}

// An executor runs many tasks between two Delivers. An Abort from elsewhere
// counts all the same: no poll follows it.
func TestConformance_052_NoPollBetweenAbortAndDeliver(t *testing.T) {
	bothKindsAndPlaces(t, func(t *testing.T, x *rig, at func(func())) {
		p := doing(func(cx *Context) (int, error) {
			cx.WakeByRef()
			return 0, Pending
		})
		j := x.spawn(p)
		x.step()
		x.deliver()
		at(j.Abort)
		r, _ := x.pop()
		if out := x.run(r, x.cx); out != Canceled {
			t.Errorf("outcome %v, want Canceled", out)
		}
		p.check(t, 1, 1)
		p2 := pendingFor(0, 3) // perhaps in the same cell, with the mail still under way
		j2 := x.spawn(p2)
		x.tick()
		if v, err := x.result(j2); v != 3 || err != nil {
			t.Errorf("the next task: %d, %v", v, err)
		}
		if _, err := x.result(j); err != ErrCanceled {
			t.Errorf("result %v", err)
		}
		x.wantLive(0)
	})
}

// The aborter is a third party, the joiner another: both find the end.
func TestAbortWhileJoinedElsewhere(t *testing.T) {
	bothEngines(t, func(t *testing.T, e *engine) {
		for range 200 {
			p := forever()
			j := e.spawn(p)
			joined := make(chan error, 1)
			go func() {
				_, err := j.Join(context.Background())
				joined <- err
			}()
			go j.AbortHandle().Abort()
			if err := receive(t, joined); err != ErrCanceled {
				t.Errorf("joined %v", err)
			}
			p.checkDrops(t, 1)
		}
	})
}
