package rouse

import (
	"sync"
	"sync/atomic"
	"testing"
)

func TestConformance_087_CloseDropsEachTaskOnce(t *testing.T) {
	onRig(t, localKind, func(t *testing.T, x *rig) {
		queued, idle, woken, aborted := forever(), forever(), forever(), forever()
		done := pendingFor(0, 3)
		detached := forever()
		bad := forever()
		bad.onDrop = func() { panic("thrown by Drop") }

		jDone := x.spawn(done)
		_, jIdle := sleeper(x, idle)
		w, jWoken := sleeper(x, woken)
		_, jAborted := sleeper(x, aborted)
		x.spawn(detached).Detach()
		jBad := x.spawn(bad)
		x.tick()
		jQueued := x.spawn(queued)
		elsewhere(w.WakeByRef)
		elsewhere(jAborted.Abort)

		x.loop.Close(x.cx)
		x.queue = nil // whoever holds them forgets them
		queued.check(t, 0, 1)
		for _, p := range []*probe{idle, woken, aborted, detached, bad} {
			p.check(t, 1, 1)
		}
		done.check(t, 1, 0)
		x.wantLive(0)
		if len(x.reports) != 1 {
			t.Errorf("%d reports, want 1", len(x.reports))
		}
		for _, j := range []JoinHandle[int]{jQueued, jIdle, jWoken, jAborted, jBad} {
			if _, err := x.result(j); err != ErrCanceled {
				t.Errorf("joined %v", err)
			}
		}
		if v, err := x.result(jDone); v != 3 || err != nil {
			t.Errorf("the finished task: %d, %v", v, err)
		}
		x.loop.Close(x.cx) // again: nothing, and no hang
	})
}

func TestCloseGoesNewestFirst(t *testing.T) {
	onRig(t, localKind, func(t *testing.T, x *rig) {
		var order []int
		for i := range 4 {
			p := forever()
			p.onDrop = func() { order = append(order, i) }
			x.spawn(p)
		}
		x.tick()
		x.loop.Close(x.cx)
		for i, n := range order {
			if n != 3-i {
				t.Fatalf("order of drops %v", order)
			}
		}
	})
}

func TestConformance_038_CyclesAreBrokenByClose(t *testing.T) {
	for _, p := range places {
		t.Run(p.name, func(t *testing.T) {
			onRig(t, localKind, func(t *testing.T, x *rig) {
				// Each holds the other's waker and handle, and its own; each
				// wakes and aborts the other when it is dropped.
				var f [2]*probe
				var w [2]Waker
				var j [2]JoinHandle[int]
				for i := range f {
					f[i] = &probe{script: func(cx *Context, _ int) (int, error) {
						if v, err := j[1-i].Poll(cx); err == nil {
							return v, nil
						}
						return 0, Pending
					}}
					f[i].onDrop = func() {
						p.do(func() {
							w[1-i].WakeByRef()
							w[i].Wake()
							j[1-i].Abort()
							j[1-i].Detach()
						})
					}
					r, h := x.make(f[i])
					w[i], j[i] = r.Waker(), h
					r.Schedule()
				}
				x.tick()
				x.loop.Close(x.cx)
				f[0].check(t, 1, 1)
				f[1].check(t, 1, 1)
				x.wantLive(0)
			})
		})
	}
}

func TestConformance_089_SpawnInADestructorDuringClose(t *testing.T) {
	for _, p := range places {
		t.Run(p.name, func(t *testing.T) {
			onRig(t, localKind, func(t *testing.T, x *rig) {
				child, grandchild := forever(), forever()
				child.onDrop = func() { p.do(func() { x.spawn(grandchild).Detach() }) }
				parent := forever()
				var j JoinHandle[int]
				parent.onDrop = func() { p.do(func() { j = x.spawn(child) }) }
				sleeper(x, parent)
				x.loop.Close(x.cx)
				parent.check(t, 1, 1)
				child.check(t, 0, 1)
				grandchild.check(t, 0, 1)
				x.wantLive(0)
				if _, err := x.result(j); err != ErrCanceled {
					t.Errorf("joined %v", err)
				}
			})
		})
	}
}

