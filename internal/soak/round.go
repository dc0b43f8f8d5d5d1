package main

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"log/slog"
	"math/rand/v2"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/channel"
	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/driver/epoll"
	"github.com/rouse-go/rouse/driver/manual"
	"github.com/rouse-go/rouse/driver/portable"
	"github.com/rouse-go/rouse/driver/uring"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/internal/gid"
	"github.com/rouse-go/rouse/internal/leakcheck"
	"github.com/rouse-go/rouse/netio"
	"github.com/rouse-go/rouse/timer"
)

// roundLimit is how long a round may take; it takes some milliseconds.
const roundLimit = 60 * time.Second

// A round is one random program, from an empty process to an empty process. What
// it does depends on driver and seed only; on the manual driver it does it in the
// same order each time.
type round struct {
	driver string
	seed   uint64
	plan   plan
	rng    *rand.Rand

	book   *book
	dir    string // for files
	sites  []*site
	shared *executor.Shared // nil on the manual driver
	mpmc   *channel.MPMC[int]
	abroad sync.WaitGroup // goroutines that wake, or visit

	addresses meeting     // every site has its address
	done      meeting     // every site, and visitor, has done its work
	ending    atomic.Bool // everything is being stopped, in the midst of it

	steps  uint64 // of the trace
	digest uint64 // of the trace
}

// A plan says how much there is of everything.
type plan struct {
	real     bool // more than one goroutine, files, and a clock that goes by itself
	sites    int
	roots    int // scripts that each site begins with
	visitors int // plain goroutines
	steps    int // of a script, at most
	deep     int // levels of children
	patience time.Duration
	abrupt   time.Duration // stop everything after that; 0: let it end
}

func newRound(driver string, seed uint64) *round {
	// The stream is the driver's, so that a seed is another program on each.
	h := fnv.New64a()
	h.Write([]byte(driver))
	r := &round{driver: driver, seed: seed, rng: rand.New(rand.NewPCG(seed, h.Sum64())), book: newBook()}
	p := plan{sites: 1, roots: 1 + r.rng.IntN(30), steps: 1 + r.rng.IntN(12), deep: r.rng.IntN(4), patience: time.Second}
	if driver != "manual" {
		p.real, p.sites, p.visitors = true, 1+r.rng.IntN(3), r.rng.IntN(4)
		p.roots = 1 + r.rng.IntN(12)
		p.patience = time.Duration(1 + r.rng.Int64N(int64(8*time.Millisecond)))
		if r.rng.IntN(4) == 0 {
			p.abrupt = time.Duration(1 + r.rng.Int64N(int64(20*time.Millisecond)))
		}
	}
	r.plan = p
	r.mpmc = channel.NewMPMC[int](1 << r.rng.IntN(6))
	r.addresses.n, r.done.n = p.sites, p.sites+p.visitors
	return r
}

// A site is an executor with what belongs to it.
type site struct {
	ex      *executor.Local
	bounded *channel.Bounded[int]
	addr    string
	server  rouse.JoinHandle[int]
	seed    uint64
}

func (r *round) openDriver() (driver.Driver, error) {
	switch r.driver {
	case "manual":
		return manual.New(manual.Config{AutoAdvance: true, Buffer: 1 << (15 + r.rng.IntN(3))})
	case "uring": // at times with so little of everything that it runs short
		return uring.New(uring.Config{Entries: 8 << r.rng.IntN(6), Buffers: 64 << r.rng.IntN(4),
			BufferSize: 1024 << r.rng.IntN(3), FileThreads: 1 + r.rng.IntN(4)})
	case "epoll":
		return epoll.New(epoll.Config{FileThreads: 1 + r.rng.IntN(4)})
	case "portable":
		return portable.New(portable.Config{})
	}
	return nil, fmt.Errorf("no driver %q", r.driver)
}

// ticks are the resolutions of timers that rounds have.
var ticks = []time.Duration{10 * time.Microsecond, 100 * time.Microsecond, time.Millisecond}

func (r *round) newSite() (*site, error) {
	d, err := r.openDriver()
	if err != nil {
		return nil, err
	}
	ex, err := executor.New(executor.Config{Driver: d, Tick: ticks[r.rng.IntN(len(ticks))], Seed: r.rng.Uint64() | 1,
		Log: slog.New(slog.DiscardHandler), OnPanic: r.panicked})
	if err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return &site{ex: ex, bounded: channel.NewBounded[int](1 + r.rng.IntN(8)), seed: r.rng.Uint64()}, nil
}

