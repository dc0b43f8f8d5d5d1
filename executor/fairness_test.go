package executor_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/internal/gid"
	"github.com/rouse-go/rouse/timer"
)

// selfish wakes itself for ever.
func selfish(polls *int) *probe {
	return &probe{script: func(cx *rouse.Context, _ int) (int, error) {
		*polls++
		cx.WakeByRef()
		return 0, rouse.Pending
	}}
}

func TestConformance_095_FirstInFirstOut(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		l, _ := w.local(t)
		var order, want []int
		for i := range 1000 {
			want = append(want, i)
			spawn(l, doing(func(*rouse.Context) { order = append(order, i) }))
		}
		idle(t, l)
		wantOrder(t, order, want...)
	})
}

func TestConformance_096_ASelfWakingTaskStarvesNobody(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		l, _ := w.local(t)
		polls := 0
		a := spawn(l, selfish(&polls))
		// A sibling that takes turns with it.
		for range 100 {
			before := polls
			if _, err := joined(l, spawn(l, after(1, 1))); err != nil {
				t.Fatal(err)
			}
			if polls-before > 600 {
				t.Fatalf("%d polls of the selfish task before its sibling", polls-before)
			}
		}
		// A timer; on the manual clock an instant one.
		d := time.Millisecond
		if w.name == "manual" {
			d = 0
		}
		if _, err := executor.RunUntil(l, rouse.Future[struct{}](timer.Sleep(d))); err != nil {
			t.Fatal(err)
		}
		// Mail from elsewhere, and the driver's completions by way of Park.
		j := executor.Spawn(l, executor.BlockingFuture(l, func() (int, error) { return 5, nil }))
		if v, err := joined(l, j); v != 5 || err != nil {
			t.Fatal(v, err)
		}
		a.Abort()
		idle(t, l)
	})
}

func TestConformance_105_QueuesTakeTurns(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		l, _ := w.local(t)
		const queues, rounds = 3, 5
		var trace []string
		for i := range queues {
			q := l.NewQueue(fmt.Sprint(i))
			for range 2 {
				n := 0
				executor.SpawnInto(q, fut[int](&probe{script: func(cx *rouse.Context, _ int) (int, error) {
					if last := len(trace) - 1; last < 0 || trace[last] != q.Name() {
						trace = append(trace, q.Name())
					}
					n++
					if n < 256*rounds/2 { // two tasks fill a batch
						cx.WakeByRef()
						return 0, rouse.Pending
					}
					return 0, nil
				}}))
			}
		}
		idle(t, l)
		if len(trace) != queues*rounds {
			t.Fatalf("%d turns: %v", len(trace), trace)
		}
		for i, name := range trace {
			if name != fmt.Sprint(i%queues) {
				t.Fatalf("turn %d went to queue %s: %v", i, name, trace)
			}
		}
	})
}

// A queue that becomes active late goes behind those that wait already, and one
// that runs empty leaves the ring.
func TestQueuesComeAndGo(t *testing.T) {
	if !gid.Known {
		t.Skip("without gid spawns go by mail")
	}
	l, _ := onDefault(t)
	var qs []*executor.Queue
	for i := range 5 {
		qs = append(qs, l.NewQueue(fmt.Sprint(i)))
	}
	var order []int
	step := func(i int, next func()) *probe {
		return doing(func(*rouse.Context) {
			order = append(order, i)
			if next != nil {
				next()
			}
		})
	}
	executor.SpawnInto(qs[3], fut[int](step(3, func() {
		executor.SpawnInto(qs[1], fut[int](step(1, func() {
			executor.SpawnInto(qs[3], fut[int](step(33, nil)))
			executor.SpawnInto(qs[1], fut[int](step(11, nil)))
		})))
		executor.SpawnInto(qs[4], fut[int](step(4, nil)))
	})))
	executor.SpawnInto(qs[0], fut[int](step(0, nil)))
	idle(t, l)
	idle(t, l)
	wantOrder(t, order, 3, 0, 1, 11, 4, 33)
	for i, q := range qs {
		if q.Len() != 0 {
			t.Errorf("queue %d still has %d", i, q.Len())
		}
	}
}

func TestConformance_109_YieldGoesToTheBack(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		l, _ := w.local(t)
		var order []string
		for _, name := range []string{"a", "b", "c"} {
			y := rouse.Yield()
			spawn(l, &probe{script: func(cx *rouse.Context, poll int) (int, error) {
				order = append(order, fmt.Sprint(name, poll))
				_, err := y.Poll(cx)
				return 0, err
			}})
		}
		idle(t, l)
		wantOrder(t, order, "a1", "b1", "c1", "a2", "b2", "c2")
	})
}

func TestConformance_110_TheDriverIsPolledUnderSaturation(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		var drv *counting
		l, _ := w.local(t, func(c *executor.Config) { drv = &counting{Driver: c.Driver}; c.Driver = drv })
		polls := 0
		a := spawn(l, selfish(&polls))
		l.Inject(func(*rouse.Context) {})
		if _, err := executor.RunUntil(l, fut[int](&probe{script: func(cx *rouse.Context, poll int) (int, error) {
			if poll == 10_000 {
				return 0, nil
			}
			cx.WakeByRef()
			return 0, rouse.Pending
		}})); err != nil {
			t.Fatal(err)
		}
		if n := drv.parks.Load(); n < 20_000/256 {
			t.Errorf("%d parks in 20 000 polls", n)
		}
		a.Abort()
		idle(t, l)
	})
}