// A task made but not scheduled when the loop closes.
func TestCloseWithAnUnscheduledTask(t *testing.T) {
	for _, p := range places {
		for _, end := range []string{"scheduled", "dropped"} {
			t.Run(p.name+"/"+end, func(t *testing.T) {
				onRig(t, localKind, func(t *testing.T, x *rig) {
					f := forever()
					p.do(func() {
						r, j := x.make(f)
						x.loop.Close(x.cx)
						if end == "scheduled" {
							r.Schedule()
						} else if x.loop.AtHome() {
							return // Close has dropped it
						} else {
							r.Drop()
						}
						if _, err := j.Poll(NewContext(Waker{})); err != ErrCanceled {
							t.Errorf("joined %v", err)
						}
					})
					f.check(t, 0, 1)
					x.wantLive(0)
				})
			})
		}
	}
}

func TestConformance_007_SpawnAfterClose(t *testing.T) {
	for _, p := range places {
		t.Run(p.name, func(t *testing.T) {
			onRig(t, localKind, func(t *testing.T, x *rig) {
				x.loop.Close(x.cx)
				f := forever()
				p.do(func() {
					j := x.spawn(f)
					if _, err := j.Poll(NewContext(Waker{})); err != ErrCanceled {
						t.Errorf("joined %v", err)
					}
					j.Detach()
				})
				f.check(t, 0, 1)
				if x.loop.HasMail() {
					t.Error("mail for a loop that has closed")
				}
			})
		})
	}
}

func TestConformance_088_WakesAndSpawnsDuringClose(t *testing.T) {
	for range 20 {
		e := start(t, localKind, 1)
		var stop atomic.Bool
		var wg sync.WaitGroup
		var mu sync.Mutex
		var probes []*probe
		var handles []JoinHandle[int]
		for range 3 {
			wg.Go(func() {
				for i := 0; i < 300 && !stop.Load(); i++ {
					p := forever()
					r, j := e.make(p)
					w := r.Waker()
					r.Schedule()
					w.WakeByRef()
					switch i % 3 {
					case 0:
						w.Wake()
					case 1:
						j.AbortHandle().Abort()
						w.Drop()
					}
					mu.Lock()
					probes, handles = append(probes, p), append(handles, j)
					mu.Unlock()
				}
			})
		}
		eventually(t, "some tasks", func() bool { mu.Lock(); defer mu.Unlock(); return len(probes) > 50 })
		e.close()
		stop.Store(true)
		wg.Wait()
		for i, p := range probes {
			if _, err := join(t, handles[i]); err != ErrCanceled { // 090: never a hang
				t.Fatalf("joined %v", err)
			}
			p.checkDrops(t, 1)
		}
		if n := e.loop.Live(); n != 0 {
			t.Fatalf("%d live tasks", n)
		}
	}
}

func TestConformance_090_JoinersElsewhereAreToldByClose(t *testing.T) {
	e := start(t, localKind, 1)
	other := start(t, atomicKind, 2)
	var errs []chan error
	for i := range 20 {
		j := e.spawn(forever())
		c := make(chan error, 1)
		errs = append(errs, c)
		if i%2 == 0 {
			go func() { _, err := join(t, j); c <- err }()
		} else {
			k := other.spawn(doing(j.Poll))
			go func() { _, err := join(t, k); c <- err }()
		}
	}
	e.close()
	for _, c := range errs {
		if err := receive(t, c); err != ErrCanceled {
			t.Errorf("joined %v", err)
		}
	}
}

func TestConformance_093_CloseInsideADestructor(t *testing.T) {
	onRig(t, localKind, func(t *testing.T, x *rig) {
		p, q := forever(), forever()
		p.onDrop = func() { x.loop.Close(x.cx) }
		sleeper(x, q)
		sleeper(x, p)
		x.loop.Close(x.cx)
		p.check(t, 1, 1)
		q.check(t, 1, 1)
		x.wantLive(0)
	})
}

// Who goes on sending can't hold Close up.
func TestCloseIsNotHeldUpByAFunctionThatInjectsItself(t *testing.T) {
	onRig(t, localKind, func(t *testing.T, x *rig) {
		calls, refused := 0, false
		var again func(*Context)
		again = func(*Context) {
			if calls++; calls > 1000 {
				t.Fatal("called without end")
			}
			refused = x.loop.Inject(again) != nil
		}
		again(x.cx)
		x.loop.Close(x.cx)
		if !refused {
			t.Error("the last Inject was not refused")
		}
	})
}