// panicked sees panics that nobody joins: a step's own, if the task that would
// have joined it was dropped.
func (r *round) panicked(p *rouse.PanicError) {
	if p.Value != onPurpose {
		r.book.failf("a panic: %v\n%s", p.Value, p.Stack)
	}
}

// run runs the round. An error says that it could not begin; what it has found
// stands in the book.
func (r *round) run() (err error) {
	before := leakcheck.Take()
	if err := r.open(); err != nil {
		return err
	}
	var sites, workers sync.WaitGroup
	if r.shared != nil {
		workers.Go(func() { _ = r.shared.Run(context.Background()) })
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	for range r.plan.visitors {
		s, w := r.newScript("visitor", r.sites[0], r.rng, r.plan.deep)
		r.abroad.Go(func() {
			defer r.done.arrive()
			_, _ = rouse.Await(ctx, rouse.Future[int](rouse.FutureFunc[int](func(cx *rouse.Context) (int, error) {
				return 0, r.addresses.poll(cx)
			})))
			s.visit(ctx)
			w.end("result")
		})
	}
	if r.plan.abrupt > 0 {
		ender := time.AfterFunc(r.plan.abrupt, func() { r.stop(stop) })
		defer ender.Stop()
	}
	if !r.plan.real {
		r.live(r.sites[0]) // on this goroutine: nobody else may have a say
	}
	for _, st := range r.sites {
		if r.plan.real {
			sites.Go(func() { r.live(st) })
		}
	}
	sites.Wait()
	stop()
	if r.shared != nil {
		if err := r.shared.Close(); err != nil {
			r.book.failf("closing the shared executor: %v", err)
		}
	}
	workers.Wait()
	r.abroad.Wait()
	r.settle()
	if r.ending.Load() && (r.plan.visitors > 0 || !gid.Known) {
		// A WithTimeout that is cancelled from elsewhere may be too late for its
		// executor, whose Close then disarms it.
		before["timers"] += taskLimit
	}
	if extra := before.Extra(5 * time.Second); !extra.Zero() {
		r.book.failf("left behind: %v", extra)
	}
	return nil
}

// open makes what the round consists of.
func (r *round) open() (err error) {
	for range r.plan.sites {
		st, err := r.newSite()
		if err != nil {
			for _, st := range r.sites {
				st.ex.Close()
			}
			return err
		}
		r.sites = append(r.sites, st)
	}
	if !r.plan.real {
		return nil
	}
	if r.dir, err = os.MkdirTemp("", "rouse-soak-*"); err != nil {
		return err
	}
	r.shared, err = executor.NewShared(executor.SharedConfig{Workers: 1 + r.rng.IntN(3),
		Log: slog.New(slog.DiscardHandler), OnPanic: r.panicked})
	return err
}

// stop ends everything in the midst of it.
func (r *round) stop(visitors func()) {
	r.ending.Store(true)
	visitors()
	for _, st := range r.sites {
		st.ex.Stop()
	}
	r.shared.Stop()
}

// live is the life of a site, on a goroutine of its own.
func (r *round) live(st *site) {
	_, err := executor.RunUntil[int](st.ex, &root{r: r, st: st})
	if err != nil && !(r.ending.Load() && errors.Is(err, rouse.ErrCanceled)) {
		r.book.failf("the root of a site: %v", err)
	}
	if err := st.ex.Close(); err != nil && !r.onPurpose(err) {
		r.book.failf("closing a site: %v", err)
	}
}

// onPurpose reports whether err is nothing but panics that a step made.
func (r *round) onPurpose(err error) bool {
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		for _, one := range many.Unwrap() {
			if !r.onPurpose(one) {
				return false
			}
		}
		return true
	}
	var p *rouse.PanicError
	return errors.As(err, &p) && p.Value == onPurpose
}

// settle compares what was to be with what was, when all is over.
func (r *round) settle() {
	for {
		n, err := r.mpmc.TryRecv()
		if err != nil {
			break
		}
		r.book.got(n)
	}
	r.book.balance(!r.ending.Load())
	for _, w := range r.book.owed {
		r.book.mu.Lock()
		over := w.over()
		r.book.mu.Unlock()
		if !over {
			r.book.failf("task %d (%s) has neither ended nor was it dropped", w.id, w.kind)
		}
	}
	if r.dir != "" { // an open that was cancelled may have made a file after its fiber has removed it
		os.RemoveAll(r.dir)
	}
}

// goroutine starts one that the round waits for.
func (r *round) goroutine(f func()) { r.abroad.Go(f) }

