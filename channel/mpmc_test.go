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

// waits polls until f waits: a future that finds nothing yields first.
func waits(t *testing.T, h *hand, poll func(cx *rouse.Context) error) {
	t.Helper()
	before := h.wakes
	for range 2 {
		if err := poll(h.renew()); err != rouse.Pending {
			t.Fatalf("%v; want Pending", err)
		}
	}
	if h.wakes != before+1 {
		t.Fatalf("%d wakes before it waits; want 1", h.wakes-before)
	}
	h.wakes = before
}

func recvWaits(t *testing.T, h *hand, f *channel.MPMCRecv[int]) {
	t.Helper()
	waits(t, h, func(cx *rouse.Context) error { _, err := f.Poll(cx); return err })
}

func sendWaits(t *testing.T, h *hand, f *channel.MPMCSend[int]) {
	t.Helper()
	waits(t, h, func(cx *rouse.Context) error { _, err := f.Poll(cx); return err })
}

// One element wakes one future, the one that has waited longest, and a future
// that goes lets the next have its wake.
func TestMPMCOneWakeForOne(t *testing.T) {
	c := channel.NewMPMC[int](4)
	var tasks [3]*hand
	var recvs [3]channel.MPMCRecv[int]
	for i := range tasks {
		tasks[i], recvs[i] = newHand(), c.RecvFuture()
		recvWaits(t, tasks[i], &recvs[i])
	}
	wakes := func(want ...int) {
		t.Helper()
		for i, h := range tasks {
			if h.wakes != want[i] {
				t.Fatalf("wakes of %d: %d; want %v", i, h.wakes, want)
			}
		}
	}
	c.TrySend(1)
	wakes(1, 0, 0)
	recvs[0].Drop() // its wake is for somebody
	wakes(1, 1, 0)
	recvs[2].Drop() // was not woken
	wakes(1, 1, 0)
	v, err := recvs[1].Poll(tasks[1].renew())
	check(t, v, err, 1, nil)
	recvWaits(t, tasks[1], &recvs[1]) // again, for the next
	c.TrySend(2)
	wakes(1, 2, 0)
	v, err = c.TryRecv() // quicker
	check(t, v, err, 2, nil)
	_, err = recvs[1].Poll(tasks[1].renew())
	check(t, 0, err, 0, rouse.Pending)
	c.TrySend(3)
	wakes(1, 3, 0)
	recvs[1].Drop()
	for i, h := range tasks {
		if h.extra != 0 {
			t.Errorf("task %d: %d counted wakers left", i, h.extra)
		}
	}
}

// A wake may stand for several elements: who has had one passes it on. Here the
// first wake comes too early, as if the send that it was for had overtaken one
// that has not ended.
func TestMPMCPassesOn(t *testing.T) {
	c := channel.NewMPMC[int](4)
	a, b := newHand(), newHand()
	fa, fb := c.RecvFuture(), c.RecvFuture()
	recvWaits(t, a, &fa)
	c.TrySend(1) // wakes a
	c.TrySend(2) // nobody else waits
	c.TryRecv()
	c.TryRecv()
	_, err := fa.Poll(a.renew()) // waits again
	check(t, 0, err, 0, rouse.Pending)
	recvWaits(t, b, &fb)
	a.wakes = 0
	c.TrySend(3)
	c.TrySend(4)
	if a.wakes != 1 || b.wakes != 1 {
		t.Fatalf("wakes %d and %d", a.wakes, b.wakes)
	}
	fb.Drop() // not needed: a has been woken too, and finds both
	v, err := fa.Poll(a.renew())
	check(t, v, err, 3, nil)
	v, err = fa.Poll(a.renew())
	check(t, v, err, 4, nil)
}

// A future that is polled by another task wakes that one from then on.
func TestMPMCFutureMoves(t *testing.T) {
	c := channel.NewMPMC[int](1)
	a, b := newHand(), newHand()
	f := c.RecvFuture()
	recvWaits(t, a, &f)
	f.Poll(b.cx)
	c.TrySend(1)
	if a.wakes != 0 || b.wakes != 1 {
		t.Errorf("wakes %d and %d", a.wakes, b.wakes)
	}
	s := c.SendFuture(2)
	sendWaits(t, a, &s)
	s.Poll(b.renew())
	f.Poll(b.renew())
	if a.wakes != 0 || b.wakes != 2 {
		t.Errorf("wakes %d and %d", a.wakes, b.wakes)
	}
	if _, err := s.Poll(b.renew()); err != nil {
		t.Error(err)
	}
	mustPanic(t, "after its result", func() { s.Poll(b.renew()) })
	s.Set(3)
	mustPanic(t, "Set on", func() { s.Set(4) })
	if v, ok := s.Take(); v != 3 || !ok {
		t.Errorf("Take: %d, %v", v, ok)
	}
	if a.extra != 0 || b.extra != 0 {
		t.Errorf("%d and %d counted wakers left", a.extra, b.extra)
	}
}

