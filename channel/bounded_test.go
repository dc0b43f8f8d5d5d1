package channel_test

import (
	"context"
	"runtime"
	"testing"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/channel"
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
