package executor

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/internal/atomics"
	"github.com/rouse-go/rouse/internal/census"
	"github.com/rouse-go/rouse/internal/mpmc"
)

// Shared is an executor on several cores: its workers, which are goroutines,
// take runnable tasks from one queue and from each other. A task is polled by one
// worker at a time and may move to another between two polls. Make one with
// [NewShared]. It implements [rouse.Executor].
//
// # What runs here
//
// Futures that may be polled by one goroutine now and by another later, which is
// every future whose parts are its own: what waits for a channel.MPMC, for a
// JoinHandle of any executor, for [BlockingFuture], or for wakes of your own.
// Not timers, connections, local channels and locks, nor fibers: they belong to
// one loop, and polling one here panics. Have a [Local] do that work, as a task
// of its own, and await its handle.
//
// # Order and fairness
//
// A worker polls first what its own tasks have woken last, three times in a row
// at most, then its own queue, then the shared queue, then half of what another
// worker has. Whatever else it has to do, after 61 polls it takes as many tasks
// from the shared queue, or all that are there. A task that yields goes behind
// all others of its worker. So does one that was polled last as the last woken,
// and is woken again: who awaits many tasks is polled when many have ended, not
// after each.
//
// So, however many tasks always wake themselves or each other: a task that became
// runnable when n others stood before it in the shared queue is taken from there
// before any one worker has made 2n+185 polls, and then polled at once; in a
// worker's own queue, which has 1024 places, before that worker has made 8n+190,
// if no other takes it. (A goroutine that the system has stopped in the midst of
// a push to the shared queue hides what stands behind, so add the time for which
// it is stopped.)
//
// What a poll woke last waits for that poll's end, also if it is a long one, and
// other workers leave it alone. All else that is runnable, an idle worker takes.
//
// # Cost
//
// A wake by a task of the same worker and the poll that follows take about 60 ns,
// a yield about 80; a wake from elsewhere costs a push to the shared queue, and
// the waking of a goroutine if a worker is to be woken: one at a time, and none
// while another is looking for work. None of these allocates. Idle workers use no
// CPU.
type Shared struct {
	cfg      SharedConfig
	workers  []*worker
	schedule func(rouse.Runnable) // s.Schedule, made once

	queue *mpmc.Queue[rouse.Runnable] // what no worker has yet
	idle  idle
	seats seats        // which goroutine is which worker
	halt  atomics.Bool // the run is to end

	random atomics.Uint64
	begin  time.Time

	life sharedLife

	panics atomics.Mutex // guards book; held while OnPanic is called
	book   panicBook

	starts atomics.Mutex // guards live and ended
	live   registry      // tasks that were not started by a worker
	ended  bool          // Close is at work: nothing is started any more

	blocking blockingPool
}

// SharedConfig says how a [Shared] shall be. The zero SharedConfig is a good one.
type SharedConfig struct {
	// Name is for logs and reports. Default: "shared".
	Name string

	// Workers is how many goroutines poll. Default: GOMAXPROCS.
	Workers int

	// BlockingWorkers bounds the goroutines of [Blocking]. Default: 64.
	BlockingWorkers int

	// Seed seeds the executor's random numbers. Default: from the system. The
	// order in which workers take them is not reproducible.
	Seed uint64

	// OnPanic is called for a panic that nobody will join, one at a time, on
	// some worker: it has been logged, and the executor goes on. If OnPanic is
	// nil, the executor drops all its tasks and Run panics with it.
	OnPanic func(*rouse.PanicError)

	// Log receives what the executor has to say. Default: slog.Default().
	Log *slog.Logger
}

// maxWorkers is what the word of idle has room for.
const maxWorkers = 1 << 15

