package channel_test

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"time"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/channel"
	"github.com/rouse-go/rouse/executor"
)

// A peer whose executor never runs: what fits is sent, and when that executor
// ends who waits to send hears of it; nothing that was sent is kept.
func TestConformance_128_NeverConnects(t *testing.T) {
	hangs(t)
	type big [1 << 12]byte
	l, never := newLocal(t), newLocal(t)
	mesh := channel.FullMesh[*big](4, []*executor.Local{l, never})
	var collected, sent int
	gone := make(chan struct{}, 16)
	h := goFiber(l.Context(context.Background()), l, func(ctx context.Context) {
		for {
			v := new(big)
			runtime.AddCleanup(v, func(c chan struct{}) { c <- struct{}{} }, gone)
			if err := mesh.Port(0).Send(ctx, 1, v); err != nil {
				if err != channel.ErrClosed {
					t.Errorf("Send: %v", err)
				}
				return
			}
			sent++
		}
	})
	if err := l.RunUntilIdle(); err != nil {
		t.Fatal(err)
	}
	if sent != 4 || h.IsFinished() {
		t.Errorf("%d were sent to a peer that does not run; finished: %v", sent, h.IsFinished())
	}
	if err := never.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := executor.RunUntil(l, rouse.Future[struct{}](h)); err != nil {
		t.Error(err)
	}
	if _, _, err := mesh.Port(1).TryRecv(); err != channel.ErrClosed {
		t.Errorf("a port whose executor has ended: %v", err)
	}
	mesh = nil
	// The four, and the one that could not be sent. Nothing but the mesh had them,
	// and l's porter, which ends with l.
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.After(10 * time.Second); collected < 5; {
		runtime.GC()
		select {
		case <-gone:
			collected++
		case <-deadline:
			t.Fatalf("%d of 5 were collected", collected)
		default:
			runtime.Gosched()
		}
	}
}

// The end of a peer wakes who waits at the other end of its queues, either way.
func TestConformance_128_EndsWhileOneWaits(t *testing.T) {
	p := newPool(t, 1)
	other := newLocal(t)
	mesh := channel.NewMesh[int](1,
		channel.Peer{Executor: p.At(0), Role: channel.Both},
		channel.Peer{Executor: other, Role: channel.Both})
	waits := make(chan struct{})
	start := func(f func(ctx context.Context, port *channel.Port[int]) error) rouse.JoinHandle[struct{}] {
		return executor.SpawnFiber(t.Context(), p.At(0), func(ctx context.Context) (struct{}, error) {
			return struct{}{}, f(ctx, mesh.Port(0))
		})
	}
	sender := start(func(ctx context.Context, port *channel.Port[int]) error {
		for i := 0; ; i++ {
			if i == 1 {
				close(waits)
			}
			if err := port.Send(ctx, 1, i); err != nil {
				return err
			}
		}
	})
	<-waits
	receiver := start(func(ctx context.Context, port *channel.Port[int]) error {
		port.CloseSend() // to ourselves, too
		_, _, err := port.Recv(ctx)
		return err
	})
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	for _, h := range []rouse.JoinHandle[struct{}]{sender, receiver} {
		if _, err := h.Join(t.Context()); !errors.Is(err, channel.ErrClosed) {
			t.Errorf("who waited heard %v", err)
		}
	}
}

// A peer's number is its place in the list, for good; messages tell it. There is
// no joining later, and no more peers than that: another number is refused. An
// executor may be several peers, each with a port of its own.
func TestConformance_129_Numbers(t *testing.T) {
	l, x := newLocal(t), newLocal(t)
	mesh := channel.FullMesh[int](2, []*executor.Local{l, x, l})
	if mesh.Len() != 3 {
		t.Errorf("%d peers", mesh.Len())
	}
	for range 2 {
		for i := range 3 {
			if port := mesh.Port(i); port.Index() != i || port.Peers() != 3 || port != mesh.Port(i) {
				t.Errorf("port %d says it is %d of %d", i, port.Index(), port.Peers())
			}
		}
		for from := range 3 {
			for to := range 3 {
				if err := mesh.Port(from).TrySend(to, 10*from+to); err != nil {
					t.Fatalf("%d to %d: %v", from, to, err)
				}
			}
		}
		for to := range 3 {
			for range 3 {
				v, from, err := mesh.Port(to).TryRecv()
				if err != nil || v != 10*from+to {
					t.Errorf("peer %d got %d from %d, %v", to, v, from, err)
				}
			}
			if _, _, err := mesh.Port(to).TryRecv(); err != channel.ErrEmpty {
				t.Errorf("peer %d got more than was sent: %v", to, err)
			}
		}
		for _, l := range []*executor.Local{l, x} {
			if err := l.RunUntilIdle(); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, i := range []int{-1, 3} {
		mustPanic(t, "of a Mesh of 3; peers are counted from 0", func() { mesh.Port(i) })
		mustPanic(t, "can't send to peer", func() { _ = mesh.Port(0).TrySend(i, 1) })
	}
	mustPanic(t, "capacity 0", func() { channel.FullMesh[int](0, []*executor.Local{l}) })
	mustPanic(t, "capacity -1", func() { channel.FullMesh[int](-1, []*executor.Local{l}) })
}
