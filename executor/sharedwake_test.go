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

// n wakes with polls between are n+1 polls, and two wakes in one poll are one more.
func TestConformance_003_SharedNoExtraPoll(t *testing.T) {
	on(t, 2, func(s *executor.Shared) {
		const wakes = 5
		p := &probe{}
		polled, woken := make(chan rouse.Waker, 1), make(chan struct{})
		p.script = func(cx *rouse.Context, poll int) (int, error) {
			if poll > wakes+1 {
				return poll, nil
			}
			polled <- cx.Waker()
			<-woken
			return 0, rouse.Pending
		}
		h := spawnShared(s, p)
		for range wakes {
			w := receive(t, polled)
			w.Wake()
			w.WakeByRef()
			woken <- struct{}{}
		}
		w := receive(t, polled)
		woken <- struct{}{}
		for range 200 { // one more poll would be among these
			wait(t, spawnShared(s, after(1, 0)))
		}
		p.check(t, wakes+1, 0)
		w.WakeByRef()
		if v, err := wait(t, h); v != wakes+2 || err != nil {
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
func TestConformance_079_080_SharedParkUnparkStress(t *testing.T) {
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

// One wake at a time, at every moment between a poll and the worker's sleep: the
// waker finds it searching and relies on it, so it must look once more before it
// parks. A wake that is lost here nobody repeats.
func TestConformance_080_107_SharedWakeWhileOneGoesToSleep(t *testing.T) {
	if runtime.NumCPU() == 1 || runtime.GOMAXPROCS(0) == 1 {
		t.Skip("needs two CPUs")
	}
	const long = 300 * time.Millisecond // so long is what is tried, not awaited
	for _, workers := range []int{1, 2, 4} {
		t.Run(fmt.Sprint(workers), func(t *testing.T) {
			on(t, workers, func(s *executor.Shared) {
				var polls atomic.Int64
				var over atomic.Bool
				first := make(chan rouse.Waker, 1)
				h := executor.SpawnShared(s, rouse.FutureFunc[int](func(cx *rouse.Context) (int, error) {
					n := polls.Add(1)
					if n == 1 {
						first <- cx.Waker()
					}
					if over.Load() {
						return 0, nil
					}
					return 0, rouse.Pending
				}))
				w := receive(t, first)
				n := int64(1)
				for end := time.Now().Add(long); n%64 != 0 || time.Now().Before(end); n++ {
					for range n % 257 { // so long after the poll
						polls.Load()
					}
					w.WakeByRef()
					for i := 1; polls.Load() == n; i++ {
						if i%1000 == 0 {
							runtime.Gosched()
						}
						if i == 1_000_000_000 {
							t.Fatalf("wake %d is lost", n)
						}
					}
				}
				t.Logf("%d wakes, none lost", n-1)
				over.Store(true)
				w.WakeByRef()
				if _, err := wait(t, h); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// Tasks that are woken together and wait for each other inside their polls, as
// long polls do: each needs a worker of its own. Whoever wakes the second finds a
// worker searching that will take the first, so the last who searches must see to
// the second when it has found something.
func TestConformance_107_SharedLastSearcher(t *testing.T) {
	for _, workers := range []int{2, 4} {
		t.Run(fmt.Sprint(workers), func(t *testing.T) {
			on(t, workers, func(s *executor.Shared) {
				const rounds = 1000
				var arrived, left atomic.Int64
				wakers := make(chan rouse.Waker, workers)
				var hs []rouse.JoinHandle[int]
				for range workers {
					hs = append(hs, spawnShared(s, &probe{script: func(cx *rouse.Context, poll int) (int, error) {
						if poll == 1 {
							wakers <- cx.Waker()
							return 0, rouse.Pending
						}
						arrived.Add(1)
						for end := time.Now().Add(limit); arrived.Load() < int64((poll-1)*workers); runtime.Gosched() {
							if time.Now().After(end) {
								t.Error("a runnable task is left alone while workers sleep")
								return 0, nil
							}
						}
						left.Add(1)
						if poll > rounds {
							return poll, nil
						}
						return 0, rouse.Pending
					}}))
				}
				all := make([]rouse.Waker, workers)
				for i := range all {
					all[i] = receive(t, wakers)
				}
				for round := 1; round <= rounds; round++ {
					for _, w := range all {
						w.WakeByRef()
					}
					for left.Load() < int64(round*workers) && !t.Failed() {
						runtime.Gosched()
					}
				}
				for _, h := range hs {
					if v, err := wait(t, h); v != rounds+1 || err != nil {
						t.Errorf("%d, %v", v, err)
					}
				}
			})
		})
	}
}
