package mpmc

import (
	"runtime"
	"sync"
	"testing"
)

// BenchmarkRing moves elements through a ring: all on one goroutine, or from one
// to another, or between four and four.
func BenchmarkRing(b *testing.B) {
	b.Run("alone", func(b *testing.B) {
		r := NewRing[int](1024)
		for i := range b.N {
			r.Push(i)
			r.Pop()
		}
	})
	b.Run("batches", func(b *testing.B) {
		r := NewRing[int](1024)
		for i := 0; i < b.N; i += 512 {
			for range 512 {
				r.Push(i)
			}
			for range 512 {
				r.Pop()
			}
		}
	})
	for _, n := range []int{1, 4} {
		b.Run(map[int]string{1: "1to1", 4: "4to4"}[n], func(b *testing.B) {
			r := NewRing[int](1024)
			var wg sync.WaitGroup
			for i := range n {
				wg.Go(func() {
					for range b.N*(i+1)/n - b.N*i/n {
						for !r.Push(1) {
							runtime.Gosched()
						}
					}
				})
				wg.Go(func() {
					for range b.N*(i+1)/n - b.N*i/n {
						for {
							if _, ok := r.Pop(); ok {
								break
							}
							runtime.Gosched()
						}
					}
				})
			}
			wg.Wait()
		})
	}
}
