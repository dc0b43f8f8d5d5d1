package bench

import (
	"errors"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/executor"
)

const fiberLikeTask = "a fiber is woken as a task is; wake_task shows what its switch adds"

var wakeCross = Benchmark{
	Name: "wake_cross",
	Work: "a goroutine on another core wakes and spins until the poll has answered; the executor spins, too; 50 k times, the median of batches of 500",
	Op:   "a round trip",
	Size: 50_000,
	Runs: OwnProcess,
	Impls: []Impl{
		{Name: "task", How: "rouse.Waker.WakeByRef; Config.Spin of 10 ms", Run: wakeCrossTasks(0, 10*time.Millisecond),
			Goal: Goal{Beside: []Bound{{To: "bounce", Max: 3}}, NoAllocs: true}},
		{Name: "fiber", Absent: fiberLikeTask},
		{Name: "goroutine", How: "a token into a channel of capacity 1", Run: wakeCrossGoroutines(0)},
		{Name: "bounce", How: "two words, each on a cache line of its own, between two goroutines that spin", Run: bounce},
	},
}

var wakeCrossAsleep = Benchmark{
	Name: "wake_cross_asleep",
	Work: "the same with pauses of 20 µs, and an executor that parks at once",
	Op:   "a round trip, without the pause",
	Size: 50_000,
	Runs: OwnProcess,
	Impls: []Impl{
		{Name: "task", How: "rouse.Waker.WakeByRef; the executor sleeps in its driver", Run: wakeCrossTasks(wakePause, 0), Goal: Goal{NoAllocs: true}},
		{Name: "fiber", Absent: fiberLikeTask},
		{Name: "goroutine", How: "a token into a channel of capacity 1", Run: wakeCrossGoroutines(wakePause)},
	},
}

const wakePause = 20 * time.Microsecond

// beside runs an executor on a goroutine of its own while body is called.
func beside(cfg executor.Config, body func(l *executor.Local) error) error {
	ready, ended := make(chan *executor.Local, 1), make(chan error, 1)
	go func() {
		l, err := executor.New(cfg)
		ready <- l
		if err == nil {
			close(ready)
			err = errors.Join(l.Run(neverEnds), l.Close())
		}
		ended <- err
	}()
	l := <-ready
	if l == nil {
		return <-ended
	}
	err := body(l)
	l.Stop()
	return errors.Join(err, <-ended)
}

// answering is a task that counts its polls where others see it.
type answering struct {
	waker rouse.Waker
	ready chan struct{}
	polls int64
	end   bool // set by the waking side before a wake
	_     [128]byte
	seen  atomic.Int64
	_     [128]byte
}

func (a *answering) Poll(cx *rouse.Context) (int, error) {
	if a.polls == 0 {
		a.waker = cx.Waker()
		close(a.ready)
	}
	if a.end {
		return int(a.polls), nil
	}
	a.polls++
	a.seen.Store(a.polls)
	return 0, rouse.Pending
}

// crossings wakes n times, each time after a pause and until it is answered.
// before is how often it was answered already.
func crossings(n int, before int64, pause time.Duration, wake func(), seen *atomic.Int64) {
	for i := range int64(n) {
		if pause > 0 {
			for end := time.Now().Add(pause); time.Now().Before(end); {
			}
		}
		wake()
		for spin := 1; seen.Load() < before+i+1; spin++ {
			if spin%(1<<20) == 0 {
				runtime.Gosched() // with one core nobody else would run
			}
		}
	}
}

// cross measures m.Size crossings.
func (m *Meter) cross(before int, pause time.Duration, wake func(), seen *atomic.Int64) {
	times := newBatchTimes(m.Size)
	m.Start()
	for done := range m.Size {
		crossings(1, int64(before+done), pause, wake, seen)
		times.one()
	}
	m.Stop(m.Size)
	times.report(m, pause)
}

func wakeCrossTasks(pause, spin time.Duration) func(*Meter) error {
	return func(m *Meter) error {
		return beside(executor.Config{Name: "bench", Spin: spin}, func(l *executor.Local) error {
			a := &answering{ready: make(chan struct{})}
			h := executor.Spawn[int](l, a)
			<-a.ready
			warm := m.Size/20 + 1
			crossings(1, 0, 0, func() {}, &a.seen) // its first poll, of the spawn
			crossings(warm, 1, pause, a.waker.WakeByRef, &a.seen)
			m.cross(1+warm, pause, a.waker.WakeByRef, &a.seen)
			a.end = true
			a.waker.WakeByRef()
			polls, err := rouse.BlockOn[int](h)
			if err != nil {
				return err
			}
			return same("the number of polls", polls, 1+warm+m.Size)
		})
	}
}

func wakeCrossGoroutines(pause time.Duration) func(*Meter) error {
	return func(m *Meter) error {
		return onGoroutine(func() error {
			s := newListener()
			go s.run()
			wake := func() { s.token <- struct{}{} }
			warm := m.Size/20 + 1
			crossings(warm, 0, pause, wake, &s.count)
			m.cross(warm, pause, wake, &s.count)
			close(s.token)
			<-s.ended
			return same("the number of wakes", int(s.count.Load()), warm+m.Size)
		})
	}
}

// bounce is what the processor takes for a round trip between two cores.
func bounce(m *Meter) error {
	return onGoroutine(func() error {
		var word struct {
			there atomic.Int64
			_     [128]byte
			back  atomic.Int64
			_     [128]byte
		}
		warm := m.Size/20 + 1
		total := int64(warm + m.Size)
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			for i := int64(1); i <= total; i++ {
				for spin := 1; word.there.Load() != i; spin++ {
					if spin%(1<<20) == 0 {
						runtime.Gosched()
					}
				}
				word.back.Store(i)
			}
		}()
		sent := int64(0)
		send := func() {
			sent++
			word.there.Store(sent)
		}
		crossings(warm, 0, 0, send, &word.back)
		m.cross(warm, 0, send, &word.back)
		<-ended
		return same("the number of round trips", int(word.back.Load()), int(total))
	})
}
