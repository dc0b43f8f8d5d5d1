package rouse

import (
	"sync"
	"sync/atomic"
	"testing"
)

// sink is a task that counts messages: senders add one and wake; it ends when
// all have come. A lost wake is a hang.
type sink struct {
	sent, seen atomic.Int64
	want       int64
}

func (s *sink) poll(*Context) (int, error) {
	n := s.sent.Load()
	s.seen.Store(n)
	if n == s.want {
		return int(n), nil
	}
	return 0, Pending
}

func TestConformance_079_ForeignWakeOfASleepingExecutor(t *testing.T) {
	bothEngines(t, func(t *testing.T, e *engine) {
		const rounds = 300
		s := &sink{want: rounds}
		p := doing(s.poll)
		r, j := e.make(p)
		w := r.Waker()
		r.Schedule()
		for i := range int64(rounds) {
			s.sent.Add(1)
			w.WakeByRef()
			// It has gone to sleep, or is about to, each time.
			eventually(t, "the wake is polled", func() bool { return s.seen.Load() == i+1 })
		}
		if v, err := join(t, j); v != rounds || err != nil {
			t.Errorf("joined %d, %v", v, err)
		}
		if n := p.polls.Load(); n > rounds+1 {
			t.Errorf("%d polls for %d wakes", n, rounds)
		}
		p.checkDrops(t, 0)
	})
}

func TestConformance_080_NoForeignWakeIsLost(t *testing.T) {
	bothEngines(t, func(t *testing.T, e *engine) {
		const tasks, senders, each = 20, 4, 500
		sinks := make([]*sink, tasks)
		probes := make([]*probe, tasks)
		wakers := make([]Waker, tasks)
		handles := make([]JoinHandle[int], tasks)
		for i := range tasks {
			sinks[i] = &sink{want: senders * each}
			probes[i] = doing(sinks[i].poll)
			r, j := e.make(probes[i])
			wakers[i], handles[i] = r.Waker(), j
			r.Schedule()
		}
		storm(senders, each, func(g, n int) {
			for i := range tasks {
				i = (i + g) % tasks
				sinks[i].sent.Add(1)
				if n%2 == 0 {
					wakers[i].WakeByRef()
				} else {
					wakers[i].Clone().Wake()
				}
			}
		})
		for i, j := range handles {
			if v, err := join(t, j); v != senders*each || err != nil {
				t.Errorf("task %d: %d, %v", i, v, err)
			}
			probes[i].checkDrops(t, 0)
		}
		e.close()
		e.wantEmpty()
	})
}

func TestConformance_081_ABurstIsOneUnpark(t *testing.T) {
	onRig(t, localKind, func(t *testing.T, x *rig) {
		var ws []Waker
		for range 50 {
			w, _ := sleeper(x, forever())
			ws = append(ws, w)
		}
		before := x.unparks.Load()
		elsewhere(func() {
			for range 3 {
				for _, w := range ws {
					w.WakeByRef()
				}
			}
		})
		if n := x.unparks.Load() - before; n != 1 {
			t.Errorf("%d unparks for one burst", n)
		}
		if !x.loop.HasMail() {
			t.Error("HasMail is false")
		}
		if n := x.loop.Deliver(x.cx); n != 50 {
			t.Errorf("Deliver says %d, want 50", n)
		}
		if x.loop.HasMail() {
			t.Error("HasMail is true after Deliver")
		}
		elsewhere(ws[0].WakeByRef) // drained: it notifies again
		if n := x.unparks.Load() - before; n != 2 {
			t.Errorf("%d unparks after the next one, want 2", n)
		}
	})
}

func TestDeliverKeepsTheOrderOfArrival(t *testing.T) {
	onRig(t, localKind, func(t *testing.T, x *rig) {
		var order, calls []int
		var ws []Waker
		const n = 10
		for i := range n {
			p := &probe{script: func(_ *Context, poll int) (int, error) {
				if poll > 1 {
					order = append(order, i)
				}
				return 0, Pending
			}}
			w, _ := sleeper(x, p)
			ws = append(ws, w)
		}
		elsewhere(func() {
			for i := range n {
				ws[n-1-i].WakeByRef()
				if err := x.loop.Inject(func(*Context) { calls = append(calls, i) }); err != nil {
					t.Error(err)
				}
			}
		})
		x.tick()
		for i := range n {
			if order[i] != n-1-i || calls[i] != i {
				t.Fatalf("wakes %v, calls %v", order, calls)
			}
		}
	})
}

func TestConformance_082_ForeignWakeAfterExit(t *testing.T) {
	e := start(t, localKind, 1)
	p := forever()
	r, j := e.make(p)
	w := r.Waker()
	r.Schedule()
	eventually(t, "the first poll", func() bool { return p.polls.Load() == 1 })
	e.close()
	storm(4, 100, func(int, int) {
		w.WakeByRef()
		w.Clone().Wake()
		j.Abort()
	})
	if e.loop.HasMail() {
		t.Error("mail for a loop that has closed")
	}
	p.check(t, 1, 1)
	if _, err := join(t, j); err != ErrCanceled {
		t.Errorf("joined %v", err)
	}
}

