package channel_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/channel"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/internal/gid"
)

// hangs ends the test run, with all stacks, if the test takes for ever.
func hangs(t testing.TB) {
	name := t.Name()
	alarm := time.AfterFunc(30*time.Second, func() {
		stacks := make([]byte, 1<<20)
		panic(fmt.Sprintf("%s hangs\n%s", name, stacks[:runtime.Stack(stacks, true)]))
	})
	t.Cleanup(func() { alarm.Stop() })
}

// stalls ends the test run, with all stacks, if done is the same for long. It is
// for tests that take as long as the machine lets them: what a lost wake leaves is
// a standstill.
func stalls(t testing.TB, done *atomic.Int64) {
	name := t.Name()
	over := make(chan struct{})
	var watch sync.WaitGroup
	watch.Go(func() {
		tick := time.NewTicker(30 * time.Second)
		defer tick.Stop()
		for before := int64(-1); ; {
			select {
			case <-over:
				return
			case <-tick.C:
			}
			now := done.Load()
			if now == before {
				stacks := make([]byte, 1<<20)
				panic(fmt.Sprintf("%s stands still at %d\n%s", name, now, stacks[:runtime.Stack(stacks, true)]))
			}
			before = now
		}
	})
	t.Cleanup(func() {
		close(over)
		watch.Wait()
	})
}

func newShared(t testing.TB, workers int) *executor.Shared {
	t.Helper()
	s, err := executor.NewShared(executor.SharedConfig{Workers: workers})
	if err != nil {
		t.Fatal(err)
	}
	ran := make(chan error, 1)
	go func() { ran <- s.Run(context.Background()) }()
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		<-ran
	})
	return s
}

func TestMPMCTries(t *testing.T) {
	c := channel.NewMPMC[int](2)
	check(t, 0, c.TrySend(1), 0, nil)
	check(t, 0, c.TrySend(2), 0, nil)
	check(t, 0, c.TrySend(3), 0, channel.ErrFull)
	if c.Len() != 2 || c.Cap() != 2 || c.Closed() {
		t.Errorf("Len %d, Cap %d, Closed %v", c.Len(), c.Cap(), c.Closed())
	}
	v, err := c.TryRecv()
	check(t, v, err, 1, nil)
	c.Close()
	c.Close()
	check(t, 0, c.TrySend(4), 0, channel.ErrClosed)
	v, err = c.TryRecv()
	check(t, v, err, 2, nil)
	v, err = c.TryRecv()
	check(t, v, err, 0, channel.ErrClosed)
	mustPanic(t, "NewMPMC with capacity 0", func() { channel.NewMPMC[int](0) })
	mustPanic(t, "zero MPMC", func() { new(channel.MPMC[int]).TryRecv() })
	mustPanic(t, "zero MPMCRecv", func() { new(channel.MPMCRecv[int]).Poll(newHand().cx) })
	mustPanic(t, "zero MPMCSend", func() { new(channel.MPMCSend[int]).Poll(newHand().cx) })
}

// receiver takes elements until the channel is closed; now and then it gives its
// future up and takes a new one, and it changes between the forms.
type receiver struct {
	c    *channel.MPMC[int]
	f    channel.MPMCRecv[int]
	rng  *rand.Rand
	take func(int)
}

func (r *receiver) Poll(cx *rouse.Context) (struct{}, error) {
	for {
		switch r.rng.IntN(8) {
		case 0:
			r.f.Drop()
			r.f = r.c.RecvFuture()
		case 1:
			cx.WakeByRef() // a poll that nobody asked for
		}
		v, err := r.f.Poll(cx)
		switch err {
		case nil:
			r.take(v)
		case channel.ErrClosed:
			return struct{}{}, nil
		default:
			return struct{}{}, err
		}
	}
}

func (r *receiver) Drop() { r.f.Drop() }

