package executor_test

import (
	"context"
	"testing"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/executor"
)

type constant int

func (c *constant) Poll(*rouse.Context) (int, error) { return int(*c), nil }

// joining spawns a thousand tasks and awaits them, and so on.
type joining struct {
	s      *executor.Shared
	hs     []rouse.JoinHandle[int]
	at     int
	rounds int
}

func (j *joining) Poll(cx *rouse.Context) (int, error) {
	for ; j.rounds > 0; j.rounds-- {
		if len(j.hs) == 0 {
			for i := range 1000 {
				c := constant(i)
				j.hs = append(j.hs, executor.SpawnShared[int](j.s, &c))
			}
		}
		for ; j.at < len(j.hs); j.at++ {
			if _, err := j.hs[j.at].Poll(cx); err != nil {
				return 0, err
			}
		}
		j.hs, j.at = j.hs[:0], 0
	}
	return 0, nil
}

// BenchmarkShared is for profiles; the figures are `rouse bench`'s.
func BenchmarkShared(b *testing.B) {
	shared := func(b *testing.B) *executor.Shared {
		s, err := executor.NewShared(executor.SharedConfig{})
		if err != nil {
			b.Fatal(err)
		}
		go s.Run(context.Background())
		b.Cleanup(func() {
			if err := s.Close(); err != nil {
				b.Error(err)
			}
		})
		return s
	}
	b.Run("SpawnJoin1000", func(b *testing.B) {
		b.ReportAllocs()
		s := shared(b)
		rouse.BlockOn[int](executor.SpawnShared[int](s, &joining{s: s, rounds: b.N}))
	})
}

// BenchmarkSharedWake is a wake and the poll that follows: from a task of the same
// worker, and of a task by itself.
func BenchmarkSharedWake(b *testing.B) {
	for _, kind := range []string{"other", "itself"} {
		b.Run(kind, func(b *testing.B) {
			s, err := executor.NewShared(executor.SharedConfig{Workers: 1})
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			var wakers [2]rouse.Waker
			var hs [2]rouse.JoinHandle[int]
			tasks := 2
			if kind == "itself" {
				tasks = 1
			}
			n := 0
			for i := range tasks {
				hs[i] = executor.SpawnShared(s, rouse.FutureFunc[int](func(cx *rouse.Context) (int, error) {
					if wakers[i].IsZero() {
						wakers[i] = cx.Waker()
					}
					other := wakers[tasks-1-i]
					if other.IsZero() {
						other = wakers[i]
					}
					other.WakeByRef()
					if n++; n > b.N {
						return 0, nil
					}
					return 0, rouse.Pending
				}))
			}
			go s.Run(context.Background())
			b.ReportAllocs()
			rouse.BlockOn[int](hs[0])
		})
	}
}
