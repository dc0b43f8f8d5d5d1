package executor_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/timer"
)

func TestConformance_012_AnIdleTaskIsScheduledOnce(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		l, _ := w.local(t)
		q := l.NewQueue("q")
		p := forever()
		executor.SpawnInto(q, fut[int](p))
		idle(t, l)
		n := -1
		spawn(l, doing(func(*rouse.Context) {
			p.waker.WakeByRef()
			p.waker.WakeByRef()
			n = q.Len()
		}))
		idle(t, l)
		p.check(t, 2, 0)
		if n > 1 { // 0 without gid, where the wake goes by mail
			t.Errorf("%d entries in the queue", n)
		}
	})
}

func TestConformance_013_WakesCollapse(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		l, _ := w.local(t)
		p := forever()
		spawn(l, p)
		idle(t, l)
		for range 10 {
			p.waker.WakeByRef()
			elsewhere(t, p.waker.WakeByRef)
		}
		idle(t, l)
		p.check(t, 2, 0)
	})
}

// 014, 081: k wakes are one call of Unpark while they are not taken.
func TestConformance_014_081_OneNotificationForABurst(t *testing.T) {
	drv := &counting{Driver: must(executor.OpenDriver("portable"))}
	l, _ := onDefault(t, func(c *executor.Config) { c.Driver.Close(); c.Driver = drv })
	var ps []*probe
	for range 50 {
		ps = append(ps, forever())
		spawn(l, ps[len(ps)-1])
	}
	idle(t, l)
	before := drv.unparks.Load()
	elsewhere(t, func() {
		for range 3 {
			for _, p := range ps {
				p.waker.WakeByRef()
			}
		}
	})
	if n := drv.unparks.Load() - before; n != 1 {
		t.Errorf("%d calls of Unpark", n)
	}
	idle(t, l)
	for _, p := range ps {
		p.check(t, 2, 0)
	}
}

func TestConformance_015_016_WakesDuringThePoll(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		for _, k := range []int{1, 5} {
			l, _ := w.local(t)
			sibling := 0
			p := &probe{}
			p.script = func(cx *rouse.Context, poll int) (int, error) {
				if poll == 1 {
					w := cx.Waker()
					for range k {
						w.WakeByRef()
						elsewhere(t, w.WakeByRef)
					}
					w.Drop()
					if p.polls.Load() != 1 {
						t.Error("polled inside the poll")
					}
				} else if sibling == 0 {
					t.Error("it jumped the queue") // 023
				}
				return 0, rouse.Pending
			}
			spawn(l, p)
			spawn(l, doing(func(*rouse.Context) { sibling++ }))
			idle(t, l)
			// A wake from elsewhere comes by mail and may be one more than the
			// wake at home.
			if n := p.polls.Load(); n < 2 || n > 3 {
				t.Errorf("%d wakes during a poll: %d polls", 2*k, n)
			}
		}
	})
}

func TestConformance_017_SelfWakeThenReady(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		l, _ := w.local(t)
		p := &probe{script: func(cx *rouse.Context, _ int) (int, error) {
			cx.WakeByRef()
			cx.Waker().Wake()
			return 3, nil
		}}
		if v, err := joined(l, spawn(l, p)); v != 3 || err != nil {
			t.Errorf("%d, %v", v, err)
		}
		idle(t, l)
		p.check(t, 1, 0)
	})
}

func TestConformance_018_140_WakeOfACompletedTask(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		l, _ := w.local(t)
		var waker rouse.Waker
		p := &probe{script: func(cx *rouse.Context, poll int) (int, error) {
			waker = cx.Waker()
			return poll, nil
		}}
		j := spawn(l, p)
		idle(t, l)
		waker.WakeByRef()
		elsewhere(t, waker.WakeByRef)
		idle(t, l)
		p.check(t, 1, 0)
		if v, err := joined(l, j); v != 1 || err != nil {
			t.Errorf("%d, %v", v, err)
		}
		waker.WakeByRef()
		elsewhere(t, waker.Wake)
		idle(t, l)
		p.check(t, 1, 0)
	})
}

func TestConformance_019_WakeOfACancelledTask(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		l, _ := w.local(t)
		p := forever()
		j := spawn(l, p)
		idle(t, l)
		j.Abort()
		p.waker.WakeByRef()
		idle(t, l)
		p.waker.WakeByRef()
		elsewhere(t, p.waker.WakeByRef)
		idle(t, l)
		p.check(t, 1, 1)
	})
}

