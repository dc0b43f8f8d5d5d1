package channel_test

import (
	"context"
	"testing"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/channel"
	"github.com/rouse-go/rouse/executor"
)

// One operation is a round trip: two channels, two tasks, four operations, two
// wakes and two polls.
func BenchmarkPingPong(b *testing.B) {
	b.Run("poll", func(b *testing.B) {
		roundTrips := pairPoll(newLocal(b))
		b.ReportAllocs()
		roundTrips(b.N)
	})
	b.Run("future", func(b *testing.B) {
		roundTrips := pairFuture(newLocal(b))
		b.ReportAllocs()
		roundTrips(b.N)
	})
	b.Run("fiber", func(b *testing.B) {
		run(b, func(ctx context.Context, l *executor.Local) {
			roundTrips := pairFiber(ctx, l)
			b.ReportAllocs()
			b.ResetTimer()
			roundTrips(b.N)
		})
	})
	b.Run("goroutine", func(b *testing.B) { // into the executor and back
		l := serve(b)
		c := channel.NewBounded[int](1)
		c.Bind(l)
		b.ReportAllocs()
		for i := range b.N {
			c.Send(context.Background(), i)
			c.Recv(context.Background())
		}
	})
	b.Run("gochan", func(b *testing.B) {
		in, out := make(chan int, 1), make(chan int, 1)
		go func() {
			for v := range in {
				out <- v
			}
		}()
		b.ReportAllocs()
		for i := range b.N {
			in <- i
			<-out
		}
		close(in)
	})
}

// One operation is a send and a receive that don't wait.
func BenchmarkReady(b *testing.B) {
	c := channel.NewBounded[int](64)
	b.Run("try", func(b *testing.B) {
		b.ReportAllocs()
		for i := range b.N {
			c.TrySend(i)
			c.TryRecv()
		}
	})
	onTask := func(name string, fn func(cx *rouse.Context, n int)) {
		b.Run(name, func(b *testing.B) {
			l := newLocal(b)
			c = channel.NewBounded[int](64)
			b.ReportAllocs()
			n := b.N
			executor.RunUntil(l, rouse.Future[int](rouse.FutureFunc[int](func(cx *rouse.Context) (int, error) {
				for range min(n, 60) { // within one budget
					fn(cx, n)
					n--
				}
				if n > 0 {
					cx.WakeByRef()
					return 0, rouse.Pending
				}
				return 0, nil
			})))
		})
	}
	onTask("nothing", func(*rouse.Context, int) {})
	onTask("poll", func(cx *rouse.Context, n int) {
		c.PollSend(cx, n)
		c.PollRecv(cx)
	})
	var send channel.BoundedSend[int]
	var recv channel.BoundedRecv[int]
	onTask("future", func(cx *rouse.Context, n int) {
		send, recv = c.SendFuture(n), c.RecvFuture()
		send.Poll(cx)
		recv.Poll(cx)
	})
	b.Run("fiber", func(b *testing.B) {
		run(b, func(ctx context.Context, l *executor.Local) {
			c := channel.NewBounded[int](64)
			c.Bind(l)
			b.ReportAllocs()
			b.ResetTimer()
			for i := range b.N {
				c.Send(ctx, i)
				c.Recv(ctx)
			}
		})
	})
	b.Run("gochan", func(b *testing.B) {
		c := make(chan int, 64)
		for i := range b.N {
			c <- i
			<-c
		}
	})
}

func BenchmarkOneshot(b *testing.B) {
	var o channel.Oneshot[int]
	b.ReportAllocs()
	for i := range b.N {
		o.TrySend(i)
		o.TryRecv()
		o.Reset()
	}
}

// BenchmarkMPMC is one element in and out, with nobody waiting.
func BenchmarkMPMC(b *testing.B) {
	c := channel.NewMPMC[int](16)
	b.Run("tries", func(b *testing.B) {
		for i := range b.N {
			c.TrySend(i)
			c.TryRecv()
		}
	})
	b.Run("ctx", func(b *testing.B) {
		ctx := context.Background()
		for i := range b.N {
			c.Send(ctx, i)
			c.Recv(ctx)
		}
	})
}
