package executor_test

import (
	"context"
	"testing"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/fiber"
)

// yielder yields n times.
type yielder struct {
	n int
	y rouse.Yielding
}

func (f *yielder) Poll(cx *rouse.Context) (int, error) {
	for f.n > 0 {
		if _, err := f.y.Poll(cx); err != nil {
			return 0, err
		}
		f.n--
	}
	return 7, nil
}

// benchLocal is an executor for a benchmark, closed at its end.
func benchLocal(b *testing.B) *executor.Local {
	l, err := executor.New(executor.Config{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := l.Close(); err != nil {
			b.Error(err)
		}
	})
	return l
}

// BenchmarkYield1000: one yield of one of a thousand tasks that take turns.
func BenchmarkYield1000(b *testing.B) {
	l := benchLocal(b)
	b.ReportAllocs()
	n := b.N/1000 + 1
	for range 1000 {
		executor.SpawnDetached[int](l, &yielder{n: n})
	}
	b.ResetTimer()
	if err := l.RunUntilIdle(); err != nil {
		b.Fatal(err)
	}
}

// num is over at its first poll.
type num struct{ v int }

func (n *num) Poll(*rouse.Context) (int, error) { return n.v, nil }

// joiner spawns a thousand tasks a round and joins them in order.
type joiner struct {
	rounds int
	value  bool
	nums   [1000]num
	hs     []rouse.JoinHandle[int]
	i      int
}

func (s *joiner) Poll(cx *rouse.Context) (int, error) {
	l := executor.From(cx)
	for {
		if len(s.hs) == 0 {
			if s.rounds == 0 {
				return 0, nil
			}
			s.rounds--
			for k := range s.nums {
				if s.value {
					s.hs = append(s.hs, executor.SpawnValue[int](l, num{k}))
				} else {
					s.hs = append(s.hs, executor.Spawn(l, rouse.Future[int](&s.nums[k])))
				}
			}
			s.i = 0
		}
		for s.i < len(s.hs) {
			if _, err := s.hs[s.i].Poll(cx); err != nil {
				return 0, err
			}
			s.i++
		}
		s.hs = s.hs[:0]
	}
}

func benchSpawnJoin(b *testing.B, value bool) {
	l := benchLocal(b)
	b.ReportAllocs()
	f := &joiner{rounds: b.N/1000 + 1, value: value}
	b.ResetTimer()
	if _, err := executor.RunUntil(l, rouse.Future[int](f)); err != nil {
		b.Fatal(err)
	}
}

func BenchmarkSpawnJoin(b *testing.B)      { benchSpawnJoin(b, false) }
func BenchmarkSpawnJoinValue(b *testing.B) { benchSpawnJoin(b, true) }

// BenchmarkFiberSpawnJoin: a fiber that ends at once, started and joined.
func BenchmarkFiberSpawnJoin(b *testing.B) {
	b.ReportAllocs()
	err := executor.Run(func(ctx context.Context) error {
		for b.Loop() {
			h := fiber.Go(ctx, func(context.Context) (int, error) { return 1, nil })
			if _, err := h.Join(ctx); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
}

// BenchmarkFiberYield: a fiber's switch to the loop and back, with a yield.
func BenchmarkFiberYield(b *testing.B) {
	b.ReportAllocs()
	err := executor.Run(func(ctx context.Context) error {
		for b.Loop() {
			if err := fiber.Yield(ctx); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
}

// BenchmarkBlocking: a job that does nothing, there and back.
func BenchmarkBlocking(b *testing.B) {
	b.ReportAllocs()
	err := executor.Run(func(ctx context.Context) error {
		for b.Loop() {
			if _, err := executor.Blocking(ctx, func() (int, error) { return 1, nil }); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
}