// Tasks without a future are all woken, and futures go before them.
func TestMPMCCrowd(t *testing.T) {
	c := channel.NewMPMC[int](1)
	a, b, d := newHand(), newHand(), newHand()
	for range 3 { // once each, however often they look
		for _, h := range []*hand{a, b} {
			if _, err := c.PollRecv(h.renew()); err != rouse.Pending {
				t.Fatal(err)
			}
		}
	}
	f := c.RecvFuture()
	recvWaits(t, d, &f)
	c.TrySend(1)
	if a.wakes+b.wakes != 0 || d.wakes != 1 {
		t.Fatalf("wakes %d, %d, %d", a.wakes, b.wakes, d.wakes)
	}
	f.Drop()
	if a.wakes != 1 || b.wakes != 1 {
		t.Fatalf("wakes %d, %d", a.wakes, b.wakes)
	}
	v, err := c.PollRecv(a.renew())
	check(t, v, err, 1, nil)
	c.TrySend(2)
	for range 3 {
		if err := c.PollSend(b.renew(), 3); err != rouse.Pending {
			t.Fatal(err)
		}
	}
	c.TryRecv()
	if b.wakes != 2 {
		t.Errorf("%d wakes", b.wakes)
	}
	check(t, 0, c.PollSend(b.renew(), 3), 0, nil)
	if a.extra+b.extra+d.extra != 0 {
		t.Errorf("%d, %d, %d counted wakers left", a.extra, b.extra, d.extra)
	}
}

// 124 for MPMC: Close wakes who waits at either end.
func TestConformance_124_MPMCClose(t *testing.T) {
	full, empty := channel.NewMPMC[int](1), channel.NewMPMC[int](1)
	full.TrySend(1)
	var tasks [4]*hand
	for i := range tasks {
		tasks[i] = newHand()
	}
	recv, send := empty.RecvFuture(), full.SendFuture(2)
	recvWaits(t, tasks[0], &recv)
	empty.PollRecv(tasks[1].cx)
	sendWaits(t, tasks[2], &send)
	full.PollSend(tasks[3].cx, 3)
	full.Close()
	empty.Close()
	for i, h := range tasks {
		if h.wakes != 1 {
			t.Errorf("task %d: %d wakes", i, h.wakes)
		}
	}
	_, err := recv.Poll(tasks[0].renew())
	check(t, 0, err, 0, channel.ErrClosed)
	_, err = empty.PollRecv(tasks[1].renew())
	check(t, 0, err, 0, channel.ErrClosed)
	_, err = send.Poll(tasks[2].renew())
	check(t, 0, err, 0, channel.ErrClosed)
	check(t, 0, full.PollSend(tasks[3].renew(), 3), 0, channel.ErrClosed)
	v, ok := send.Take()
	if v != 2 || !ok {
		t.Errorf("Take: %d, %v", v, ok)
	}
	v, err = full.TryRecv()
	check(t, v, err, 1, nil)
	for i, h := range tasks {
		if h.extra != 0 {
			t.Errorf("task %d: %d counted wakers left", i, h.extra)
		}
	}
}

// More wait at once than there are slots in a chunk, and all are served.
func TestMPMCManyWait(t *testing.T) {
	const n = 200
	c := channel.NewMPMC[int](n)
	var tasks [n]*hand
	var recvs [n]channel.MPMCRecv[int]
	for i := range n {
		tasks[i], recvs[i] = newHand(), c.RecvFuture()
		recvWaits(t, tasks[i], &recvs[i])
	}
	for i := range n {
		c.TrySend(i)
		if tasks[i].wakes != 1 {
			t.Fatalf("element %d did not wake task %d", i, i)
		}
	}
	for i := range n {
		v, err := recvs[i].Poll(tasks[i].renew())
		check(t, v, err, i, nil)
	}
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