// Publish, then touch nothing: the cell may be at its next task by then. With
// reuse on, the race detector sees a touch.
func TestConformance_083_ForeignWakesWithReuse(t *testing.T) {
	e := start(t, localKind, 1)
	storm(4, 500, func(g, i int) {
		var open flag
		j := e.spawn(open.wait())
		open.raise()
		if i%2 == 0 {
			join(t, j)
		} else {
			j.Detach()
		}
	})
	// And with cells that are used again at home, under wakers from elsewhere.
	parent := make(chan Waker, 1)
	var wg sync.WaitGroup
	wg.Go(func() {
		for w := range parent {
			w.Wake()
		}
	})
	j := e.spawn(&churn{e: e, rounds: 2000, wakers: parent})
	join(t, j)
	close(parent)
	wg.Wait()
	e.close()
	e.wantEmpty()
}

// churn is a task that spawns one child after the other and joins it; each
// child is woken from elsewhere.
type churn struct {
	e      *engine
	rounds int
	child  *JoinHandle[int]
	wakers chan Waker
}

func (c *churn) Poll(cx *Context) (int, error) {
	for {
		if c.child == nil {
			if c.rounds == 0 {
				return 0, nil
			}
			c.rounds--
			j := c.e.spawn(&probe{script: func(cx *Context, poll int) (int, error) {
				if poll == 1 {
					c.wakers <- cx.Waker()
					return 0, Pending
				}
				return 0, nil
			}})
			c.child = &j
		}
		if _, err := c.child.Poll(cx); err != nil {
			return 0, err
		}
		c.child = nil
	}
}

func TestConformance_084_ForeignWakeOfARunningTask(t *testing.T) {
	bothEngines(t, func(t *testing.T, e *engine) {
		polled, release := make(chan struct{}), make(chan struct{})
		p := &probe{script: func(_ *Context, poll int) (int, error) {
			if poll == 1 {
				close(polled)
				<-release
				return 0, Pending
			}
			return poll, nil
		}}
		r, j := e.make(p)
		w := r.Waker()
		r.Schedule()
		receive(t, polled)
		for range 3 {
			w.WakeByRef()
		}
		close(release)
		if v, err := join(t, j); v != 2 || err != nil {
			t.Errorf("joined %d, %v", v, err)
		}
		p.check(t, 2, 0)
	})
}

func TestConformance_085_TheFutureIsDroppedAtHome(t *testing.T) {
	needsGid(t)
	e := start(t, localKind, 1)
	for _, end := range []string{"abort", "abort and detach", "runnable dropped"} {
		t.Run(end, func(t *testing.T) {
			atHome := make(chan bool, 1)
			p := forever()
			p.onDrop = func() { atHome <- e.loop.AtHome() }
			r, j := e.make(p)
			w := r.Waker()
			switch end {
			case "runnable dropped":
				r.Drop()
			default:
				r.Schedule()
				eventually(t, "the first poll", func() bool { return p.polls.Load() == 1 })
				j.Abort()
				if end == "abort and detach" {
					j.Detach()
				}
			}
			w.Drop() // the last reference
			if !receive(t, atHome) {
				t.Error("dropped elsewhere")
			}
			p.checkDrops(t, 1)
		})
	}
}

// Everything at once: tasks that are woken, aborted, joined, detached, cloned
// and dropped from several goroutines while their executor runs them.
func TestForeignStorm(t *testing.T) {
	bothEngines(t, func(t *testing.T, e *engine) {
		const tasks, senders = 300, 4
		probes := make([]*probe, tasks)
		wakers := make([]Waker, tasks)
		handles := make([]JoinHandle[int], tasks)
		for i := range tasks {
			probes[i] = &probe{script: func(cx *Context, poll int) (int, error) {
				cx.Waker().Drop()
				if poll%3 == 0 {
					cx.WakeByRef()
				}
				if i%5 == 0 && poll > 10 {
					return i, nil
				}
				return 0, Pending
			}}
			r, j := e.make(probes[i])
			wakers[i], handles[i] = r.Waker(), j
			r.Schedule()
		}
		storm(senders, 20*tasks, func(g, n int) {
			i := (n*7 + g*13) % tasks
			w := wakers[i]
			switch n % 6 {
			case 0, 1, 2:
				w.WakeByRef()
			case 3:
				w.Clone().Wake()
			case 4:
				w.Clone().Drop()
			case 5:
				if i%2 == 1 && n > 10*tasks {
					handles[i].AbortHandle().Abort()
				}
			}
			if i%3 == 0 && g == 0 {
				handles[i].Detach()
			}
		})
		for i := range tasks {
			handles[i].Abort()
			wakers[i].Drop()
		}
		for i := range tasks {
			if i%3 != 0 {
				join(t, handles[i])
			}
			eventually(t, "the task has ended", handles[i].IsFinished)
		}
		e.close()
		e.wantEmpty()
		for i, p := range probes {
			want := int32(1)
			if p.returned.Load() {
				want = 0
			}
			p.checkDrops(t, want)
			h := handles[i].h
			if h.ops().future() != nil {
				t.Errorf("task %d keeps its future", i)
			}
		}
	})
}
