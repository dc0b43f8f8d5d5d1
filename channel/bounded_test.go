package channel_test

import (
	"context"
	"errors"
	"runtime"
	"testing"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/channel"
	"github.com/rouse-go/rouse/executor"
)

func TestTry(t *testing.T) {
	for capacity := range 5 {
		capacity++
		c := channel.NewBounded[int](capacity)
		next := 0
		for lap := range 7 {
			for i := range capacity {
				if err := c.TrySend(lap*100 + i); err != nil {
					t.Fatal(err)
				}
			}
			if err := c.TrySend(-1); err != channel.ErrFull {
				t.Fatalf("capacity %d: %v, want ErrFull", capacity, err)
			}
			if c.Len() != capacity || c.Cap() != capacity {
				t.Fatalf("Len %d, Cap %d, want %d", c.Len(), c.Cap(), capacity)
			}
			take := 1 + next%capacity
			next++
			for i := range capacity {
				v, err := c.TryRecv()
				check(t, v, err, lap*100+i, nil)
			}
			v, err := c.TryRecv()
			check(t, v, err, 0, channel.ErrEmpty)
			for range take { // shift the ring
				c.TrySend(0)
				c.TryRecv()
			}
		}
	}
}

func TestElementsAreZeroed(t *testing.T) {
	hangs(t)
	c := channel.NewBounded[*[1 << 16]byte](4)
	gone := make(chan bool, 4)
	for range 4 {
		p := new([1 << 16]byte)
		runtime.AddCleanup(p, func(int) { gone <- true }, 0)
		c.TrySend(p)
	}
	for range 4 {
		c.TryRecv()
	}
	for collected := 0; collected < 4; {
		runtime.GC()
		select {
		case <-gone:
			collected++
		default:
			runtime.Gosched()
		}
	}
	runtime.KeepAlive(c)
}

func TestPollFormWaits(t *testing.T) {
	c := channel.NewBounded[int](1)
	a, b := newHand(), newHand()
	v, err := c.PollRecv(a.cx)
	check(t, v, err, 0, rouse.Pending)
	if err := c.PollSend(b.cx, 1); err != nil || a.wakes != 1 {
		t.Fatal(err, a.wakes)
	}
	if err := c.PollSend(b.cx, 2); err != rouse.Pending {
		t.Fatal(err)
	}
	v, err = c.PollRecv(a.cx)
	check(t, v, err, 1, nil)
	if b.wakes != 1 {
		t.Fatal("the sender was not woken")
	}
	if err := c.PollSend(b.cx, 2); err != nil {
		t.Fatal(err)
	}
	if a.wakes != 1 {
		t.Fatal("a receiver that does not wait was woken")
	}
	if a.extra != 0 || b.extra != 0 {
		t.Fatalf("counted wakers left: %d, %d", a.extra, b.extra)
	}
}

// Tasks without a place in the line keep their order among themselves.
func TestPollFormOrder(t *testing.T) {
	c := channel.NewBounded[int](1)
	var tasks [4]*hand
	for i := range tasks {
		tasks[i] = newHand()
		c.PollRecv(tasks[i].cx)
	}
	for round := range 12 {
		c.TrySend(round)
		served := -1
		for k := range tasks { // in the order of the wakes, which is that of coming
			i := (round + k) % len(tasks)
			if tasks[i].wakes != round+1 {
				t.Fatalf("round %d: task %d has %d wakes", round, i, tasks[i].wakes)
			}
			if _, err := c.PollRecv(tasks[i].cx); err == nil {
				if served >= 0 {
					t.Fatal("served twice")
				}
				served = i
				c.PollRecv(tasks[i].cx) // and queue again, at the end
			}
		}
		if served != round%len(tasks) {
			t.Fatalf("round %d: served %d", round, served)
		}
	}
}

