package rouse

import (
	"sync"
	"testing"
)

func TestConformance_001_PolledWithoutAWake(t *testing.T) {
	bothKindsAndPlaces(t, func(t *testing.T, x *rig, at func(func())) {
		p := forever()
		at(func() { x.spawn(p) })
		x.tick()
		p.check(t, 1, 0)
	})
}

func TestConformance_002_NotPolledBeforeTheExecutorRuns(t *testing.T) {
	bothKindsAndPlaces(t, func(t *testing.T, x *rig, at func(func())) {
		p := pendingFor(0, 1)
		at(func() {
			r, j := x.make(p)
			p.check(t, 0, 0)
			r.Schedule()
			p.check(t, 0, 0)
			if j.IsFinished() {
				t.Error("finished before the executor ran")
			}
		})
		if n := x.queued(); n != 1 {
			t.Errorf("%d entries in the queue, want 1", n)
		}
		p.check(t, 0, 0)
		x.tick()
		p.check(t, 1, 0)
	})
}

func TestConformance_003_NWakesWithPollsBetweenAreNPlusOnePolls(t *testing.T) {
	bothKindsAndPlaces(t, func(t *testing.T, x *rig, at func(func())) {
		const n = 5
		p := forever()
		r, _ := x.make(p)
		w := r.Waker()
		r.Schedule()
		x.tick()
		for range n {
			at(w.WakeByRef)
			x.tick()
		}
		p.check(t, n+1, 0)
	})
}

func TestConformance_004_ReadyAtOnceIsOnePoll(t *testing.T) {
	bothKinds(t, func(t *testing.T, x *rig) {
		p := pendingFor(0, 9)
		j := x.spawn(p)
		if out := x.step(); out != Completed {
			t.Errorf("outcome %v, want Completed", out)
		}
		if v, err := x.result(j); v != 9 || err != nil {
			t.Errorf("result %d, %v", v, err)
		}
		if n := x.tick(); n != 0 {
			t.Errorf("%d more runs", n)
		}
		p.check(t, 1, 0)
		x.wantLive(0)
	})
}

func TestConformance_005_SpawnInsideATaskIsLazy(t *testing.T) {
	bothKinds(t, func(t *testing.T, x *rig) {
		child := pendingFor(0, 2)
		var j JoinHandle[int]
		parent := doing(func(*Context) (int, error) {
			j = x.spawn(child)
			child.check(t, 0, 0)
			return 1, nil
		})
		x.spawn(parent)
		x.step()
		child.check(t, 0, 0)
		x.tick()
		child.check(t, 1, 0)
		if v, err := x.result(j); v != 2 || err != nil {
			t.Errorf("the child's result: %d, %v", v, err)
		}
	})
}

func TestConformance_006_SpawnFromOtherGoroutines(t *testing.T) {
	tests := []struct {
		name string
		load int // tasks that yield all the time meanwhile
	}{{"idle", 0}, {"under load", 50}}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			bothEngines(t, func(t *testing.T, e *engine) {
				var stop flag
				var busy []JoinHandle[int]
				for range test.load {
					busy = append(busy, e.spawn(doing(func(cx *Context) (int, error) {
						if stop.set.Load() {
							return 0, nil
						}
						cx.WakeByRef()
						return 0, Pending
					})))
				}
				var wg sync.WaitGroup
				for g := range 4 {
					wg.Go(func() {
						for i := range 60 {
							p := pendingFor(0, g*1000+i)
							if v, err := join(t, e.spawn(p)); v != g*1000+i || err != nil {
								t.Errorf("joined %d, %v; want %d", v, err, g*1000+i)
							}
							p.check(t, 1, 0)
						}
					})
				}
				wg.Wait()
				stop.raise()
				for _, j := range busy {
					join(t, j)
				}
			})
		})
	}
}