func (c SharedConfig) withDefaults() (SharedConfig, error) {
	switch {
	case c.Workers < 0 || c.Workers > maxWorkers:
		return c, fmt.Errorf("rouse: SharedConfig.Workers is %d; give a number up to %d, or 0 for GOMAXPROCS", c.Workers, maxWorkers)
	case c.BlockingWorkers < 0:
		return c, fmt.Errorf("rouse: SharedConfig.BlockingWorkers is %d; give a positive number, or 0 for 64", c.BlockingWorkers)
	}
	if c.Name == "" {
		c.Name = "shared"
	}
	if c.Workers == 0 {
		c.Workers = runtime.GOMAXPROCS(0)
	}
	if c.BlockingWorkers == 0 {
		c.BlockingWorkers = 64
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	return c, nil
}

// NewShared makes an executor. It starts nothing: see [Shared.Run].
func NewShared(cfg SharedConfig) (*Shared, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	s := &Shared{
		cfg:   cfg,
		queue: mpmc.NewQueue[rouse.Runnable](256),
		book:  panicBook{name: cfg.Name, log: cfg.Log, onPanic: cfg.OnPanic},
		begin: time.Now(),
	}
	s.schedule = s.Schedule
	s.blocking.limit = cfg.BlockingWorkers
	s.idle.init(cfg.Workers)
	s.seats.init(cfg.Workers)
	s.life.done = make(chan struct{})
	s.random.Store(cfg.Seed)
	if cfg.Seed == 0 {
		s.random.Store(randomSeed())
	}
	for i := range cfg.Workers {
		s.workers = append(s.workers, newWorker(s, i))
	}
	census.Executors.Add(1)
	return s, nil
}

// Now reads the executor's clock: monotonic nanoseconds since it was made. From
// any goroutine.
func (s *Shared) Now() int64 { return int64(time.Since(s.begin)) }

// Rand returns a random number of the executor's own generator, which is
// splitmix64. From any goroutine.
func (s *Shared) Rand() uint64 { return mix(s.random.Add(golden)) }

// Inject has fn called by a worker, between the polls of tasks. From any
// goroutine; it allocates. After Close it returns [rouse.ErrClosed]. A panic in
// fn counts as one in a detached task.
func (s *Shared) Inject(fn func(*rouse.Context)) error {
	if fn == nil {
		panic("rouse: Inject of a nil function")
	}
	r, j := rouse.NewTask[struct{}](&injected{s, fn}, s.schedule)
	a := j.AbortHandle()
	j.Detach()
	if !s.start(s.seats.here(), r, a) { // and so is never called
		return rouse.ErrClosed
	}
	return nil
}

// Name returns SharedConfig.Name. From any goroutine.
func (s *Shared) Name() string { return s.cfg.Name }

// Workers returns how many workers there are. From any goroutine.
func (s *Shared) Workers() int { return len(s.workers) }

// Context returns a ctx derived from parent that carries the executor: the ctx
// forms of packages use it from any goroutine.
func (s *Shared) Context(parent context.Context) context.Context {
	return rouse.WithExecutor(parent, s)
}

// SharedFromContext returns the Shared that ctx carries, or nil.
func SharedFromContext(ctx context.Context) *Shared {
	s, _ := rouse.ExecutorFrom(ctx).(*Shared)
	return s
}

// MovesTasks reports that a task may be polled by one goroutine now and by
// another later: what belongs to one loop refuses to be polled here.
func (s *Shared) MovesTasks() bool { return true }

// Worker returns the number of the worker that polls, counted from 0, or -1 if
// that is no worker of a [Shared]. It is good until the end of the poll.
func Worker(cx *rouse.Context) int {
	if s, ok := cx.Executor().(*Shared); ok {
		if w := s.seats.find(); w != nil {
			return w.number
		}
	}
	return -1
}

// ReportDrop is called by package rouse with a panic that a Drop threw.
func (s *Shared) ReportDrop(p *rouse.PanicError) {
	s.panics.Lock()
	defer s.panics.Unlock()
	s.book.reportDrop(p)
}

// panicked deals with a task whose poll panicked.
func (s *Shared) panicked(p *rouse.PanicError) {
	s.panics.Lock()
	defer s.panics.Unlock()
	s.book.panicked(p)
	if s.book.fatal != nil {
		s.stopNow()
	}
}

// injected is a function on its way to a worker. If the executor closes first
// it is called by Close.
type injected struct {
	s  *Shared
	fn func(*rouse.Context)
}

func (i *injected) Poll(cx *rouse.Context) (none struct{}, err error) {
	i.call(cx)
	return none, nil
}

func (i *injected) Drop() { i.call(i.s.life.cx) }

func (i *injected) call(cx *rouse.Context) {
	returned := false
	defer func() {
		v := recover()
		if v == nil || returned {
			return
		}
		i.s.panics.Lock()
		defer i.s.panics.Unlock()
		p := &rouse.PanicError{Value: v, Stack: debug.Stack(), Name: "injected function"}
		i.s.book.logPanic("rouse: an injected function panicked", p)
		i.s.book.unseen(p)
		if i.s.book.fatal != nil {
			i.s.stopNow()
		}
	}()
	i.fn(cx)
	returned = true
}