// A task that was woken and never comes must not keep the others from what it
// was woken for, nor its place for ever.
func TestConformance_125_PollFormTaskIsGone(t *testing.T) {
	c := channel.NewBounded[int](1)
	gone, other := newHand(), newHand()
	c.PollRecv(gone.cx)
	for i := range 100 {
		v, err := c.PollRecv(other.cx)
		check(t, v, err, 0, rouse.Pending)
		c.TrySend(i)
		if other.wakes != i+1 {
			t.Fatal("the wake was lost with the task that is gone")
		}
		v, err = c.PollRecv(other.cx)
		check(t, v, err, i, nil)
	}
	if gone.wakes != 1 || gone.extra != 0 {
		t.Fatalf("%d wakes, %d counted wakers", gone.wakes, gone.extra)
	}
}

func TestLineIsFIFO(t *testing.T) {
	const n = 5
	c := channel.NewBounded[int](1)
	var recvs [n]channel.BoundedRecv[int]
	var tasks [n]*hand
	for i := range n {
		recvs[i], tasks[i] = c.RecvFuture(), newHand()
		if _, err := recvs[i].Poll(tasks[i].cx); err != rouse.Pending {
			t.Fatal(err)
		}
	}
	for i := range n {
		c.TrySend(i)
		for k := range n {
			if want := max(0, min(1, i+1-k)); tasks[k].wakes != want {
				t.Fatalf("after %d sends task %d has %d wakes", i+1, k, tasks[k].wakes)
			}
		}
		// Nobody overtakes the one who was woken.
		if _, err := c.TryRecv(); err != channel.ErrEmpty {
			t.Fatal("TryRecv took what was promised:", err)
		}
		if _, err := c.PollRecv(newHand().cx); err != rouse.Pending {
			t.Fatal("PollRecv took what was promised:", err)
		}
		late := c.RecvFuture()
		if _, err := late.Poll(newHand().cx); err != rouse.Pending {
			t.Fatal("a late future took what was promised:", err)
		}
		late.Drop()
		v, err := recvs[i].Poll(tasks[i].cx)
		check(t, v, err, i, nil)
	}

	var sends [n]channel.BoundedSend[int]
	c.TrySend(-1)
	for i := range n {
		sends[i], tasks[i] = c.SendFuture(i), newHand()
		if _, err := sends[i].Poll(tasks[i].cx); err != rouse.Pending {
			t.Fatal(err)
		}
	}
	for i := range n {
		v, err := c.TryRecv()
		check(t, v, err, i-1, nil)
		for k := range n {
			if want := max(0, min(1, i+1-k)); tasks[k].wakes != want {
				t.Fatalf("after %d receives task %d has %d wakes", i+1, k, tasks[k].wakes)
			}
		}
		if err := c.TrySend(99); err != channel.ErrFull {
			t.Fatal("TrySend took the place that was promised:", err)
		}
		if _, err := sends[i].Poll(tasks[i].cx); err != nil {
			t.Fatal(err)
		}
	}
}

func TestFutureChangesWaker(t *testing.T) {
	c := channel.NewBounded[int](1)
	f := c.RecvFuture()
	a, b := newHand(), newHand()
	f.Poll(a.cx)
	f.Poll(a.cx)
	f.Poll(b.cx)
	c.TrySend(1)
	if a.wakes != 0 || b.wakes != 1 || a.extra != 0 || b.extra != 0 {
		t.Fatal(a, b)
	}
	v, err := f.Poll(b.cx)
	check(t, v, err, 1, nil)
	f.Drop() // of one that is not pending
	c.TrySend(2)
	v, err = f.Poll(b.cx)
	check(t, v, err, 2, nil)
}