func TestConformance_009_TenThousandSpawns(t *testing.T) {
	const n = 10_000
	t.Run("one by one", func(t *testing.T) {
		bothKinds(t, func(t *testing.T, x *rig) {
			for i := range n {
				j := x.spawn(pendingFor(0, i))
				x.tick()
				if v, err := x.result(j); v != i || err != nil {
					t.Fatalf("task %d: %d, %v", i, v, err)
				}
			}
			x.wantLive(0)
		})
	})
	t.Run("chained", func(t *testing.T) {
		bothKinds(t, func(t *testing.T, x *rig) {
			sum := 0
			var link func(i int) Future[int]
			link = func(i int) Future[int] {
				return FutureFunc[int](func(*Context) (int, error) {
					sum++
					if i > 1 {
						x.spawn(link(i - 1)).Detach()
					}
					return 0, nil
				})
			}
			x.spawn(link(n)).Detach()
			x.tick()
			if sum != n {
				t.Errorf("%d tasks ran, want %d", sum, n)
			}
			x.wantLive(0)
		})
	})
}

func TestConformance_035_LiveCountReturnsToZero(t *testing.T) {
	onRig(t, localKind, func(t *testing.T, x *rig) {
		var js []JoinHandle[int]
		for i := range 10 {
			js = append(js, x.spawn(pendingFor(i%2, i)))
		}
		x.wantLive(10)
		x.tick()
		x.wantLive(5)
		// The list of live tasks is cut at the newest, the oldest and between.
		for _, i := range []int{5, 9, 1, 7, 3} {
			before := x.loop.Live()
			js[i].Abort()
			x.tick()
			x.wantLive(before - 1)
		}
		x.wantLive(0)
		x.spawn(pendingFor(0, 1))
		x.wantLive(1)
		x.tick()
		x.wantLive(0)
	})
}

// The intrusive link belongs to the holder: a queue made of it keeps order, and
// a task may be in it and on the loop's inbox at the same time.
func TestRunnableLink(t *testing.T) {
	e := newLoopExec()
	e.loop.Enter()
	defer e.loop.Leave()
	var order []int
	const n = 100
	wakers := make([]Waker, n)
	for i := range n {
		r, j := NewLocalTask[int](FutureFunc[int](func(cx *Context) (int, error) {
			order = append(order, i)
			if len(order) <= n {
				cx.WakeByRef()
				return 0, Pending
			}
			return 0, nil
		}), e.home)
		wakers[i] = r.Waker()
		r.Schedule()
		j.Detach()
	}
	e.loop.Deliver(e.cx)
	elsewhere(func() {
		for _, w := range wakers {
			w.Wake()
		}
	})
	e.run()
	e.run()
	if len(order) != 2*n {
		t.Fatalf("%d polls, want %d", len(order), 2*n)
	}
	for i, got := range order {
		if got != i%n {
			t.Fatalf("poll %d was of task %d", i, got)
		}
	}
	if live := e.loop.Live(); live != 0 {
		t.Errorf("live tasks: %d", live)
	}
}

func TestHomeAndLoopNames(t *testing.T) {
	l := NewLoop(func() {}, nil)
	h := l.NewHome("background", func(Runnable) {})
	if h.Name() != "background" || h.Loop() != l {
		t.Errorf("Name %q, Loop %p", h.Name(), h.Loop())
	}
}

// A future held by value lives in the task's own memory, and every contract
// holds for it as for one behind an interface.
func TestNewLocalValue(t *testing.T) {
	x := newRig(t, localKind)
	if x.loop != nil {
		x.loop.Enter()
		defer x.loop.Leave()
	}
	for i := range 3 {
		r, j := NewLocalValue[int](num{i}, x.home)
		r.Schedule()
		x.tick()
		if v, err := x.result(j); v != i || err != nil {
			t.Errorf("result %d, %v", v, err)
		}
	}
	r, j := NewLocalValue[int](dropCounter{new(int)}, x.home)
	c := (*valueCell[int, dropCounter, *dropCounter])(unsafeCell(r))
	n := c.fut.n
	r.Schedule()
	x.tick()
	j.Abort()
	x.tick()
	if _, err := x.result(j); err != ErrCanceled || *n != 1 {
		t.Errorf("result %v, %d drops", err, *n)
	}
	if c.fut.n != nil {
		t.Error("the cell still refers to what the future did")
	}
	x.wantLive(0)
}
