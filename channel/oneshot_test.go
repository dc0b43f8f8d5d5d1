package channel_test

import (
	"context"
	"errors"
	"testing"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/channel"
	"github.com/rouse-go/rouse/executor"
)

func TestOneshot(t *testing.T) {
	var o channel.Oneshot[int]
	for round := range 3 {
		h := newHand()
		if round == 0 {
			_, err := o.TryRecv()
			check(t, 0, err, 0, channel.ErrEmpty)
		}
		for range 2 {
			if _, err := o.Poll(h.cx); err != rouse.Pending {
				t.Fatal(err)
			}
		}
		mustPanic(t, "in use", o.Reset)
		if err := o.TrySend(round); err != nil || h.wakes != 1 || h.extra != 0 {
			t.Fatal(err, h)
		}
		mustPanic(t, "already", func() { o.TrySend(1) })
		mustPanic(t, "in use", o.Reset)
		o.CloseSend() // after a send it does nothing
		v, err := o.Poll(h.cx)
		check(t, v, err, round, nil)
		mustPanic(t, "after its result", func() { o.Poll(h.cx) })
		mustPanic(t, "after its result", func() { o.TryRecv() })
		o.Drop()
		o.Reset()
	}
}

func TestOneshotChangesWaker(t *testing.T) {
	var o channel.Oneshot[int]
	a, b := newHand(), newHand()
	o.Poll(a.cx)
	o.Poll(b.cx)
	o.TrySend(1)
	if a.wakes != 0 || a.extra != 0 || b.wakes != 1 || b.extra != 0 {
		t.Fatal(a, b)
	}
}

func TestConformance_124_OneshotSenderGone(t *testing.T) {
	var o channel.Oneshot[int]
	h := newHand()
	o.Poll(h.cx)
	o.CloseSend()
	if h.wakes != 1 {
		t.Fatal("not woken")
	}
	mustPanic(t, "sender closed it", func() { o.TrySend(1) })
	v, err := o.Poll(h.cx)
	check(t, v, err, 0, channel.ErrClosed)
	mustPanic(t, "after its result", func() { o.Poll(h.cx) })
	o.Reset()
	o.CloseSend()
	v, err = o.TryRecv()
	check(t, v, err, 0, channel.ErrClosed)
}

func TestConformance_124_OneshotReceiverGone(t *testing.T) {
	var o channel.Oneshot[int]
	h := newHand()
	o.Poll(h.cx)
	o.Drop()
	if h.extra != 0 || !o.ReceiverGone() {
		t.Fatal(h)
	}
	for range 2 {
		if err := o.TrySend(1); err != channel.ErrClosed {
			t.Fatal(err)
		}
	}
	mustPanic(t, "after Drop", func() { o.Poll(h.cx) })
	o.Reset()
	o.TrySend(2)
	o.Drop()
	o.Reset() // the value is gone with the receiver
	_, err := o.TryRecv()
	check(t, 0, err, 0, channel.ErrEmpty)
}

func TestConformance_125_OneshotRecvCanceled(t *testing.T) {
	run(t, func(ctx context.Context, l *executor.Local) {
		var o channel.Oneshot[int]
		o.Bind(l)
		short, cancel := context.WithCancel(ctx)
		j := goFiber(ctx, l, func(context.Context) { cancel() })
		if _, err := o.Recv(short); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		j.Join(ctx)
		if err := o.Send(short, 5); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		if err := o.Send(ctx, 5); err != nil {
			t.Error(err)
		}
		v, err := o.Recv(ctx)
		check(t, v, err, 5, nil)
	})
}

func TestOneshotHome(t *testing.T) {
	var o channel.Oneshot[int]
	l1, l2 := newLocal(t), newLocal(t)
	o.Bind(l1)
	mustPanic(t, "another executor", func() { o.Poll(rouse.NewExecutorContext(l2, nil)) })
	mustPanic(t, "another executor", func() { o.Bind(l2) })
	o.Reset()
	o.Bind(l2)
	o.Reset()
	mustPanic(t, "WithExecutor", func() { o.Recv(context.Background()) })
}

func TestOneshotBudget(t *testing.T) {
	h := newHand()
	for h.cx.Spend() {
	}
	wakes := h.wakes
	var o channel.Oneshot[int]
	o.TrySend(1)
	if _, err := o.Poll(h.cx); err != rouse.Pending || h.wakes != wakes+1 {
		t.Fatal(err)
	}
}
