package channel_test

import (
	"testing"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/channel"
)

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
