package executor

import (
	"context"
	"math/rand/v2"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/internal/alarm"
	"github.com/rouse-go/rouse/internal/census"
	"github.com/rouse-go/rouse/internal/coro"
)

// Local is an executor on one goroutine: tasks that it runs share memory
// without locks. Make one with [New]; one per core is a thread-per-core
// program. It implements [rouse.Executor], driver.Host and timer.Host.
type Local struct {
	cfg   Config
	loop  *rouse.Loop
	cx    *rouse.Context
	drv   driver.Driver
	clock *alarm.Clock
	rng   *rand.Rand
	now   int64 // the clock at the start of this turn

	queues  []*Queue // all, in the order of their making
	main    *Queue   // what Spawn uses outside any task
	active  queueRing
	current *Queue     // whose task is being polled
	left    int        // polls that are left of its batch, while a fiber has the turn; else 0
	fiber   *fiberBody // that has the turn, or had it last

	halt     bool // Stop, Close, or the end of Run's ctx
	returned bool // the run ends by itself, not by a panic or Goexit

	panicBook

	coros      coro.Pool
	spare      spareFibers
	lastOrigin *origin      // see originOf
	dying      []*fiberBody // cancelled and not yet ended
	reapAt     int64        // when they are resumed next

	kept        map[any]any // see Kept
	blocking    blockingPool
	needsThread bool // the loop's goroutine is locked to its thread
	life        life
}

// New makes an executor. It opens the driver, and so may fail for want of
// descriptors, but starts no goroutine and no thread.
func New(cfg Config) (*Local, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	l := &Local{cfg: cfg, drv: cfg.Driver}
	l.panicBook = panicBook{name: cfg.Name, log: cfg.Log, onPanic: cfg.OnPanic}
	if l.drv == nil {
		if l.drv, err = openDriver("", cfg.Log); err != nil {
			return nil, err
		}
	}
	if cfg.Seed != 0 {
		l.rng = rand.New(rand.NewPCG(cfg.Seed, 0))
	} else {
		l.rng = rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))
	}
	l.loop = rouse.NewLoop(l.drv.Unpark, l.reportDrop)
	l.cx = rouse.NewExecutorContext(l, l.loop)
	l.clock = alarm.NewClock(l.drv, int64(cfg.Tick))
	l.now = l.drv.Now()
	l.main = l.NewQueue("main")
	l.coros.OnStart, l.coros.OnEnd = l.loop.EnterFiber, l.loop.LeaveFiber
	l.blocking.limit = cfg.BlockingWorkers
	t, ok := l.drv.(interface{ NeedsThread() bool })
	l.needsThread = ok && t.NeedsThread() || cfg.CPU > 0
	l.life.done = make(chan struct{})
	census.Executors.Add(1)
	return l, nil
}

// Now returns the clock at the start of this turn of the loop, in monotonic
// nanoseconds. Only on the executor's goroutine.
func (l *Local) Now() int64 { return l.now }

// Rand returns a random number of the executor's own generator. Only on the
// executor's goroutine.
func (l *Local) Rand() uint64 { return l.rng.Uint64() }

// Inject has fn called on the executor's goroutine, between two polls. From
// any goroutine; it allocates. After Close it returns [rouse.ErrClosed]. A panic
// in fn counts as one in a detached task.
func (l *Local) Inject(fn func(*rouse.Context)) error {
	return l.loop.Inject(func(cx *rouse.Context) { l.call(fn, cx) })
}

// Home returns where tasks belong that were sent here without a queue.
func (l *Local) Home() *rouse.Home { return l.main.home }

// AtHome reports whether the caller runs on the executor's goroutine, or in
// one of its fibers. False where goroutines can't be told apart.
func (l *Local) AtHome() bool { return l.loop.AtHome() }

// Driver returns the executor's driver. Use it on the executor's goroutine.
func (l *Local) Driver() driver.Driver { return l.drv }

// Alarms returns the executor's timers, for package timer. Use them on the
// executor's goroutine.
func (l *Local) Alarms() *alarm.Clock { return l.clock }

// Kept returns what is kept under key for as long as the executor lives; the
// first call has it made by create. It is for packages that have to remember
// something for each executor, such as netio its answers about names; key should
// be of a type, or a pointer, of their own. Only on the executor's goroutine.
func (l *Local) Kept(key any, create func() any) any {
	v, ok := l.kept[key]
	if !ok {
		if l.kept == nil {
			l.kept = map[any]any{}
		}
		v = create()
		l.kept[key] = v
	}
	return v
}

// Name returns Config.Name. From any goroutine.
func (l *Local) Name() string { return l.cfg.Name }

// Live returns the number of tasks that have not ended. Only on the executor's
// goroutine.
func (l *Local) Live() int { return l.loop.Live() }

// Context returns a ctx derived from parent that carries the executor: the ctx
// forms of packages use it from any goroutine.
func (l *Local) Context(parent context.Context) context.Context {
	return rouse.WithExecutor(parent, l)
}

// From returns the Local that polls, or nil if another kind of executor does.
func From(cx *rouse.Context) *Local {
	l, _ := cx.Executor().(*Local)
	return l
}

// FromContext returns the Local that ctx carries, or nil.
func FromContext(ctx context.Context) *Local {
	l, _ := rouse.ExecutorFrom(ctx).(*Local)
	return l
}
