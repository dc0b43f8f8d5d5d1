package executor_test

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/executor"
)

// A drum is a task that counts what was sent to it, and ends when it has all.
type drum struct {
	sent   atomic.Int64
	want   int64
	inside atomic.Bool
	polls  int // plain: the race detector sees a second poller
	twice  atomic.Bool
	waker  atomic.Pointer[rouse.Waker]
}

func (d *drum) Poll(cx *rouse.Context) (int, error) {
	if d.inside.Swap(true) {
		d.twice.Store(true)
	}
	defer d.inside.Store(false)
	d.polls++
	if d.waker.Load() == nil {
		w := cx.Waker()
		d.waker.Store(&w)
	}
	if d.sent.Load() < d.want {
		return 0, rouse.Pending
	}
	return d.polls, nil
}

// Wakes from many goroutines: the task is polled by one worker at a time, and
// never without a wake.
func TestConformance_139_SharedWakes(t *testing.T) {
	eachCount(t, func(t *testing.T, s *executor.Shared) {
		const wakers, each = 4, 5000
		d := &drum{want: wakers * each}
		h := executor.SpawnShared(s, fut[int](d))
		eventually(t, "polled", func() bool { return d.waker.Load() != nil })
		w := *d.waker.Load()
		var wg sync.WaitGroup
		for range wakers {
			wg.Go(func() {
				for range each {
					d.sent.Add(1)
					w.WakeByRef()
				}
			})
		}
		wg.Wait()
		polls, err := wait(t, h)
		if err != nil || polls > wakers*each+1 {
			t.Errorf("%d polls for %d wakes; %v", polls, wakers*each, err)
		}
		if d.twice.Load() {
			t.Error("polled by two at once")
		}
	})
}

// n wakes with polls between are n+1 polls.
func TestConformance_003_SharedNoExtraPoll(t *testing.T) {
	on(t, 2, func(s *executor.Shared) {
		p := &probe{}
		polled := make(chan rouse.Waker)
		p.script = func(cx *rouse.Context, poll int) (int, error) {
			polled <- cx.Waker()
			if poll < 5 {
				return 0, rouse.Pending
			}
			return poll, nil
		}
		h := spawnShared(s, p)
		for range 5 {
			w := receive(t, polled)
			w.Wake()
			w.WakeByRef()
		}
		if v, err := wait(t, h); v != 5 || err != nil {
			t.Errorf("%d, %v", v, err)
		}
	})
}

// A wake during the poll re-queues the task once, and not if it ends.
func TestConformance_015_016_017_SharedWakeDuringPoll(t *testing.T) {
	on(t, 2, func(s *executor.Shared) {
		p := &probe{script: func(cx *rouse.Context, poll int) (int, error) {
			cx.WakeByRef()
			w := cx.Waker()
			w.WakeByRef()
			w.Wake()
			if poll < 3 {
				return 0, rouse.Pending
			}
			return 0, nil
		}}
		wait(t, spawnShared(s, p))
		p.check(t, 3, 0)
	})
}

// Wakes of parked workers, in bursts, none lost. Each burst begins when
// all workers are parked, or about to be. ROUSE_CROSS_WAKES says how many wakes.
func TestConformance_079_080_107_SharedParkUnparkStress(t *testing.T) {
	wakes := int64(300_000)
	if testing.Short() {
		wakes = 30_000
	}
	if text := os.Getenv("ROUSE_CROSS_WAKES"); text != "" {
		var err error
		if wakes, err = strconv.ParseInt(text, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	for _, workers := range []int{1, 2, 4} {
		t.Run(fmt.Sprint(workers), func(t *testing.T) { crossWakes(t, workers, wakes/3) })
	}
}

func crossWakes(t *testing.T, workers int, wakes int64) {
	s, err := executor.NewShared(executor.SharedConfig{Workers: workers})
	if err != nil {
		t.Fatal(err)
	}
	ran := make(chan error, 1)
	go func() { ran <- s.Run(context.Background()) }()
	const tasks = 64
	var got atomic.Int64
	var wakers [tasks]atomic.Pointer[rouse.Waker]
	var hs [tasks]rouse.JoinHandle[int]
	var over atomic.Bool
	for i := range tasks {
		hs[i] = executor.SpawnShared(s, rouse.FutureFunc[int](func(cx *rouse.Context) (int, error) {
			if wakers[i].Load() == nil {
				w := cx.Waker()
				wakers[i].Store(&w)
			}
			got.Add(1)
			if over.Load() {
				return 0, nil
			}
			return 0, rouse.Pending
		}))
	}
	eventually(t, "first polls", func() bool { return got.Load() == tasks })
	bursts := 0
	want := int64(tasks)
	for ; want < wakes; bursts++ {
		n := 1 + bursts*7%tasks
		for i := range n {
			(*wakers[i].Load()).WakeByRef()
		}
		want += int64(n)
		for end := time.Now().Add(limit); got.Load() != want; runtime.Gosched() {
			if time.Now().After(end) {
				t.Fatalf("burst %d: %d polls; want %d", bursts, got.Load(), want)
			}
		}
	}
	t.Logf("%d workers: %d cross wakes in %d bursts, none lost", workers, want-tasks, bursts)
	over.Store(true)
	for i, h := range hs {
		(*wakers[i].Load()).WakeByRef()
		wait(t, h)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	receive(t, ran)
}
