package executor_test

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"
	"weak"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/executor"
)

// Wakes, on each kind of executor; see stage.

func TestConformance_001_003_004_PollsAreCounted(t *testing.T) {
	eachStage(t, func(s *stage) {
		ready := after(1, 7)
		s.is(s.spawn(ready), 7, nil)
		ready.check(s, 1, 0)

		p := after(6, 8)
		p.script = keeping(p)
		h := s.asleep(p)
		for polls := 1; polls < 6; polls++ {
			s.settle() // nothing comes of itself
			p.check(s, polls, 0)
			p.waker.WakeByRef()
			s.settle()
		}
		s.is(h, 8, nil)
		p.check(s, 6, 0)
	})
}

// keeping has p keep its waker at its first poll.
func keeping(p *probe) func(cx *rouse.Context, poll int) (int, error) {
	script := p.script
	return func(cx *rouse.Context, poll int) (int, error) {
		if poll == 1 {
			p.waker = cx.Waker()
		}
		return script(cx, poll)
	}
}

func TestConformance_012_013_138_WakesOfAnIdleTask(t *testing.T) {
	eachStage(t, func(s *stage) {
		p := forever()
		s.asleep(p)
		polls := 1
		for _, at := range s.places() {
			for _, n := range []int{1, 2, 1000} {
				wake := func() {
					at.do(func() {
						for i := range n {
							if i%2 == 0 {
								p.waker.WakeByRef()
							} else {
								p.waker.Clone().Wake()
							}
						}
					})
				}
				// While a task is being polled, no other is: all come before the poll.
				s.inside(wake)
				polls++
				p.check(s, polls, 0)
			}
		}
	})
}

func TestConformance_015_016_017_021_084_WakesDuringAPoll(t *testing.T) {
	eachStage(t, func(s *stage) {
		for _, at := range s.places() {
			for _, n := range []int{1, 3, 100} {
				p := &probe{}
				p.script = func(cx *rouse.Context, poll int) (int, error) {
					if p.polls.Load() != int32(poll) {
						s.Error("polled inside a wake")
					}
					if poll < 3 {
						w := cx.Waker()
						at.do(func() {
							for range n {
								w.WakeByRef()
							}
						})
						return 0, rouse.Pending
					}
					if poll == 3 {
						p.waker = cx.Waker()
					}
					if poll == 4 {
						w := cx.Waker()
						at.do(w.Wake) // and yet it ends
						return 4, nil
					}
					return 0, rouse.Pending
				}
				h := s.asleep(p)
				p.check(s, 3, 0)
				p.waker.Wake()
				s.is(h, 4, nil)
				s.settle()
				p.check(s, 4, 0)
			}
		}
	})
}

func TestConformance_018_019_140_WakesAfterTheEnd(t *testing.T) {
	eachStage(t, func(s *stage) {
		for _, at := range s.places() {
			done := after(2, 9)
			done.script = keeping(done)
			h := s.asleep(done)
			cancelled := forever()
			c := s.asleep(cancelled)
			done.waker.WakeByRef()
			c.Abort()
			s.settle()
			for range 3 {
				for _, p := range []*probe{done, cancelled} {
					at.do(p.waker.WakeByRef)
					at.do(p.waker.Clone().Wake)
				}
				s.settle()
			}
			done.check(s, 2, 0)
			cancelled.check(s, 1, 1)
			s.is(h, 9, nil)
			s.is(c, 0, rouse.ErrCanceled)
			at.do(done.waker.Wake)
			at.do(cancelled.waker.Wake)
			s.settle()
			done.check(s, 2, 0)
			cancelled.check(s, 1, 1)
		}
	})
}

func TestConformance_020_030_WakersAreCountedNotObeyed(t *testing.T) {
	eachStage(t, func(s *stage) {
		for _, at := range s.places() {
			p := forever()
			h := s.asleep(p)
			at.do(p.waker.Clone().Wake) // uses up the clone
			s.settle()
			p.check(s, 2, 0)
			at.do(p.waker.WakeByRef)
			s.settle()
			p.check(s, 3, 0)
			at.do(p.waker.Drop) // the last: no reason to cancel
			s.settle()
			p.check(s, 3, 0)
			if h.IsFinished() {
				s.Error("it ended with its waker")
			}
			h.Abort()
			s.is(h, 0, rouse.ErrCanceled)
			p.check(s, 3, 1)
		}
	})
}

