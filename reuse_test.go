package rouse

import (
	"runtime"
	"testing"
)

func TestConformance_034_StaleHandlesOfAReusedCell(t *testing.T) {
	needsGid(t) // else no cell is reused
	for _, place := range places {
		t.Run(place.name, func(t *testing.T) {
			onRig(t, localKind, func(t *testing.T, x *rig) {
				r, old := x.make(pendingFor(0, 1))
				stale := old.AbortHandle()
				w := r.Waker()
				copied := w
				r.Schedule()
				x.tick()
				w.Drop()
				x.result(old)

				p := pendingFor(1, 2)
				r2, j := x.make(p)
				if r2.h != r.h {
					t.Fatal("the cell was not reused")
				}
				if j.gen == old.gen {
					t.Fatal("the generation did not change")
				}
				r2.Schedule()
				x.tick()
				place.do(func() {
					stale.Abort()
					old.Abort()
					old.Detach()
					if !stale.IsFinished() || !old.IsFinished() {
						t.Error("a finished task is not finished any more")
					}
				})
				if n := x.tick(); n != 0 {
					t.Errorf("stale handles made %d runs", n)
				}
				p.check(t, 1, 0)
				place.do(func() {
					wantPanic(t, polledTwice, func() { x.poll(old, Waker{}) })
					wantPanic(t, polledTwice, func() { old.Poll(NewContext(Waker{})) })
				})
				// A copy of a dropped waker: one spurious poll, at the most.
				place.do(copied.WakeByRef)
				if n := x.tick(); n > 1 {
					t.Errorf("a stale waker made %d runs", n)
				}
				if v, err := x.result(j); v != 2 || err != nil {
					t.Errorf("the new task's result: %d, %v", v, err)
				}
				p.check(t, 2, 0)
				x.wantLive(0)
			})
		})
	}
}

func TestConformance_034_ACellWithAWakerOutIsNotReused(t *testing.T) {
	needsGid(t)
	for _, place := range places {
		t.Run(place.name, func(t *testing.T) {
			onRig(t, localKind, func(t *testing.T, x *rig) {
				r, j := x.make(pendingFor(0, 1))
				w := r.Waker()
				r.Schedule()
				x.tick()
				x.result(j)
				p := forever()
				r2, _ := x.make(p)
				if r2.h == r.h {
					t.Fatal("reused with a counted waker out")
				}
				r2.Schedule()
				x.tick()
				place.do(w.Wake)
				x.tick()
				p.check(t, 1, 0)
			})
		})
	}
}

// A cell with mail under way stands on the inbox by its own link: it must not
// begin another life there.
func TestConformance_034_ACellWithMailIsNotReused(t *testing.T) {
	needsGid(t)
	onRig(t, localKind, func(t *testing.T, x *rig) {
		r, j := x.make(pendingFor(0, 1))
		w := r.Waker()
		r.Schedule()
		x.tick()
		x.result(j)
		w.Drop()
		x.home.pools.put(r.h) // its waker had kept it out
		copied := w
		elsewhere(copied.WakeByRef)
		r2, j2 := x.make(pendingFor(0, 2))
		if r2.h == r.h {
			t.Fatal("reused while it is on the inbox")
		}
		r2.Schedule()
		x.tick()
		if v, err := x.result(j2); v != 2 || err != nil {
			t.Errorf("result %d, %v", v, err)
		}
	})
}

// Nothing of a task is left to the next one in its cell.
func TestReusedCellIsClean(t *testing.T) {
	needsGid(t)
	onRig(t, localKind, func(t *testing.T, x *rig) {
		r, j := x.make(pendingFor(0, 1))
		var pc [1]uintptr
		runtime.Callers(1, pc[:])
		r.SetSite(pc[0])
		if r.h.spawnSite() == "" {
			t.Error("no site was recorded")
		}
		cell := r.h
		r.Schedule()
		x.tick()
		x.result(j)
		r, _ = x.make(forever())
		if r.h != cell {
			t.Fatal("the cell was not reused")
		}
		if s := r.h.spawnSite(); s != "" {
			t.Errorf("the new task was spawned at %s, says the old one", s)
		}
		if r.h.next != nil || r.h.older != nil && r.h.older == r.h || !r.h.wants.IsZero() {
			t.Error("links or an awaiter are left")
		}
		r.Schedule()
	})
}

func TestPoolIsBounded(t *testing.T) {
	needsGid(t)
	onRig(t, localKind, func(t *testing.T, x *rig) {
		for range poolLimit + 100 {
			x.spawn(pendingFor(0, 0)).Detach()
		}
		x.tick()
		if n := x.home.pools.of(itabOf((*cell[int])(nil))).n; n != poolLimit {
			t.Errorf("%d cells are kept, want %d", n, poolLimit)
		}
	})
}