func TestConformance_124_CloseWakesAll(t *testing.T) {
	for _, form := range []string{"future", "poll"} {
		t.Run("receivers/"+form, func(t *testing.T) {
			c := channel.NewBounded[int](1)
			var tasks [3]*hand
			var futures [3]channel.BoundedRecv[int]
			poll := func(i int) (int, error) {
				if form == "poll" {
					return c.PollRecv(tasks[i].cx)
				}
				return futures[i].Poll(tasks[i].cx)
			}
			for i := range tasks {
				tasks[i], futures[i] = newHand(), c.RecvFuture()
				if _, err := poll(i); err != rouse.Pending {
					t.Fatal(err)
				}
			}
			c.Close()
			c.Close()
			for i := range tasks {
				if tasks[i].wakes != 1 || tasks[i].extra != 0 {
					t.Fatal("not woken once:", i, tasks[i])
				}
				v, err := poll(i)
				check(t, v, err, 0, channel.ErrClosed)
			}
		})
		t.Run("senders/"+form, func(t *testing.T) {
			c := channel.NewBounded[int](2)
			c.TrySend(1)
			c.TrySend(2)
			var tasks [3]*hand
			var futures [3]channel.BoundedSend[int]
			poll := func(i int) error {
				if form == "poll" {
					return c.PollSend(tasks[i].cx, 9)
				}
				_, err := futures[i].Poll(tasks[i].cx)
				return err
			}
			for i := range tasks {
				tasks[i], futures[i] = newHand(), c.SendFuture(7+i)
				if err := poll(i); err != rouse.Pending {
					t.Fatal(err)
				}
			}
			c.Close()
			for i := range tasks {
				if tasks[i].wakes != 1 || tasks[i].extra != 0 {
					t.Fatal("not woken once:", i, tasks[i])
				}
				if err := poll(i); err != channel.ErrClosed {
					t.Fatal(err)
				}
			}
			if form == "future" {
				v, ok := futures[1].Take()
				if v != 8 || !ok {
					t.Fatal("the element that was not sent is lost:", v, ok)
				}
				if _, ok = futures[1].Take(); ok {
					t.Fatal("taken twice")
				}
			}
			if err := c.TrySend(3); err != channel.ErrClosed || !c.Closed() {
				t.Fatal(err)
			}
			for want := 1; want <= 2; want++ { // what is in it is still delivered
				v, err := c.PollRecv(newHand().cx)
				check(t, v, err, want, nil)
			}
			v, err := c.TryRecv()
			check(t, v, err, 0, channel.ErrClosed)
		})
	}
}

// On Close with an element left that is promised to the first receiver, the
// second may still get it, so it must not be sent away before that is settled.
func TestConformance_124_CloseWithPromises(t *testing.T) {
	for _, firstDrops := range []bool{false, true} {
		c := channel.NewBounded[int](1)
		f1, f2 := c.RecvFuture(), c.RecvFuture()
		h1, h2, h3 := newHand(), newHand(), newHand()
		f1.Poll(h1.cx)
		f2.Poll(h2.cx)
		c.TrySend(5)
		c.Close()
		if _, err := f2.Poll(h2.cx); err != rouse.Pending {
			t.Fatal(err)
		}
		if _, err := c.PollRecv(h3.cx); err != rouse.Pending {
			t.Fatal(err)
		}
		if _, err := c.TryRecv(); err != channel.ErrEmpty {
			t.Fatal(err)
		}
		if firstDrops {
			f1.Drop()
			v, err := f2.Poll(h2.cx)
			check(t, v, err, 5, nil)
		} else {
			v, err := f1.Poll(h1.cx)
			check(t, v, err, 5, nil)
			v, err = f2.Poll(h2.cx)
			check(t, v, err, 0, channel.ErrClosed)
		}
		if h2.wakes != 1 || h3.wakes != 1 {
			t.Fatal(h2.wakes, h3.wakes)
		}
		v, err := c.PollRecv(h3.cx)
		check(t, v, err, 0, channel.ErrClosed)
	}
}

func TestConformance_125_DroppedReceiver(t *testing.T) {
	c := channel.NewBounded[int](3)
	f := [3]channel.BoundedRecv[int]{c.RecvFuture(), c.RecvFuture(), c.RecvFuture()}
	h := [3]*hand{newHand(), newHand(), newHand()}
	for i := range f {
		f[i].Poll(h[i].cx)
	}
	c.TrySend(1)
	f[1].Drop() // from the middle of the line
	f[0].Drop() // after the wake, before the poll: the promise goes on
	if h[1].wakes != 0 || h[1].extra != 0 || h[2].wakes != 1 {
		t.Fatal(h[1], h[2])
	}
	f[2].Drop() // the last one: the element is anybody's
	v, err := c.TryRecv()
	check(t, v, err, 1, nil)

	f[0].Poll(h[0].cx)
	c.PollRecv(h[1].cx) // waits without a future
	wakes := h[1].wakes
	c.TrySend(2)
	if h[1].wakes != wakes {
		t.Fatal("woken for an element that is promised")
	}
	f[0].Drop()
	if h[1].wakes != wakes+1 {
		t.Fatal("a promise given back does not reach the task in poll form")
	}
	v, err = c.PollRecv(h[1].cx)
	check(t, v, err, 2, nil)
	never := c.RecvFuture()
	never.Drop() // never polled
	new(channel.BoundedRecv[int]).Drop()
	new(channel.BoundedSend[int]).Drop()
}