// A task that is woken while it is polled goes behind those that are runnable.
func TestConformance_023_109_WokenWhileRunningGoesToTheBack(t *testing.T) {
	eachStage(t, func(s *stage) {
		for _, yields := range []bool{false, true} {
			var order []string
			s.inside(func() {
				for _, name := range []string{"a", "b", "c"} {
					y := rouse.Yield()
					s.spawn(&probe{script: func(cx *rouse.Context, poll int) (int, error) {
						order = append(order, fmt.Sprint(name, poll))
						if yields && poll <= 2 {
							_, err := y.Poll(cx)
							return 0, err
						}
						if poll == 1 {
							cx.WakeByRef()
							return 0, rouse.Pending
						}
						return 0, nil
					}})
				}
			})
			wantOrder(s, order, "a1", "b1", "c1", "a2", "b2", "c2")
		}
	})
}

func TestConformance_025_WakeFromElsewhere(t *testing.T) {
	eachStage(t, func(s *stage) {
		var others sync.WaitGroup // their descriptors are not for other tests to count
		defer others.Wait()
		for name, wake := range map[string]func(rouse.Waker){
			"goroutine":   func(w rouse.Waker) { go w.WakeByRef() },
			"timer of Go": func(w rouse.Waker) { time.AfterFunc(time.Millisecond, w.WakeByRef) },
			"blocking pool": func(w rouse.Waker) {
				job := executor.BlockingFuture(s.ex.(executor.BlockingHost), func() (int, error) { w.WakeByRef(); return 0, nil })
				s.spawn(&probe{script: func(cx *rouse.Context, _ int) (int, error) { return job.Poll(cx) }})
			},
			"injected function": func(w rouse.Waker) { _ = s.ex.Inject(func(*rouse.Context) { w.WakeByRef() }) },
			"another task": func(w rouse.Waker) {
				s.spawn(doing(func(*rouse.Context) { w.WakeByRef() }))
			},
			"another executor": func(w rouse.Waker) {
				others.Go(func() { _ = executor.Run(func(context.Context) error { w.WakeByRef(); return nil }) })
			},
		} {
			p := &probe{script: func(cx *rouse.Context, poll int) (int, error) {
				if poll == 1 {
					wake(cx.Waker())
					return 0, rouse.Pending
				}
				return poll, nil
			}}
			if v, err := s.wait(s.spawn(p)); v != 2 || err != nil {
				s.Errorf("%s: %d, %v", name, v, err)
			}
		}
	})
}

func TestConformance_026_WillWake(t *testing.T) {
	eachStage(t, func(s *stage) {
		var other rouse.Waker
		s.is(s.spawn(doing(func(cx *rouse.Context) { other = cx.Waker() })), 0, nil)
		p := &probe{script: func(cx *rouse.Context, poll int) (int, error) {
			w := cx.Waker()
			for _, same := range []rouse.Waker{w, w.Clone()} {
				if !cx.WillWake(same) || !w.WillWake(same) || !same.WillWake(w) {
					s.Error("a clone would wake another")
				}
			}
			if cx.WillWake(rouse.Waker{}) {
				s.Error("the zero Waker would wake the task")
			}
			if poll == 1 {
				cx.WakeByRef()
				return 0, rouse.Pending
			}
			return 0, nil
		}}
		s.is(s.spawn(p), 0, nil)
		q := &probe{script: func(cx *rouse.Context, _ int) (int, error) {
			s.spawn(&probe{script: func(cx2 *rouse.Context, _ int) (int, error) {
				other = cx2.Waker()
				return 0, rouse.Pending
			}})
			return 0, nil
		}}
		s.is(s.spawn(q), 0, nil)
		s.settle()
		s.is(s.spawn(doing(func(cx *rouse.Context) {
			if cx.WillWake(other) || other.WillWake(cx.Waker()) {
				s.Error("another task's waker would wake this one")
			}
		})), 0, nil)
	})
}

