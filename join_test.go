package rouse

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
)

func TestConformance_039_OutputIsHandedOutOnce(t *testing.T) {
	// Both polls at one place, and the second at another than the first.
	for _, first := range places {
		for _, second := range places {
			if first.name == "here" && second.name == "elsewhere" {
				// A local handle whose result was taken at home leaves nothing
				// that others could see until its cell is reused.
				continue
			}
			t.Run(first.name+" then "+second.name, func(t *testing.T) {
				bothKinds(t, func(t *testing.T, x *rig) {
					for _, deliver := range []bool{false, true} {
						j := x.spawn(pendingFor(0, 8))
						x.tick()
						pollAt := func(p place) (v int, err error) {
							loop := x.loop
							if p.name == "elsewhere" {
								loop = nil
							}
							p.do(func() { v, err = j.Poll(NewExecutorContext(nil, loop)) })
							return
						}
						if v, err := pollAt(first); v != 8 || err != nil {
							t.Errorf("first poll: %d, %v", v, err)
						}
						if deliver {
							x.tick()
						}
						if first.name == second.name || deliver || x.loop == nil {
							wantPanic(t, polledTwice, func() { pollAt(second) })
						}
						j.Detach() // after the result: nothing
						x.tick()
						x.wantLive(0)
					}
				})
			})
		}
	}
}

func TestConformance_040_JoinBeforeDuringAndAfterRun(t *testing.T) {
	bothEngines(t, func(t *testing.T, e *engine) {
		t.Run("before", func(t *testing.T) {
			var open flag
			j := e.spawn(open.wait())
			got := make(chan int, 1)
			go func() {
				v, _ := join(t, j)
				got <- v
			}()
			eventually(t, "the task waits", func() bool { open.mu.Lock(); defer open.mu.Unlock(); return len(open.wakers) > 0 })
			open.raise()
			if v := receive(t, got); v != 1 {
				t.Errorf("joined %d", v)
			}
		})
		t.Run("during", func(t *testing.T) {
			polled, release := make(chan struct{}), make(chan struct{})
			j := e.spawn(doing(func(*Context) (int, error) {
				close(polled)
				<-release
				return 2, nil
			}))
			receive(t, polled)
			ctx, cancel := context.WithCancel(context.Background())
			cancel()
			if _, err := j.Join(ctx); err != context.Canceled {
				t.Errorf("Join with a canceled ctx: %v", err)
			}
			if _, err := j.Poll(NewContext(Waker{})); err != Pending {
				t.Errorf("Poll during the run: %v", err)
			}
			close(release)
			if v, err := join(t, j); v != 2 || err != nil {
				t.Errorf("joined %d, %v", v, err)
			}
		})
		t.Run("after", func(t *testing.T) {
			j := e.spawn(pendingFor(0, 3))
			eventually(t, "the task has finished", j.IsFinished)
			if v, err := join(t, j); v != 3 || err != nil {
				t.Errorf("joined %d, %v", v, err)
			}
		})
	})
}

func TestJoinReturnsTheTasksError(t *testing.T) {
	bothKindsAndPlaces(t, func(t *testing.T, x *rig, at func(func())) {
		bad := errors.New("bad")
		p := doing(func(*Context) (int, error) { return 6, bad })
		j := x.spawn(p)
		x.tick()
		at(func() {
			if v, err := x.poll(j, Waker{}); v != 6 || err != bad {
				t.Errorf("result %d, %v", v, err)
			}
		})
		p.check(t, 1, 0)
	})
}

func TestConformance_026_JoinKeepsOrReplacesTheWaker(t *testing.T) {
	bothKinds(t, func(t *testing.T, x *rig) {
		p := pendingFor(1, 1)
		w, j := sleeper(x, p)
		a, b := new(countingWake), new(countingWake)
		for range 3 {
			x.poll(j, NewWaker(a))
			x.deliver()
		}
		if n := a.held(); n != 1 {
			t.Errorf("the same waker three times: %d handles are held", n)
		}
		x.poll(j, NewWaker(b))
		x.deliver()
		if a.held() != 0 || b.held() != 1 {
			t.Errorf("replaced: %d handles of the first, %d of the second", a.held(), b.held())
		}
		w.Wake()
		x.tick()
		if a.wakes != 0 || b.wakes != 1 {
			t.Errorf("woken: first %d, second %d times", a.wakes, b.wakes)
		}
		if v, err := x.poll(j, NewWaker(b)); v != 1 || err != nil {
			t.Errorf("result %d, %v", v, err)
		}
		if a.held() != 0 || b.held() != 0 {
			t.Errorf("at the end %d and %d handles are held", a.held(), b.held())
		}
	})
}

// countingWake counts the handles of it that others hold.
type countingWake struct {
	mu                          sync.Mutex
	clones, drops, wakes, byRef int
}

func (c *countingWake) add(n *int) {
	c.mu.Lock()
	*n++
	c.mu.Unlock()
}
func (c *countingWake) Clone()     { c.add(&c.clones) }
func (c *countingWake) Drop()      { c.add(&c.drops) }
func (c *countingWake) WakeByRef() { c.add(&c.byRef) }
func (c *countingWake) Wake()      { c.add(&c.wakes); c.add(&c.drops) }
func (c *countingWake) held() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.clones - c.drops
}