// sender sends n numbers from first on, likewise.
type sender struct {
	c        *channel.MPMC[int]
	f        channel.MPMCSend[int]
	rng      *rand.Rand
	next, to int
	has      bool
}

func (s *sender) Poll(cx *rouse.Context) (struct{}, error) {
	for s.next < s.to {
		if s.rng.IntN(8) == 0 {
			s.f.Take()
			s.f, s.has = s.c.SendFuture(s.next), true
		}
		if !s.has {
			s.f.Set(s.next)
			s.has = true
		}
		if _, err := s.f.Poll(cx); err != nil {
			return struct{}{}, err
		}
		s.next++
		s.has = false
	}
	return struct{}{}, nil
}

func (s *sender) Drop() { s.f.Drop() }

// Every kind of sender and receiver at once, on few places, so that all wait
// often. Each element must come out once; a lost wake is a hang.
func TestStressMPMC(t *testing.T) {
	each := 20_000
	if testing.Short() {
		each = 2000
	}
	for _, capacity := range []int{1, 2, 16} {
		t.Run(fmt.Sprint(capacity), func(t *testing.T) { stressMPMC(t, capacity, each) })
	}
}

func stressMPMC(t *testing.T, capacity, each int) {
	c := channel.NewMPMC[int](capacity)
	shared := newShared(t, 3)
	var seen []atomic.Bool
	var received atomic.Int64
	stalls(t, &received)
	take := func(v int) {
		if seen[v].Swap(true) {
			t.Errorf("%d came twice", v)
		}
		received.Add(1)
	}
	spawned := func(f rouse.Future[struct{}]) func() {
		h := executor.SpawnShared(shared, f)
		return func() {
			if _, err := rouse.BlockOn[struct{}](h); err != nil {
				t.Error(err)
			}
		}
	}
	inFiber := func(fn func(ctx context.Context) error) func() {
		return func() {
			if err := executor.Run(fn); err != nil {
				t.Error(err)
			}
		}
	}
	rng := func(i int) *rand.Rand { return rand.New(rand.NewPCG(uint64(i), uint64(capacity))) }
	kinds := []struct {
		send func(first, end int) func()
		recv func(i int) func()
	}{
		{ // futures in tasks that move
			func(first, end int) func() {
				return spawned(&sender{c: c, f: c.SendFuture(first), has: true, rng: rng(first), next: first, to: end})
			},
			func(i int) func() { return spawned(&receiver{c: c, f: c.RecvFuture(), rng: rng(-i), take: take}) },
		},
		{ // the poll forms
			func(first, end int) func() { return spawned(&crowdSender{c: c, next: first, to: end}) },
			func(int) func() { return spawned(&crowdReceiver{c: c, take: take}) },
		},
		{ // goroutines, whose ctx ends now and then
			func(first, end int) func() { return func() { sendImpatiently(t, c, first, end) } },
			func(int) func() { return func() { recvImpatiently(t, c, take) } },
		},
		{ // fibers, each on an executor of its own
			func(first, end int) func() {
				return inFiber(func(ctx context.Context) error {
					for v := first; v < end; v++ {
						if err := c.Send(ctx, v); err != nil {
							return err
						}
					}
					return nil
				})
			},
			func(int) func() {
				return inFiber(func(ctx context.Context) error {
					for {
						v, err := c.Recv(ctx)
						if err == channel.ErrClosed {
							return nil
						}
						if err != nil {
							return err
						}
						take(v)
					}
				})
			},
		},
	}
	total := 2 * len(kinds) * each
	seen = make([]atomic.Bool, total)
	var senders, receivers sync.WaitGroup
	for i := range 2 * len(kinds) {
		k := kinds[i/2]
		senders.Go(k.send(i*each, (i+1)*each))
		receivers.Go(k.recv(i))
	}
	senders.Wait()
	c.Close()
	receivers.Wait()
	if received.Load() != int64(total) {
		t.Errorf("%d of %d received", received.Load(), total)
	}
}