// A waker that is kept keeps neither the future of a task that has ended nor its
// output.
func TestConformance_028_043_066_WhatEndedIsLetGo(t *testing.T) {
	type thing struct{ _ [1 << 12]byte }
	eachStage(t, func(s *stage) {
		for _, ends := range []string{"ready", "aborted", "detached"} {
			var w rouse.Waker
			var a rouse.AbortHandle
			gone := func() weak.Pointer[thing] { // a function of its own, so that no frame keeps it
				v := new(thing)
				p := &probe{}
				p.script = func(cx *rouse.Context, poll int) (int, error) {
					if poll == 1 {
						w = cx.Waker()
						cx.WakeByRef()
						return 0, rouse.Pending
					}
					if ends == "aborted" {
						return 0, rouse.Pending
					}
					runtime.KeepAlive(v)
					return 1, nil
				}
				h := s.spawn(p)
				a = h.AbortHandle()
				if ends == "detached" {
					h.Detach()
				}
				s.settle()
				switch ends {
				case "aborted":
					h.Abort()
					s.is(h, 0, rouse.ErrCanceled)
				case "ready":
					s.is(h, 1, nil)
				}
				return weak.Make(v)
			}()
			s.settle()
			eventually(s, "what a task that ended had is collected, "+ends, func() bool {
				runtime.GC()
				return gone.Value() == nil
			})
			w.WakeByRef()
			a.Abort()
		}
	})
}

func TestConformance_032_082_WakersOutliveTheExecutor(t *testing.T) {
	eachStage(t, func(s *stage) {
		var probes []*probe
		for range 10 {
			p := forever()
			probes = append(probes, p)
			s.spawn(p)
		}
		s.settle()
		if err := s.end(); err != nil {
			s.Fatal(err)
		}
		for _, at := range s.places() {
			for _, p := range probes {
				at.do(func() {
					p.waker.WakeByRef()
					c := p.waker.Clone()
					c.Drop()
					p.waker.Clone().Wake()
				})
				p.check(s, 1, 1)
			}
		}
		for _, p := range probes {
			p.waker.Drop()
			p.waker.Wake()
			p.check(s, 1, 1)
		}
	})
}

// Wakers and handles of tasks that are over do nothing to those that have their
// memory now.
func TestConformance_034_StaleWakersAndHandles(t *testing.T) {
	eachStage(t, func(s *stage) {
		const n = 200
		var wakers []rouse.Waker
		var handles []rouse.JoinHandle[int]
		var aborts []rouse.AbortHandle
		for i := range n {
			p := &probe{script: func(cx *rouse.Context, _ int) (int, error) {
				if i%2 == 0 { // of the others the memory is free at once
					wakers = append(wakers, cx.Waker())
				}
				return i, nil
			}}
			h := s.spawn(p)
			aborts = append(aborts, h.AbortHandle())
			s.is(h, i, nil)
			handles = append(handles, h)
		}
		for _, w := range wakers { // twice, as a careless program would
			w.Drop()
			w.Drop()
		}
		var fresh []*probe
		var hs []rouse.JoinHandle[int]
		for range n {
			p := forever()
			fresh = append(fresh, p)
			hs = append(hs, s.spawn(p))
		}
		s.settle()
		for _, at := range s.places() {
			at.do(func() {
				for i := range n {
					handles[i].Abort()
					aborts[i].Abort()
					handles[i].Detach()
				}
				for _, w := range wakers {
					w.WakeByRef()
				}
			})
			s.settle()
		}
		for i, p := range fresh {
			if p.drops.Load() != 0 || hs[i].IsFinished() || p.polls.Load() > 3 {
				s.Fatalf("task %d was ended, or polled %d times, by handles and wakers that are not its own", i, p.polls.Load())
			}
			hs[i].Abort()
			s.is(hs[i], 0, rouse.ErrCanceled)
		}
	})
}
