package rouse

import (
	"runtime"
	"sync"
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

// storm has several goroutines do f at once, each n times.
func storm(goroutines, n int, f func(g, i int)) {
	var wg sync.WaitGroup
	for g := range goroutines {
		wg.Go(func() {
			for i := range n {
				f(g, i)
			}
		})
	}
	wg.Wait()
}

func TestConformance_033_CloneDropStormBalances(t *testing.T) {
	bothEngines(t, func(t *testing.T, e *engine) {
		var go_ flag
		p := go_.wait()
		churn := doing(func(cx *Context) (int, error) { // the same at home, meanwhile
			if go_.set.Load() {
				return 0, nil
			}
			cx.Waker().Drop()
			cx.WakeByRef()
			return 0, Pending
		})
		r, j := e.make(p)
		w := r.Waker()
		h := (*header)(w.Data())
		r.Schedule()
		k := e.spawn(churn)
		storm(4, 2000, func(g, i int) {
			c := w.Clone()
			switch i % 3 {
			case 0:
				c.Drop()
			case 1:
				c.Wake()
			case 2:
				c.WakeByRef()
				done := make(chan struct{})
				if i%100 == 2 { // cloned here, dropped there
					go func() { c.Drop(); close(done) }()
					<-done
				} else {
					c.Drop()
				}
			}
		})
		go_.raise()
		join(t, j)
		join(t, k)
		w.Drop()
		e.close()
		// The atomic kind's own two references are gone too.
		if n := int32(h.refs) + h.abroad.load(); n != 0 {
			t.Errorf("%d references are left", n)
		}
		p.checkDrops(t, 0)
		e.wantEmpty()
	})
}

// wantEmpty checks that a stopped engine has nothing left.
func (e *engine) wantEmpty() {
	e.t.Helper()
	if len(e.queue) != 0 {
		e.t.Errorf("%d tasks are in the queue", len(e.queue))
	}
	if e.loop != nil && e.loop.Live() != 0 {
		e.t.Errorf("%d live tasks", e.loop.Live())
	}
}

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

func TestConformance_036_ReferencesSaturate(t *testing.T) {
	t.Run("refs", func(t *testing.T) {
		for _, start := range []refs{saturated, -saturated} {
			r := start
			r.add()
			r.sub()
			r.sub()
			if r != start {
				t.Errorf("%d moved to %d", start, r)
			}
		}
		r := refs(saturated - 1)
		for range 3 {
			r.add()
		}
		if r != saturated {
			t.Errorf("%d, want %d", r, saturated)
		}
	})
	t.Run("foreignRefs", func(t *testing.T) {
		for _, start := range []int32{saturated, -saturated} {
			var r foreignRefs
			r.n.Store(start)
			r.add()
			r.sub()
			r.sub()
			if r.load() != start {
				t.Errorf("%d moved to %d", start, r.load())
			}
		}
	})
	// However a saturated count came about, and whatever the other part says,
	// the cell is left to the collector.
	t.Run("cell", func(t *testing.T) {
		needsGid(t)
		for _, part := range []struct{ home, abroad int32 }{
			{saturated, 0}, {0, saturated}, {0, -saturated}, {saturated, -saturated}, {-saturated, saturated}, {saturated, saturated},
		} {
			onRig(t, localKind, func(t *testing.T, x *rig) {
				r, j := x.make(pendingFor(0, 1))
				r.h.refs = refs(part.home)
				r.h.abroad.n.Store(part.abroad)
				r.Schedule()
				x.tick()
				x.result(j)
				if again, _ := x.make(pendingFor(0, 1)); again.h == r.h {
					t.Errorf("a cell with %d references at home and %d elsewhere was reused", part.home, part.abroad)
				}
			})
		}
	})
	// A future that clones through its Context counts on the same terms.
	t.Run("context", func(t *testing.T) {
		bothKinds(t, func(t *testing.T, x *rig) {
			var h *header
			x.spawn(doing(func(cx *Context) (int, error) {
				w := cx.Waker()
				h = (*header)(w.Data())
				h.refs = saturated
				for range 3 {
					cx.Waker()
				}
				return 0, nil
			}))
			x.tick()
			if h.refs != saturated {
				t.Errorf("%d references, want %d", h.refs, int32(saturated))
			}
		})
	})
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
