package executor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/driver"
)

// PoolConfig says how a [Pool] shall be. The zero PoolConfig is one executor for
// each CPU that may be used, bound to none.
type PoolConfig struct {
	// Placement says how many executors there are, and on which CPUs.
	Placement Placement

	// Executor is the Config of each. Its CPU and Driver must be left out.
	// Executors are called Name-0, Name-1, …; Name's default is "pool". A Seed
	// is the first's, and the others have the numbers after it.
	Executor Config

	// OpenDriver opens the driver of executor i. Default: the best one of this
	// system, see [OpenDriver].
	OpenDriver func(i int) (driver.Driver, error)

	// Procs is what GOMAXPROCS is raised to while the pool lives, if it is
	// lower. An executor that is busy occupies one of those places for itself;
	// without further ones the collector and all other goroutines would have to
	// take turns with it. 0 means n + n/3 + 1 for n executors, which leaves the
	// collector the quarter that it takes, and other goroutines one; below 0
	// means to leave GOMAXPROCS alone.
	Procs int
}

// A Pool is executors that run beside each other, each on a goroutine and, on
// Linux, a thread of its own. They share nothing but what tasks send from one
// to another: [Spawn] and the like, handles and wakers work across, and
// channel.Mesh connects them. Make one with [NewPool], or use [RunPool].
//
// If one of its executors ends by itself, because a detached task panicked and
// there is no OnPanic, or because somebody called its Stop or Close, all end.
type Pool struct {
	members []*member
	procs   procs

	stop sync.Once
	done chan struct{} // closed when all is over
	err  error         // then: what went wrong
}

// member is one executor and the goroutine that runs it.
type member struct {
	l     *Local
	begun chan struct{} // closed at its first turn
	ended chan struct{} // closed when it has closed
	err   error         // then: what went wrong
}

// NewPool makes a pool and starts its executors. It returns when each has begun
// to run. If something can't be, it says what, and nothing is left running.
func NewPool(cfg PoolConfig) (*Pool, error) {
	configs, err := cfg.plan()
	if err != nil {
		return nil, err
	}
	p := &Pool{done: make(chan struct{})}
	for i, c := range configs {
		if c.Driver, err = cfg.OpenDriver(i); err == nil {
			var l *Local
			if l, err = New(c); err != nil {
				err = errors.Join(err, c.Driver.Close())
			} else {
				p.members = append(p.members, &member{l: l, begun: make(chan struct{}), ended: make(chan struct{})})
			}
		}
		if err != nil {
			for _, m := range p.members {
				err = errors.Join(err, m.l.Close())
			}
			return nil, err
		}
	}
	p.procs.raise(cfg.Procs, len(p.members))
	for _, m := range p.members {
		go p.host(m)
	}
	for _, m := range p.members {
		select {
		case <-m.begun:
		case <-m.ended:
			return nil, errors.Join(m.err, p.Close())
		}
	}
	return p, nil
}

// plan checks cfg, fills in what was left out, and returns the Config of each
// executor.
func (cfg *PoolConfig) plan() ([]Config, error) {
	switch {
	case cfg.Executor.CPU != 0:
		return nil, errors.New("rouse: PoolConfig.Executor.CPU must be left out; Placement says where executors run")
	case cfg.Executor.Driver != nil:
		return nil, errors.New("rouse: PoolConfig.Executor.Driver must be left out, since each executor needs one of its own; set OpenDriver")
	}
	if cfg.OpenDriver == nil {
		cfg.OpenDriver = func(int) (driver.Driver, error) { return OpenDriver("") }
	}
	if cfg.Executor.Name == "" {
		cfg.Executor.Name = "pool"
	}
	base, err := cfg.Executor.withDefaults()
	if err != nil {
		return nil, err
	}
	pl, err := cfg.Placement.here()
	if err != nil {
		return nil, err
	}
	if pl.note != "" {
		level := slog.LevelInfo
		if pl.warn {
			level = slog.LevelWarn
		}
		base.Log.Log(context.Background(), level, "rouse: pool "+base.Name+": "+pl.note)
	}
	configs := make([]Config, len(pl.cpus))
	for i, cpu := range pl.cpus {
		c := base
		c.Name = fmt.Sprintf("%s-%d", base.Name, i)
		if cpu != anywhere {
			c.CPU = OnCPU(cpu)
		}
		if c.Seed != 0 {
			c.Seed += uint64(i)
		}
		configs[i] = c
	}
	return configs, nil
}

// host runs one executor to its end.
func (p *Pool) host(m *member) {
	m.err = rouse.ErrGoexit // unless run returns
	defer func() {
		close(m.ended)
		p.Stop()
	}()
	m.err = m.run()
}

// run turns the panic of a run, which a detached task has thrown, into an
// error.
func (m *member) run() (err error) {
	defer func() {
		if v := recover(); v != nil {
			p, ok := v.(*rouse.PanicError)
			if !ok {
				p = &rouse.PanicError{Value: v, Stack: debug.Stack(), Name: m.l.Name()}
			}
			err = errors.Join(p, m.l.Close())
		}
	}()
	if err := m.l.Inject(func(*rouse.Context) { close(m.begun) }); err != nil {
		return err
	}
	err = m.l.Run(context.Background())
	return errors.Join(err, m.l.Close())
}

// Len returns how many executors there are. From any goroutine.
func (p *Pool) Len() int { return len(p.members) }

// At returns executor i, counted from 0. From any goroutine. It belongs to the
// pool: to run or close it is not for others.
func (p *Pool) At(i int) *Local { return p.members[i].l }

// Executors returns all executors, in order. From any goroutine.
func (p *Pool) Executors() []*Local {
	list := make([]*Local, len(p.members))
	for i, m := range p.members {
		list[i] = m.l
	}
	return list
}

// Stop begins the end of the pool and returns at once. Executors end one after
// the other, the last one first, so that what executor 0 gives to the others
// is there until they have ended; the tasks of each are cancelled. From anywhere, any
// number of times.
func (p *Pool) Stop() {
	p.stop.Do(func() { go p.end() })
}

// end ends the executors in order.
func (p *Pool) end() {
	var errs []error
	for i := len(p.members) - 1; i >= 0; i-- {
		m := p.members[i]
		m.l.Stop()
		<-m.ended
	}
	for _, m := range p.members {
		if m.err != nil {
			errs = append(errs, fmt.Errorf("executor %s: %w", m.l.Name(), m.err))
		}
	}
	p.procs.restore()
	p.err = errors.Join(errs...)
	close(p.done)
}

// Join waits until all executors have ended and returns what went wrong: the
// panics that no handle has handed out, as [*rouse.PanicError], and what closing
// had to say, for each executor by its name. From any goroutine; in a task it
// would wait for itself, and returns an error instead.
func (p *Pool) Join() error {
	select {
	case <-p.done:
		return p.err
	default:
	}
	if rouse.OnLoop() {
		return errors.New("rouse: Join or Close of a Pool inside a task would wait for the task itself; call Stop there")
	}
	<-p.done
	return p.err
}

// Close is Stop and Join. Closing again returns the same.
func (p *Pool) Close() error {
	p.Stop()
	return p.Join()
}