// An awaiter that polls a handle from elsewhere and then lets it go must not
// stay registered: its waker would keep its own cell from reuse.
func TestDetachGivesTheAwaiterUp(t *testing.T) {
	for _, early := range []bool{false, true} {
		t.Run(fmt.Sprintf("delivered before %v", early), func(t *testing.T) {
			bothKindsAndPlaces(t, func(t *testing.T, x *rig, at func(func())) {
				c := new(countingWake)
				p := forever()
				w, j := sleeper(x, p)
				// The Context is of no loop, so this is a poll from elsewhere
				// wherever it happens.
				at(func() { j.Poll(NewContext(NewWaker(c))) })
				if early {
					x.deliver()
				}
				at(j.Detach)
				x.tick()
				j.Abort()
				x.tick()
				w.Drop()
				if n := c.held(); n != 0 {
					t.Errorf("%d handles of the awaiter's waker are held", n)
				}
				p.checkDrops(t, 1)
			})
		})
	}
}

func TestConformance_041_JoinFromAnotherExecutor(t *testing.T) {
	kinds := []string{localKind, atomicKind}
	for _, theirs := range kinds {
		for _, ours := range kinds {
			t.Run(ours+" joins "+theirs, func(t *testing.T) {
				a, b := start(t, ours, 2), start(t, theirs, 2)
				const n = 200
				var js []JoinHandle[int]
				for i := range n {
					var open flag
					p := open.wait()
					inner := b.spawn(p)
					js = append(js, a.spawn(doing(func(cx *Context) (int, error) {
						v, err := inner.Poll(cx)
						if err != nil {
							return 0, err
						}
						if a.loop != nil && cx.loop != a.loop {
							t.Error("woken somewhere else")
						}
						return v + i, nil
					})))
					go open.raise()
				}
				for i, j := range js {
					if v, err := join(t, j); v != 1+i || err != nil {
						t.Errorf("join %d: %d, %v", i, v, err)
					}
				}
				a.close()
				b.close()
				a.wantEmpty()
				b.wantEmpty()
			})
		}
	}
}

func TestConformance_045_IsFinished(t *testing.T) {
	bothKindsAndPlaces(t, func(t *testing.T, x *rig, at func(func())) {
		var j JoinHandle[int]
		want := func(when string, want bool) {
			at(func() {
				if j.IsFinished() != want || j.AbortHandle().IsFinished() != want {
					t.Errorf("%s: IsFinished is not %v", when, want)
				}
			})
		}
		r, h := x.make(&probe{script: func(_ *Context, poll int) (int, error) {
			want("while running", false)
			if poll == 1 {
				return 0, Pending
			}
			return 0, nil
		}})
		j = h
		w := r.Waker()
		want("at birth", false)
		r.Schedule()
		want("scheduled", false)
		x.tick()
		want("idle", false)
		w.Wake()
		x.tick()
		want("finished", true)
		x.result(j)
		want("after the result was taken", true)
		for range 3 { // whatever comes after in its cell
			x.spawn(forever())
			x.tick()
			want("after reuse", true)
		}
	})
	if !(AbortHandle{}).IsFinished() {
		t.Error("the zero AbortHandle's task has not finished")
	}
}

func TestJoinWithACanceledContextAndAgain(t *testing.T) {
	bothEngines(t, func(t *testing.T, e *engine) {
		var open flag
		p := open.wait()
		j := e.spawn(p)
		for range 3 {
			ctx, cancel := context.WithCancel(context.Background())
			failed := make(chan error, 1)
			go func() {
				_, err := j.Join(ctx)
				failed <- err
			}()
			cancel()
			if err := receive(t, failed); err != context.Canceled {
				t.Errorf("Join with a ctx that ends: %v", err)
			}
			if j.IsFinished() {
				t.Error("the task ended with the ctx")
			}
		}
		open.raise()
		if v, err := join(t, j); v != 1 || err != nil {
			t.Errorf("joined %d, %v", v, err)
		}
		p.checkDrops(t, 0)
	})
}

func TestJoinManyFromPlainGoroutines(t *testing.T) {
	bothEngines(t, func(t *testing.T, e *engine) {
		storm(8, 300, func(g, i int) {
			p := &probe{script: func(cx *Context, poll int) (int, error) {
				if poll <= i%3 {
					cx.WakeByRef()
					return 0, Pending
				}
				return g, nil
			}}
			if v, err := join(t, e.spawn(p)); v != g || err != nil {
				t.Errorf("joined %d, %v; want %d", v, err, g)
			}
			p.check(t, int32(i%3)+1, 0)
		})
		e.close()
		e.wantEmpty()
	})
}

func TestZeroJoinHandle(t *testing.T) {
	var j JoinHandle[int]
	j.Abort()
	j.Detach()
	j.Drop()
	if !j.IsFinished() {
		t.Error("the zero handle's task has not finished")
	}
	wantPanic(t, "rouse: Poll of the zero JoinHandle", func() { j.Poll(NewContext(Waker{})) })
}
