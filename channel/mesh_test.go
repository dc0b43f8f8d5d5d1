package channel_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/channel"
	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/executor"
)

func newPool(t testing.TB, n int, set ...func(*executor.PoolConfig)) *executor.Pool {
	t.Helper()
	cfg := executor.PoolConfig{Placement: executor.Unbound(n), Executor: executor.Config{Log: silent}}
	for _, s := range set {
		s(&cfg)
	}
	p, err := executor.NewPool(cfg)
	if err != nil {
		t.Fatal(err)
	}
	alarm := time.AfterFunc(time.Minute, func() { panic(t.Name() + " hangs") })
	t.Cleanup(func() {
		alarm.Stop()
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

// A letter says where it comes from, and which of its sender's it is.
type letter struct{ from, task, n int }

// sendAll is a task that sends n letters to each of several peers in turn, some
// of them in batches.
type sendAll struct {
	port  *channel.Port[letter]
	late  func(sent int) bool // if not nil: ends it early
	task  int
	to    []int
	n     int
	sent  []int // to each
	batch []letter
}

func (s *sendAll) Poll(cx *rouse.Context) (int, error) {
	for {
		left := false
		for k, to := range s.to {
			if s.late != nil && s.late(s.sent[k]) {
				s.n = s.sent[k]
			}
			switch {
			case s.sent[k] == s.n:
				continue
			case s.task%2 == 0:
				if err := s.port.PollSend(cx, to, letter{s.port.Index(), s.task, s.sent[k]}); err != nil {
					return 0, err
				}
				s.sent[k]++
			default:
				s.batch = s.batch[:0]
				for i := range min(5, s.n-s.sent[k]) {
					s.batch = append(s.batch, letter{s.port.Index(), s.task, s.sent[k] + i})
				}
				n, err := s.port.PollSendMany(cx, to, s.batch)
				if err != nil {
					return 0, err
				}
				s.sent[k] += n
			}
			left = true
		}
		if !left {
			return s.n, nil
		}
	}
}

// recvAll receives until the end and checks the order. Several share a ledger.
type recvAll struct {
	port   *channel.Port[letter]
	ledger map[letter]int // by from and task: the next n
	buf    []letter       // of a batch, or empty
	count  int
	wrong  *atomic.Int64
}

func (r *recvAll) Poll(cx *rouse.Context) (int, error) {
	for {
		buf := r.buf
		var from int
		var err error
		if len(buf) > 0 {
			var n int
			n, from, err = r.port.PollRecvMany(cx, buf)
			buf = buf[:n]
		} else {
			var l letter
			l, from, err = r.port.PollRecv(cx)
			buf = []letter{l}
		}
		switch err {
		case nil:
		case channel.ErrClosed:
			return r.count, nil
		default:
			return 0, err
		}
		for _, l := range buf {
			key := letter{from: l.from, task: l.task}
			if l.from != from || r.ledger[key] != l.n {
				r.wrong.Add(1)
			}
			r.ledger[key] = l.n + 1
			r.count++
		}
	}
}

func TestMeshAllToAll(t *testing.T) {
	n := 20000
	if testing.Short() {
		n = 2000
	}
	const senders, receivers = 3, 2
	for _, capacity := range []int{1, 3, 256} {
		each := n
		if capacity < 8 {
			each /= 8 // nearly every letter is waited for
		}
		p := newPool(t, 3)
		mesh := channel.FullMesh[letter](capacity, p.Executors())
		var wrong atomic.Int64
		var sends, recvs []rouse.JoinHandle[int]
		for i := range p.Len() {
			ledger := map[letter]int{}
			for k := range receivers {
				r := &recvAll{port: mesh.Port(i), ledger: ledger, wrong: &wrong}
				if k%2 == 1 {
					r.buf = make([]letter, 7)
				}
				recvs = append(recvs, executor.Spawn(p.At(i), rouse.Future[int](r)))
			}
			for k := range senders {
				s := &sendAll{port: mesh.Port(i), task: k, to: []int{0, 1, 2}, n: each, sent: make([]int, 3)}
				sends = append(sends, executor.Spawn(p.At(i), rouse.Future[int](s)))
			}
		}
		want := 0
		for k, h := range sends {
			if _, err := h.Join(t.Context()); err != nil {
				t.Fatal(err)
			}
			want += 3 * each
			if (k+1)%senders == 0 { // all of this executor have sent
				closeSend(t, p.At(k/senders), mesh.Port(k/senders).CloseSend)
			}
		}
		got := 0
		for _, h := range recvs {
			v, err := h.Join(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			got += v
		}
		if got != want || wrong.Load() != 0 {
			t.Errorf("capacity %d: %d letters, want %d; %d out of order", capacity, got, want, wrong.Load())
		}
	}
}

// closeSend has f called at home.
func closeSend(t *testing.T, l *executor.Local, f func()) {
	t.Helper()
	if err := l.Inject(func(*rouse.Context) { f() }); err != nil {
		t.Fatal(err)
	}
}

func TestMeshInFibers(t *testing.T) {
	p := newPool(t, 3)
	mesh := channel.NewMesh[int](4, // two ask, one answers
		channel.Peer{Executor: p.At(0), Role: channel.Sends},
		channel.Peer{Executor: p.At(1), Role: channel.Receives},
		channel.Peer{Executor: p.At(2), Role: channel.Sends})
	sum := 0
	err := p.Each(t.Context(), func(ctx context.Context, i int) error {
		port := mesh.Port(i)
		if i == 1 {
			for {
				v, from, err := port.Recv(ctx)
				if err == channel.ErrClosed {
					return nil
				}
				if err != nil || from == 1 {
					return err
				}
				sum += v
			}
		}
		defer port.CloseSend()
		for k := range 1000 {
			if err := port.Send(ctx, 1, k); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil || sum != 999000 {
		t.Errorf("sum %d, %v", sum, err)
	}
}

func TestMeshCtxEndsAWait(t *testing.T) {
	p := newPool(t, 1)
	mesh := channel.FullMesh[int](1, p.Executors())
	err := p.Each(t.Context(), func(ctx context.Context, _ int) error {
		port := mesh.Port(0)
		short, cancel := context.WithTimeout(ctx, time.Millisecond)
		defer cancel()
		if _, _, err := port.Recv(short); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Recv: %v", err)
		}
		if err := port.Send(short, 0, 1); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Send with a ctx that has ended: %v", err)
		}
		return port.Send(ctx, 0, 2)
	})
	if err != nil {
		t.Error(err)
	}
}

func TestMeshEndsWithItsExecutor(t *testing.T) {
	p := newPool(t, 1)
	other, err := executor.New(executor.Config{})
	if err != nil {
		t.Fatal(err)
	}
	mesh := channel.FullMesh[int](2, []*executor.Local{p.At(0), other})
	if err := other.RunUntilIdle(); err != nil {
		t.Fatal(err)
	}
	full := make(chan struct{})
	h := executor.SpawnFiber(t.Context(), p.At(0), func(ctx context.Context) (int, error) {
		port := mesh.Port(0)
		for i := 0; ; i++ {
			if i == 2 {
				close(full)
			}
			if err := port.Send(ctx, 1, i); err != nil {
				_, _, got := port.TryRecv()
				if got != channel.ErrEmpty { // our own outlet to ourselves is open
					t.Errorf("TryRecv: %v", got)
				}
				return i, err
			}
		}
	})
	<-full
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Join(t.Context()); err != channel.ErrClosed {
		t.Errorf("sending to an executor that has ended: %v", err)
	}
	if v, _, err := mesh.Port(1).TryRecv(); err != channel.ErrClosed {
		t.Errorf("the port of an executor that has ended: %v, %v", v, err)
	}
}

func TestMeshMisuse(t *testing.T) {
	l, x := newLocal(t), newLocal(t)
	peer := func(ex rouse.Executor, r channel.Role) channel.Peer { return channel.Peer{Executor: ex, Role: r} }
	mustPanic(t, "capacity 0", func() { channel.FullMesh[int](0, []*executor.Local{l}) })
	mustPanic(t, "peer 1 of a Mesh has no executor", func() { channel.NewMesh[int](1, peer(l, 0), peer(nil, 0)) })
	mustPanic(t, "unknown Role 7", func() { channel.NewMesh[int](1, peer(l, 7)) })
	mustPanic(t, "needs a peer that sends", func() { channel.NewMesh[int](1, peer(l, channel.Receives)) })
	mustPanic(t, "needs a peer that sends", func() { channel.NewMesh[int](1) })
	mesh := channel.NewMesh[int](1, peer(l, channel.Sends), peer(x, channel.Receives))
	mustPanic(t, "peer 0 of a Mesh can't send to peer 0", func() { mesh.Port(0).TrySend(0, 1) })
	mustPanic(t, "can't send to peer 2", func() { mesh.Port(0).TrySend(2, 1) })
	mustPanic(t, "can't send to peer -1", func() { mesh.Port(0).TrySend(-1, 1) })
	mustPanic(t, "peer 1 of a Mesh can't send", func() { mesh.Port(1).TrySend(1, 1) })
	mustPanic(t, "peer 0 of a Mesh can't receive", func() { mesh.Port(0).TryRecv() })
	mustPanic(t, "empty buffer", func() { mesh.Port(1).TryRecvMany(nil) })
	mustPanic(t, "elsewhere than in a fiber", func() { mesh.Port(0).Send(t.Context(), 1, 1) })
	mustPanic(t, "does not send", func() { channel.NewSharded[int](mesh.Port(1), nil) })
	_, err := executor.RunUntil(x, rouse.Future[int](rouse.FutureFunc[int](func(cx *rouse.Context) (int, error) {
		mustPanic(t, "another executor", func() { _ = mesh.Port(0).PollSend(cx, 1, 1) })
		return 0, nil
	})))
	if err != nil {
		t.Error(err)
	}
}

// counting counts how often Unpark was called, and how often it found the
// executor asleep, which is when it makes a system call.
type counting struct {
	driver.Driver
	asleep         atomic.Bool
	unparks, rings atomic.Int64
}

func (c *counting) Park(until int64) (int, error) {
	if until > 0 {
		c.asleep.Store(true)
		defer c.asleep.Store(false)
	}
	return c.Driver.Park(until)
}

func (c *counting) Unpark() {
	c.unparks.Add(1)
	if c.asleep.Load() {
		c.rings.Add(1)
	}
	c.Driver.Unpark()
}

func (c *counting) NeedsThread() bool { return true }

// hum keeps an executor busy until it is told to stop.
type hum struct{ stop *atomic.Bool }

func (h *hum) Poll(cx *rouse.Context) (int, error) {
	if h.stop.Load() {
		return 0, nil
	}
	cx.WakeByRef()
	return 0, rouse.Pending
}

// enough returns what says whether so many are enough by now: from least on they
// are when two seconds are over. Where two executors that depend on each other
// don't get a CPU each, every few messages cost a turn of the scheduler's.
func enough(t *testing.T, least int) (late func(n int) bool) {
	var over atomic.Bool
	end := time.AfterFunc(2*time.Second, func() { over.Store(true) })
	t.Cleanup(func() { end.Stop() })
	return func(n int) bool { return n >= least && over.Load() }
}

func TestMeshMessageToABusyExecutorTakesNoSystemCall(t *testing.T) {
	n := 200_000
	if testing.Short() {
		n = 20_000
	}
	var drivers []*counting
	p := newPool(t, 2, func(c *executor.PoolConfig) {
		c.OpenDriver = func(int) (driver.Driver, error) {
			d, err := executor.OpenDriver("")
			drivers = append(drivers, &counting{Driver: d})
			return drivers[len(drivers)-1], err
		}
	})
	mesh := channel.FullMesh[letter](64, p.Executors())
	var stop atomic.Bool
	var hums []rouse.JoinHandle[int]
	for i := range 2 {
		started := make(chan struct{})
		hums = append(hums, executor.Spawn(p.At(i), rouse.Future[int](&hum{&stop})))
		if err := p.At(i).Inject(func(*rouse.Context) { close(started) }); err != nil {
			t.Fatal(err)
		}
		<-started
	}
	var wrong atomic.Int64
	recv := executor.Spawn(p.At(1), rouse.Future[int](&recvAll{port: mesh.Port(1), ledger: map[letter]int{}, wrong: &wrong}))
	send := executor.Spawn(p.At(0), rouse.Future[int](&sendAll{port: mesh.Port(0), to: []int{1}, n: n, sent: make([]int, 1), late: enough(t, 1000)}))
	before := [2]int64{drivers[0].rings.Load(), drivers[1].rings.Load()}
	for !send.IsFinished() { // a Join would have its end wake us
		time.Sleep(time.Millisecond)
	}
	n, err := send.Join(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for i, d := range drivers {
		if rings := d.rings.Load() - before[i]; rings != 0 {
			t.Errorf("executor %d was busy, and %d of %d messages made a system call", i, rings, n)
		}
		if unparks := d.unparks.Load(); unparks > int64(n)/4 {
			t.Errorf("executor %d was busy, and %d messages made %d Unparks", i, n, unparks)
		} else {
			t.Logf("executor %d: %d messages, %d Unparks, none of which found it asleep", i, n, unparks)
		}
	}
	closeSend(t, p.At(0), mesh.Port(0).CloseSend)
	closeSend(t, p.At(1), mesh.Port(1).CloseSend)
	if v, err := recv.Join(t.Context()); v != n || err != nil || wrong.Load() != 0 {
		t.Errorf("%d messages, %v; want %d", v, err, n)
	}
	stop.Store(true)
	for _, h := range hums {
		if _, err := h.Join(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

// meshPing and meshEcho play ping-pong over a mesh.
type meshPing struct {
	port   *channel.Port[int]
	to, n  int
	waits  bool
	late   func(rounds int) bool // if not nil: ends it early
	rounds int
}

func (p *meshPing) Poll(cx *rouse.Context) (int, error) {
	for p.n > 0 && (p.waits || p.late == nil || !p.late(p.rounds)) {
		if !p.waits {
			if err := p.port.PollSend(cx, p.to, p.n); err != nil {
				return 0, err
			}
			p.waits = true
		}
		if _, _, err := p.port.PollRecv(cx); err != nil {
			return 0, err
		}
		p.waits = false
		p.n--
		p.rounds++
	}
	return p.n, nil
}

type meshEcho struct {
	port *channel.Port[int]
	v    int
	from int // whom v goes back to, or -1
}

func (e *meshEcho) Poll(cx *rouse.Context) (int, error) {
	for {
		if e.from < 0 {
			var err error
			if e.v, e.from, err = e.port.PollRecv(cx); err != nil {
				e.from = -1
				return 0, err
			}
		}
		if err := e.port.PollSend(cx, e.from, e.v); err != nil {
			return 0, err
		}
		e.from = -1
	}
}

func TestMeshAllocatesNothing(t *testing.T) {
	l := newLocal(t) // two peers on one executor: every message is waited for
	mesh := channel.FullMesh[int](1, []*executor.Local{l, l})
	executor.SpawnDetached(l, rouse.Future[int](&meshEcho{port: mesh.Port(1), from: -1}))
	ping := &meshPing{port: mesh.Port(0), to: 1}
	roundTrips := func(n int) {
		ping.n = n
		executor.SpawnDetached(l, rouse.Future[int](ping))
		l.RunUntilIdle()
	}
	roundTrips(10)
	start := testing.AllocsPerRun(20, func() { roundTrips(0) }) // the executor's own
	if n := testing.AllocsPerRun(20, func() { roundTrips(1000) }); n != start {
		t.Errorf("%v allocations in 1000 round trips", n-start)
	}
	if ping.n != 0 {
		t.Error("the game is not over")
	}
}

func TestShardedKeysHaveOneOwner(t *testing.T) {
	a, b, c := newIsland(), newIsland(), newIsland()
	mesh := channel.NewMesh[int](1000,
		channel.Peer{Executor: a, Role: channel.Both},
		channel.Peer{Executor: b, Role: channel.Sends},
		channel.Peer{Executor: c, Role: channel.Receives})
	for name, hash := range map[string]func(int) uint64{
		"own": nil, "identity": func(k int) uint64 { return uint64(k) }, "shifted": func(k int) uint64 { return uint64(k) << 48 },
	} {
		one, two := channel.NewSharded(mesh.Port(0), hash), channel.NewSharded(mesh.Port(1), hash)
		count := [3]int{}
		for key := range 1000 {
			owner := one.Owner(key)
			if owner != two.Owner(key) || one.Owns(key) != (owner == 0) || two.Owns(key) {
				t.Fatalf("%s: key %d belongs to %d and %d", name, key, owner, two.Owner(key))
			}
			count[owner]++
			if err := two.TrySend(key, key); err != nil {
				t.Fatal(err)
			}
		}
		if count[1] != 0 || count[0] < 400 || count[2] < 400 {
			t.Errorf("%s: the owners of 1000 keys are %v", name, count)
		}
		for i, n := range count {
			for ; n > 0; n-- {
				key, from, err := mesh.Port(i).TryRecv()
				if err != nil || from != 1 || one.Owner(key) != i {
					t.Fatalf("%s: port %d got key %d from %d, %v", name, i, key, from, err)
				}
			}
		}
	}
}

// Two tasks on two cores, one message at a time: each wait is a chance to lose a
// wake, and nobody else would make up for it. Where the two don't get both cores
// a round trip can take milliseconds, so there is a limit of time as well; what
// tells a lost wake from that is that the game ends at all.
func TestMeshLosesNoWake(t *testing.T) {
	n := 300_000
	if testing.Short() {
		n = 20_000
	}
	spin := func(c *executor.PoolConfig) { c.Executor.Spin = time.Millisecond } // races are between those awake
	t.Run("ping-pong", func(t *testing.T) {
		p := newPool(t, 2, spin)
		mesh := channel.FullMesh[int](1, p.Executors())
		executor.SpawnDetached(p.At(1), rouse.Future[int](&meshEcho{port: mesh.Port(1), from: -1}))
		h := executor.Spawn(p.At(0), rouse.Future[int](&meshPing{port: mesh.Port(0), to: 1, n: n, late: enough(t, 1)}))
		left, err := h.Join(t.Context())
		if err != nil || left == n {
			t.Error(left, err)
		}
		t.Logf("%d round trips", n-left)
	})
	for _, capacity := range []int{1, 2} {
		t.Run(fmt.Sprintf("stream of %d", capacity), func(t *testing.T) {
			p := newPool(t, 2, spin)
			mesh := channel.FullMesh[letter](capacity, p.Executors())
			var wrong atomic.Int64
			r := executor.Spawn(p.At(1), rouse.Future[int](&recvAll{port: mesh.Port(1), ledger: map[letter]int{}, wrong: &wrong}))
			s := executor.Spawn(p.At(0), rouse.Future[int](&sendAll{port: mesh.Port(0), to: []int{1}, n: n, sent: make([]int, 1), late: enough(t, 1)}))
			sent, err := s.Join(t.Context())
			if err != nil || sent == 0 {
				t.Error(sent, err)
			}
			closeSend(t, p.At(0), mesh.Port(0).CloseSend)
			closeSend(t, p.At(1), mesh.Port(1).CloseSend)
			if v, err := r.Join(t.Context()); v != sent || err != nil || wrong.Load() != 0 {
				t.Errorf("%d letters of %d, %v", v, sent, err)
			}
			t.Logf("%d letters", sent)
		})
	}
}