func TestConformance_020_WakeAndWakeByRef(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		l, _ := w.local(t)
		p := forever()
		spawn(l, p)
		idle(t, l)
		for i, wake := range []func(rouse.Waker){rouse.Waker.WakeByRef, rouse.Waker.Wake} {
			wake(p.waker.Clone())
			idle(t, l)
			elsewhere(t, func() { wake(p.waker.Clone()) })
			idle(t, l)
			p.check(t, 3+2*i, 0)
		}
	})
}

// 021: the flag is cleared before the poll, so a wake at any moment of it
// counts. A goroutine sets a word and wakes, over and over, while the task
// looks at the word first and then dawdles.
func TestConformance_021_WakeAtAnyMomentOfThePoll(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		h := w.start(t)
		const rounds = 2000
		type msg struct{ w rouse.Waker }
		wakers := make(chan msg, 1)
		var word counter
		j := spawn(h.l, &probe{script: func(cx *rouse.Context, poll int) (int, error) {
			if poll == 1 {
				wakers <- msg{cx.Waker()}
			}
			n := word.Load()
			if n == rounds {
				return int(n), nil
			}
			for range poll % 7 * 50 { // the wake may come here
				word.Load()
			}
			return 0, rouse.Pending
		}})
		wk := receive(t, wakers).w
		for range rounds {
			word.Add(1)
			wk.WakeByRef()
		}
		if v, err := rouse.BlockOn(fut[int](j)); v != rounds || err != nil {
			t.Errorf("%d, %v", v, err)
		}
		if err := h.stop(t); err != nil {
			t.Error(err)
		}
	})
}

func TestConformance_025_WakeFromEverywhere(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		if w.name == "manual" {
			t.Skip("its clock does not run")
		}
		l, _ := w.local(t)
		var others sync.WaitGroup // their descriptors are not for other tests to count
		defer others.Wait()
		for name, wake := range map[string]func(rouse.Waker){
			"goroutine": func(w rouse.Waker) { go w.WakeByRef() },
			"blocking pool": func(w rouse.Waker) {
				executor.SpawnDetached(l, executor.BlockingFuture(l, func() (int, error) {
					w.WakeByRef()
					return 0, nil
				}))
			},
			"timer of Go": func(w rouse.Waker) { time.AfterFunc(time.Millisecond, w.WakeByRef) },
			"timer": func(w rouse.Waker) {
				executor.SpawnDetached(l, rouse.Future[int](&relay{s: timer.MakeSleep(time.Millisecond), w: w}))
			},
			"injected function": func(w rouse.Waker) { l.Inject(func(*rouse.Context) { w.WakeByRef() }) },
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
			if v, err := joined(l, spawn(l, p)); v != 2 || err != nil {
				t.Errorf("%s: %d, %v", name, v, err)
			}
		}
	})
}

// relay wakes w when its timer is over.
type relay struct {
	s timer.Timer
	w rouse.Waker
}

func (r *relay) Poll(cx *rouse.Context) (int, error) {
	if _, err := r.s.Poll(cx); err != nil {
		return 0, err
	}
	r.w.WakeByRef()
	return 0, nil
}

func (r *relay) Drop() { r.s.Drop() }

func TestConformance_032_082_AWakerOutlivesTheExecutor(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		l, _ := w.local(t)
		p := forever()
		j := spawn(l, p)
		idle(t, l)
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		use := func() {
			p.waker.WakeByRef()
			c := p.waker.Clone()
			c.Wake()
			p.waker.Clone().Drop()
			j.Abort()
		}
		use()
		elsewhere(t, use)
		p.check(t, 1, 1)
		p.waker.Drop()
	})
}

func TestConformance_035_TheLiveCountReturnsToZero(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		l, _ := w.local(t)
		var waiting []*probe
		for i := range 100 {
			switch i % 4 {
			case 0:
				executor.SpawnDetached(l, fut[int](after(1, i)))
			case 1:
				spawn(l, after(1, i))
			case 2:
				p := forever()
				waiting = append(waiting, p)
				elsewhere(t, func() { spawn(l, p).Abort() })
			case 3:
				p := after(2, i)
				waiting = append(waiting, p)
				spawn(l, p).Detach()
			}
		}
		idle(t, l)
		live := -1
		look := func() { spawn(l, doing(func(*rouse.Context) { live = l.Live() - 1 })); idle(t, l) }
		look()
		if live != 25 {
			t.Errorf("%d live, want the 25 that wait", live)
		}
		for _, p := range waiting {
			want := int32(0)
			if p.script == nil {
				want = 1 // aborted before its first poll
			}
			if n := p.drops.Load(); n != want {
				t.Errorf("dropped %d times, want %d", n, want)
			}
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		if n := l.Live(); n != 0 {
			t.Errorf("%d live after Close", n)
		}
	})
}