// trace makes what happens, in its order, a part of the digest. Only on the
// manual driver, where one goroutine does everything.
func (r *round) trace(id int, what string) {
	if r.plan.real {
		return
	}
	h := fnv.New64a()
	fmt.Fprint(h, r.digest, r.sites[0].ex.Driver().Now(), id, what)
	r.digest = h.Sum64()
	r.steps++
}

// root is the first task of a site: it opens the server, begins the scripts, and
// sees to it that all has ended when it ends.
type root struct {
	r    *round
	st   *site
	at   int
	l    *netio.Listener
	rng  *rand.Rand
	wait rouse.Future[int]
	jobs []job
}

// A job is a script that the root joins.
type job struct {
	j rouse.JoinHandle[int]
	w *watch
}

func (t *root) Poll(cx *rouse.Context) (int, error) {
	for ; ; t.at++ {
		if err := t.stage(cx); err != nil || t.at == 7 {
			return 0, err
		}
	}
}

// stage does what is next, and returns Pending if that is not over.
func (t *root) stage(cx *rouse.Context) (err error) {
	r, st := t.r, t.st
	switch t.at {
	case 0:
		t.rng = rand.New(rand.NewPCG(st.seed, 0))
		if t.l, err = netio.PollListen(cx, "tcp", "127.0.0.1:0"); err != nil {
			return err
		}
		st.addr = t.l.Addr().String()
		st.server = executor.Spawn[int](st.ex, r.serve(st, t.l))
		r.addresses.arrive()
	case 1:
		return r.addresses.poll(cx)
	case 2:
		for range r.plan.roots {
			s := &script{w: &watch{r: r}, rng: t.rng, on: st, deep: r.plan.deep + 1}
			if j, w := s.spawn(); w != nil {
				t.jobs = append(t.jobs, job{j, w})
			}
		}
	case 3:
		for len(t.jobs) > 0 {
			v, err := t.jobs[0].j.Poll(cx)
			if err == rouse.Pending {
				return err
			}
			(&script{w: &watch{r: r}}).joined(t.jobs[0].w, v, err, false)
			t.jobs = t.jobs[1:]
		}
		r.done.arrive()
	case 4:
		return r.done.poll(cx)
	case 5: // those that nobody has joined, here and elsewhere
		return t.until(cx, func() bool { return r.allEnded() })
	case 6:
		if t.l != nil {
			t.l.Close()
			t.l = nil
		}
		if _, err = st.server.Poll(cx); err != nil {
			return err
		}
		fallthrough
	default:
		t.at = 7
		looks := 0 // a goroutine's word that a timer is not needed may be on its way
		if err := t.until(cx, func() bool {
			looks++
			return st.ex.Live() == 1 && (looks > 2 || st.ex.Alarms().Len() == 0)
		}); err != nil {
			return err
		}
		if n := st.ex.Alarms().Len(); n != 0 {
			r.book.failf("%d timers are set, and nobody waits", n)
		}
		for n, err := st.bounded.TryRecv(); err == nil; n, err = st.bounded.TryRecv() {
			r.book.got(n)
		}
	}
	return nil
}

// until waits, looking now and then.
func (t *root) until(cx *rouse.Context, over func() bool) error {
	for {
		if t.wait == nil {
			if over() {
				return nil
			}
			f := timer.Sleep(time.Millisecond)
			t.wait = &dropping{inner: f, poll: func(cx *rouse.Context) (int, error) {
				_, err := f.Poll(cx)
				return 0, err
			}}
		}
		if _, err := t.wait.Poll(cx); err != nil {
			return err
		}
		t.wait = nil
	}
}

func (t *root) Drop() {
	if d, ok := t.wait.(rouse.Dropper); ok {
		d.Drop()
	}
	if t.l != nil {
		t.l.Close()
	}
}

// allEnded reports whether no watched task is alive.
func (r *round) allEnded() bool {
	r.book.mu.Lock()
	defer r.book.mu.Unlock()
	for _, w := range r.book.owed {
		if !w.over() {
			return false
		}
	}
	return true
}

// A meeting is over when as many as were expected have arrived.
type meeting struct {
	mu     sync.Mutex
	n      int
	wakers []rouse.Waker
}

func (m *meeting) arrive() {
	m.mu.Lock()
	m.n--
	var wakers []rouse.Waker
	if m.n == 0 {
		wakers = m.wakers
	}
	m.mu.Unlock()
	for _, w := range wakers {
		w.Wake()
	}
}

// poll returns nil when it is over, or Pending.
func (m *meeting) poll(cx *rouse.Context) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.n > 0 {
		m.wakers = append(m.wakers, cx.Waker())
		return rouse.Pending
	}
	return nil
}
