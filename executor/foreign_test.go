package executor_test

import (
	"sync"
	"testing"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/executor"
)

// A mailbox task counts messages: senders add one and wake.
type mailbox struct {
	sent counter
	seen counter
	want int64
}

func (m *mailbox) Poll(*rouse.Context) (int, error) {
	n := m.sent.Load()
	m.seen.Store(n)
	if n == m.want {
		return int(n), nil
	}
	return 0, rouse.Pending
}

// wakerOf spawns f into h and returns its waker, once it has been polled.
func wakerOf(t testing.TB, l *executor.Local, f rouse.Future[int]) (rouse.Waker, rouse.JoinHandle[int]) {
	t.Helper()
	wakers := make(chan rouse.Waker, 1)
	first := true
	j := executor.Spawn(l, rouse.Future[int](rouse.FutureFunc[int](func(cx *rouse.Context) (int, error) {
		if first {
			first = false
			wakers <- cx.Waker()
		}
		return f.Poll(cx)
	})))
	return receive(t, wakers), j
}

func TestConformance_079_ForeignWakeOfASleepingExecutor(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		h := w.start(t)
		const rounds = 1000
		m := &mailbox{want: rounds}
		wk, j := wakerOf(t, h.l, m)
		for i := range int64(rounds) {
			m.sent.Add(1)
			wk.WakeByRef()
			eventually(t, "the wake is polled", func() bool { return m.seen.Load() == i+1 })
		}
		if v, err := rouse.BlockOn(fut[int](j)); v != rounds || err != nil {
			t.Errorf("%d, %v", v, err)
		}
		if err := h.stop(t); err != nil {
			t.Error(err)
		}
	})
}

// 080: bursts of wakes from several goroutines, with the executor going to
// sleep in between. A lost one is a hang, or a message that is never seen.
func TestConformance_080_NoForeignWakeIsLost(t *testing.T) {
	total := 1_000_000
	if testing.Short() {
		total = 50_000
	}
	eachWorld(t, func(t *testing.T, w world) {
		for _, spin := range []bool{false, true} {
			h := w.start(t, func(c *executor.Config) {
				if spin {
					c.Spin = 20_000 // ns
				}
			})
			const senders, burst = 2, 50
			rounds := total / len(worlds()) / 2 / senders / burst
			m := &mailbox{want: int64(rounds * senders * burst)}
			wk, j := wakerOf(t, h.l, m)
			for r := range int64(rounds) {
				var wg sync.WaitGroup
				for range senders {
					wg.Go(func() {
						for range burst {
							m.sent.Add(1)
							wk.WakeByRef()
						}
					})
				}
				wg.Wait()
				if r%8 == 0 { // let it drain, and so sleep
					eventually(t, "a burst is seen", func() bool { return m.seen.Load() == (r+1)*senders*burst })
				}
			}
			if v, err := rouse.BlockOn(fut[int](j)); v != int(m.want) || err != nil {
				t.Errorf("%d, %v", v, err)
			}
			if err := h.stop(t); err != nil {
				t.Error(err)
			}
		}
	})
}

// 117: an Unpark before Park makes Park return.
func TestConformance_117_ATokenEndsTheNextPark(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		drv := must(w.open())
		defer drv.Close()
		for range 3 {
			drv.Unpark()
			elsewhere(t, drv.Unpark)
			if _, err := drv.Park(driver.Forever); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestConformance_084_ForeignWakeOfARunningTask(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		l, _ := w.local(t)
		p := &probe{}
		p.script = func(cx *rouse.Context, poll int) (int, error) {
			if poll == 1 {
				wk := cx.Waker()
				elsewhere(t, func() {
					for range 5 {
						wk.WakeByRef()
					}
				})
				return 0, rouse.Pending
			}
			return poll, nil
		}
		if v, err := joined(l, spawn(l, p)); v != 2 || err != nil {
			t.Errorf("%d, %v", v, err)
		}
	})
}

// Everything at once, from several goroutines, while the executor runs and
// while it closes.
func TestStormOfSpawnsAbortsWakesAndJoins(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		rounds := 300
		if testing.Short() {
			rounds = 50
		}
		h := w.start(t)
		q := make(chan *executor.Queue, 1)
		h.l.Inject(func(*rouse.Context) { q <- h.l.NewQueue("storm") })
		queue := receive(t, q)
		var mu sync.Mutex
		var all []*probe
		var wg sync.WaitGroup
		for g := range 4 {
			wg.Go(func() {
				for i := range rounds {
					wakers := make(chan rouse.Waker, 1)
					p := &probe{}
					p.script = func(cx *rouse.Context, poll int) (int, error) {
						if poll == 1 {
							wakers <- cx.Waker()
							return 0, rouse.Pending
						}
						return poll, nil
					}
					mu.Lock()
					all = append(all, p)
					mu.Unlock()
					var j rouse.JoinHandle[int]
					if i%2 == 0 {
						j = spawn(h.l, p)
					} else {
						j = executor.SpawnInto(queue, fut[int](p), executor.Named("storm"))
					}
					switch (i + g) % 4 {
					case 0:
						j.Abort()
						rouse.BlockOn(fut[int](j))
					case 1:
						select {
						case wk := <-wakers:
							wk.Wake()
						default:
						}
						j.Detach()
					case 2:
						go j.Abort()
						select {
						case wk := <-wakers:
							wk.Wake()
						default:
						}
						rouse.BlockOn(fut[int](j))
					case 3: // forgotten
					}
				}
			})
			if g == 3 { // the others go on while it closes
				eventually(t, "half is done", func() bool { mu.Lock(); defer mu.Unlock(); return len(all) > 2*rounds })
				h.l.Stop()
			}
		}
		wg.Wait()
		if err := receive(t, h.quit); err != nil {
			t.Error(err)
		}
		for i, p := range all {
			// Dropped, or it had its result; never both, never neither.
			returned := p.polls.Load() >= 2
			if drops := p.drops.Load(); drops > 1 || returned != (drops == 0) {
				t.Fatalf("task %d: %d polls, dropped %d times", i, p.polls.Load(), drops)
			}
		}
		if n := h.l.Live(); n != 0 {
			t.Errorf("%d tasks live", n)
		}
	})
}
