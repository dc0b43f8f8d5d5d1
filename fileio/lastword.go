package fileio

import (
	"context"
	"sync"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/driver"
)

// What has to happen when a transfer is given up. The kernel, or a worker, may
// be at its memory, and only the op's completion says that it no longer is. So
// Drop cancels the op and leaves it a waker of ours: lastWord. When that is told,
// what the transfer held is given back, and a ctx form that waits returns.

// Drop gives t up, at home.
func (t *transfer) Drop() {
	if t.via.unfinished() && t.finishAlone() {
		return
	}
	t.abandon()
}

// abandon cancels what is under way.
func (t *transfer) abandon() {
	if t.op != nil && t.op.InFlight() {
		t.f.home.Drv.Cancel(t.op)
		if !t.op.Poll(rouse.NewContext(rouse.NewWaker((*lastWord)(t))), t.f.home.Drv) {
			return // lastWord comes
		}
	}
	t.release()
}

// lastWord is told when the op of a transfer that was given up has ended: a
// driver wakes the op's waker when it finishes, or drops it when it closes. In
// either case the loop does so.
type lastWord transfer

func (*lastWord) WakeByRef() {}

func (l *lastWord) Drop() { (*transfer)(l).release() }

// release gives back what t held.
func (t *transfer) release() {
	closed := false
	if t.op != nil && t.op.Done() {
		closed = t.op.Err == driver.ErrClosed
		if !t.f.direct && t.op.Err == nil {
			t.n += t.op.N
		}
	}
	t.via.leave(t, closed)
	if b := t.owned; b != nil && !closed { // else the driver may have given up waiting for a call
		b.whose = callers
		b.Free()
	}
	t.owned = nil
	t.over.Store(true)
	if w := t.waker.Swap(nil); w != nil { // pairs with the Swap in ending.Poll
		w.Wake()
	}
}

// finishAlone has a task at home bring t to an orderly end, without touching its
// owner's memory, and reports whether there can be one.
func (t *transfer) finishAlone() bool {
	host, ok := t.f.home.Ex.(interface{ Home() *rouse.Home })
	if !ok {
		return false
	}
	t.via.alone = true
	r, j := rouse.NewLocalTask[struct{}]((*finisher)(t), host.Home())
	r.Schedule()
	j.Detach()
	return true
}

// A finisher is a transfer that goes on though its owner has given it up.
type finisher transfer

func (f *finisher) Poll(cx *rouse.Context) (struct{}, error) {
	t := (*transfer)(f)
	if t.step(cx) == rouse.Pending {
		return struct{}{}, rouse.Pending
	}
	t.release()
	return struct{}{}, nil
}

func (f *finisher) Drop() { (*transfer)(f).abandon() }

// ending is a future of the last word, polled by whoever waits for it, anywhere.
type ending transfer

func (e *ending) Poll(cx *rouse.Context) (struct{}, error) {
	t := (*transfer)(e)
	if t.over.Load() {
		return struct{}{}, nil
	}
	w := cx.Waker()
	if old := t.waker.Swap(&w); old != nil {
		old.Drop()
	}
	if t.over.Load() { // register, then look again
		return struct{}{}, nil
	}
	return struct{}{}, rouse.Pending
}

var transfers = sync.Pool{New: func() any { return new(transfer) }}

// transfer is the ctx form of a read or write.
func (f *File) transfer(ctx context.Context, write bool, p []byte, off int64) (int, error) {
	t := transfers.Get().(*transfer)
	t.f, t.write, t.p, t.off = f, write, p, off
	if fiber := rouse.FiberOf(ctx); fiber != nil {
		if fiber.Executor() != f.home.Ex {
			return t.abroad(ctx)
		}
		t.inFiber = true
	}
	return t.await(ctx)
}

// await waits for t, and if it is given up for its last word.
func (t *transfer) await(ctx context.Context) (int, error) {
	unwinds := true
	defer func() {
		if unwinds && t.began {
			t.insist()
		}
	}()
	n, err := rouse.AwaitOn[int](ctx, t.f.home.Ex, t)
	if t.settled {
		unwinds = false
		t.free()
		transfers.Put(t)
		return n, err
	}
	// Polls are over, see AwaitOn, so began stands; if it doesn't, the kernel
	// has never heard of t.
	if t.began {
		last := context.WithoutCancel(ctx)
		for !t.over.Load() {
			// In a fiber that was aborted this gives up a turn and fails.
			_, _ = rouse.AwaitOn[struct{}](last, nil, (*ending)(t))
		}
		n = t.n
	}
	unwinds = false
	if shutDown(err) {
		err = t.fail(endedError{err})
	}
	return n, err
}

// insist is for a fiber at home that was aborted and has outstayed its grace: it
// unwinds, and its memory with it. So the loop waits for the disk, this once. A
// fiber of another executor has given no memory of its own, see abroad.
func (t *transfer) insist() {
	for t.inFiber && !t.via.alone && !t.over.Load() {
		if _, err := t.f.home.Drv.Park(driver.Forever); err != nil {
			return
		}
	}
}

// abroad is await in a fiber of another executor, which may be ended before the
// file's home has heard of it: the kernel gets a copy.
func (t *transfer) abroad(ctx context.Context) (int, error) {
	p, write := t.p, t.write
	b := NewBuffer(len(p))
	t.p = b.mem[:len(p)]
	if write {
		copy(t.p, p)
	}
	own := t.p
	n, err := t.await(ctx)
	if !write {
		copy(p, own[:n])
	}
	b.Free() // not reached if the fiber is unwound
	return n, err
}