func sendImpatiently(t *testing.T, c *channel.MPMC[int], first, end int) {
	for v := first; v < end; {
		ctx, cancel := impatient(v)
		err := c.Send(ctx, v)
		cancel()
		switch err {
		case nil:
			v++
		case context.DeadlineExceeded:
		default:
			t.Error(err)
			return
		}
	}
}

func recvImpatiently(t *testing.T, c *channel.MPMC[int], take func(int)) {
	for n := 0; ; n++ {
		ctx, cancel := impatient(n)
		v, err := c.Recv(ctx)
		cancel()
		switch err {
		case nil:
			take(v)
		case context.DeadlineExceeded:
		case channel.ErrClosed:
			return
		default:
			t.Error(err)
			return
		}
	}
}

// impatient returns a ctx that ends soon every now and then.
func impatient(n int) (context.Context, func()) {
	if n%64 != 0 {
		return context.Background(), func() {}
	}
	return context.WithTimeout(context.Background(), 20*time.Microsecond+time.Duration(rand.IntN(200))*time.Microsecond)
}

type crowdSender struct {
	c        *channel.MPMC[int]
	next, to int
}

func (s *crowdSender) Poll(cx *rouse.Context) (struct{}, error) {
	for ; s.next < s.to; s.next++ {
		if err := s.c.PollSend(cx, s.next); err != nil {
			return struct{}{}, err
		}
	}
	return struct{}{}, nil
}

type crowdReceiver struct {
	c    *channel.MPMC[int]
	take func(int)
}

func (r *crowdReceiver) Poll(cx *rouse.Context) (struct{}, error) {
	for {
		v, err := r.c.PollRecv(cx)
		switch err {
		case nil:
			r.take(v)
		case channel.ErrClosed:
			return struct{}{}, nil
		default:
			return struct{}{}, err
		}
	}
}

// Waiting in the poll forms allocates nothing.
func TestMPMCNoAllocations(t *testing.T) {
	c := channel.NewMPMC[int](1)
	a, b := newHand(), newHand()
	recv, send := c.RecvFuture(), c.SendFuture(0)
	send.Take()
	round := func() {
		a.cx.Refund()
		b.cx.Refund()
		recv.Poll(a.cx)     // yields
		recv.Poll(a.cx)     // waits
		c.PollRecv(b.cx)    // waits
		c.PollSend(b.cx, 1) // wakes the first
		send.Set(2)
		send.Poll(b.cx)  // yields
		send.Poll(b.cx)  // waits
		recv.Poll(a.cx)  // takes 1
		send.Poll(b.cx)  // sends 2
		c.PollRecv(a.cx) // takes 2
		recv.Poll(a.cx)  // yields
		recv.Poll(a.cx)  // waits
		recv.Drop()
		for range 4 {
			a.cx.Refund()
			b.cx.Refund()
		}
	}
	round()
	if n := testing.AllocsPerRun(200, round); n != 0 {
		t.Errorf("%v allocations", n)
	}
	ctx := context.Background()
	if n := testing.AllocsPerRun(200, func() {
		c.Send(ctx, 1)
		c.Recv(ctx)
	}); n != 0 {
		t.Errorf("ctx forms: %v allocations", n)
	}
	if !gid.Known {
		return // a fiber that waits is woken from elsewhere then, which costs
	}
	run(t, func(ctx context.Context, l *executor.Local) {
		back := channel.NewMPMC[int](1)
		h := goFiber(ctx, l, func(ctx context.Context) {
			for {
				v, err := c.Recv(ctx)
				if err != nil {
					return
				}
				back.Send(ctx, v)
			}
		})
		round := func() {
			c.Send(ctx, 1)
			back.Recv(ctx) // waits
		}
		round()
		if n := testing.AllocsPerRun(200, round); n != 0 {
			t.Errorf("fibers: %v allocations", n)
		}
		c.Close()
		h.Join(ctx)
	})
}