func TestConformance_125_DroppedSender(t *testing.T) {
	c := channel.NewBounded[int](1)
	c.TrySend(0)
	f := [3]channel.BoundedSend[int]{c.SendFuture(1), c.SendFuture(2), c.SendFuture(3)}
	h := [3]*hand{newHand(), newHand(), newHand()}
	for i := range f {
		f[i].Poll(h[i].cx)
	}
	c.TryRecv()
	f[1].Drop()
	f[0].Drop()
	if h[2].wakes != 1 {
		t.Fatal("the place was lost with the sender that was dropped")
	}
	if _, err := f[2].Poll(h[2].cx); err != nil {
		t.Fatal(err)
	}
	v, err := c.TryRecv()
	check(t, v, err, 3, nil)
	if v, ok := f[0].Take(); v != 1 || !ok {
		t.Fatal(v, ok)
	}
	f[0].Set(4)
	if _, err := f[0].Poll(h[0].cx); err != nil {
		t.Fatal(err)
	}
}

func TestBudget(t *testing.T) {
	c := channel.NewBounded[int](1000)
	h := newHand()
	sent := 0
	for c.PollSend(h.cx, sent) == nil {
		sent++
	}
	if sent == 1000 || h.wakes != 1 || c.Len() != sent {
		t.Fatalf("%d sent, %d wakes", sent, h.wakes)
	}
	f := c.SendFuture(sent)
	if _, err := f.Poll(h.cx); err != rouse.Pending || h.wakes != 2 {
		t.Fatal(err, h.wakes)
	}
	f.Drop()
	if _, err := c.PollRecv(h.cx); err != rouse.Pending || h.wakes != 3 {
		t.Fatal(err, h.wakes)
	}
	if _, err := c.PollRecv(h.renew()); err != nil {
		t.Fatal(err)
	}
}

func TestMisuse(t *testing.T) {
	mustPanic(t, "capacity 0", func() { channel.NewBounded[int](0) })
	mustPanic(t, "capacity -1", func() { channel.NewBounded[int](-1) })
	var zero channel.Bounded[int]
	cx := newHand().cx
	mustPanic(t, "NewBounded", func() { zero.TrySend(1) })
	mustPanic(t, "NewBounded", func() { zero.TryRecv() })
	mustPanic(t, "NewBounded", func() { zero.PollSend(cx, 1) })
	mustPanic(t, "NewBounded", func() { zero.PollRecv(cx) })
	mustPanic(t, "RecvFuture", func() { new(channel.BoundedRecv[int]).Poll(cx) })
	mustPanic(t, "SendFuture", func() { new(channel.BoundedSend[int]).Poll(cx) })

	c := channel.NewBounded[int](1)
	mustPanic(t, "nil executor", func() { c.Bind(nil) })
	mustPanic(t, "WithExecutor", func() { c.Send(context.Background(), 1) })
	mustPanic(t, "WithExecutor", func() { c.Recv(context.Background()) })
	f := c.SendFuture(1)
	mustPanic(t, "to send", func() { f.Set(2) })
	f.Poll(cx)
	mustPanic(t, "after its result", func() { f.Poll(cx) })

	l1, l2 := newLocal(t), newLocal(t)
	c.Bind(l1)
	c.Bind(l1)
	mustPanic(t, "another executor", func() { c.Bind(l2) })
	mustPanic(t, "without executor", func() { c.PollRecv(cx) })
	for _, poll := range []func(cx *rouse.Context) error{
		func(cx *rouse.Context) error { _, err := c.PollRecv(cx); return err },
		func(cx *rouse.Context) error { return c.PollSend(cx, 1) },
		func(cx *rouse.Context) error { f := c.RecvFuture(); _, err := f.Poll(cx); return err },
		func(cx *rouse.Context) error { f := c.SendFuture(1); _, err := f.Poll(cx); return err },
	} {
		alien := func() { poll(rouse.NewExecutorContext(l2, nil)) }
		mustPanic(t, "another executor", alien)
	}
}

