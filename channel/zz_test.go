package channel_test

import (
	"context"
	"sync"
	"testing"

	"github.com/rouse-go/rouse/channel"
)

func fourToFour(b *testing.B, send func(int), recv func() bool, end func()) {
	var ps, cs sync.WaitGroup
	for i := range 4 {
		ps.Go(func() {
			for v := range b.N*(i+1)/4 - b.N*i/4 {
				send(v)
			}
		})
		cs.Go(func() {
			for recv() {
			}
		})
	}
	ps.Wait()
	end()
	cs.Wait()
}

func BenchmarkFour(b *testing.B) {
	b.Run("mpmc", func(b *testing.B) {
		c := channel.NewMPMC[int](1024)
		ctx := context.Background()
		fourToFour(b, func(v int) { c.Send(ctx, v) }, func() bool { _, err := c.Recv(ctx); return err == nil }, c.Close)
	})
	b.Run("chan", func(b *testing.B) {
		c := make(chan int, 1024)
		fourToFour(b, func(v int) { c <- v }, func() bool { _, ok := <-c; return ok }, func() { close(c) })
	})
}