func TestFibers(t *testing.T) {
	run(t, func(ctx context.Context, l *executor.Local) {
		const n = 1000
		for _, capacity := range []int{1, 2, 7, 100} {
			c := channel.NewBounded[int](capacity)
			j := goFiber(ctx, l, func(ctx context.Context) {
				for i := range n {
					if err := c.Send(ctx, i); err != nil {
						t.Error(err)
					}
				}
				c.Close()
			})
			for i := range n {
				v, err := c.Recv(ctx)
				check(t, v, err, i, nil)
			}
			v, err := c.Recv(ctx)
			check(t, v, err, 0, channel.ErrClosed)
			if err := c.Send(ctx, 1); err != channel.ErrClosed {
				t.Error(err)
			}
			j.Join(ctx)
		}
	})
}

// A fiber that never has to wait lets others run all the same.
func TestFiberSpendsBudget(t *testing.T) {
	mustKnowGoroutines(t) // else the other fiber's start is mail, and waits for a turn of the loop
	run(t, func(ctx context.Context, l *executor.Local) {
		c := channel.NewBounded[int](1)
		turns, stop := 0, false
		j := goFiber(ctx, l, func(ctx context.Context) {
			for !stop {
				turns++
				yield(ctx)
			}
		})
		for range 10_000 {
			c.Send(ctx, 1)
			c.Recv(ctx)
		}
		stop = true
		j.Join(ctx)
		if turns < 50 {
			t.Errorf("the other fiber had %d turns in 20000 operations", turns)
		}
	})
}

func TestFiberCtxEnds(t *testing.T) {
	run(t, func(ctx context.Context, l *executor.Local) {
		c := channel.NewBounded[int](1)
		short, cancel := context.WithCancel(ctx)
		j := goFiber(ctx, l, func(context.Context) { cancel() })
		if _, err := c.Recv(short); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		j.Join(ctx)
		c.Send(ctx, 1)
		if _, err := c.Recv(short); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		if err := c.Send(short, 1); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		v, err := c.Recv(ctx)
		check(t, v, err, 1, nil)
	})
}

// An aborted task gives back what it was promised.
func TestConformance_125_AbortedFiber(t *testing.T) {
	run(t, func(ctx context.Context, l *executor.Local) {
		c := channel.NewBounded[int](1)
		got := 0
		a := goFiber(ctx, l, func(ctx context.Context) {
			if v, err := c.Recv(ctx); err == nil {
				t.Error("the aborted fiber received", v)
			}
		})
		b := goFiber(ctx, l, func(ctx context.Context) { got, _ = c.Recv(ctx) })
		yield(ctx)
		yield(ctx)
		if err := c.Send(ctx, 7); err != nil { // wakes a
			t.Error(err)
		}
		a.Abort()
		b.Join(ctx)
		if got != 7 {
			t.Errorf("the second receiver got %d", got)
		}
		if _, err := a.Join(ctx); err != rouse.ErrCanceled {
			t.Error(err)
		}
	})
}

func TestCtxFormInsidePollPanics(t *testing.T) {
	mustKnowGoroutines(t)
	l := newLocal(t)
	c := channel.NewBounded[int](1)
	c.Bind(l)
	j := executor.Spawn(l, rouse.Future[int](rouse.FutureFunc[int](func(*rouse.Context) (int, error) {
		return c.Recv(context.Background())
	})))
	_, err := executor.RunUntil(l, rouse.Future[int](j))
	var p *rouse.PanicError
	if !errors.As(err, &p) {
		t.Fatal(err)
	}
}
