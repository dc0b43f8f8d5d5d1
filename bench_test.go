package rouse

import "testing"

// yielder yields n times.
type yielder struct {
	n int
	y Yielding
}

func (f *yielder) Poll(cx *Context) (int, error) {
	for f.n > 0 {
		if _, err := f.y.Poll(cx); err != nil {
			return 0, err
		}
		f.n--
	}
	return 7, nil
}

// BenchmarkYield1000: one yield of one of a thousand tasks that take turns.
func BenchmarkYield1000(b *testing.B) {
	e := newLoopExec()
	e.loop.Enter()
	defer e.loop.Leave()
	n := b.N/1000 + 1
	b.ReportAllocs()
	for range 1000 {
		r, j := NewLocalTask(Future[int](&yielder{n: n}), e.home)
		r.Schedule()
		j.Detach()
	}
	b.ResetTimer()
	e.run()
}

// spawner spawns a thousand tasks a round and joins them in order.
type spawner struct {
	e       *loopExec
	rounds  int
	hs      []JoinHandle[int]
	i       int
	spawned bool
	sum     int
}

type num struct{ v int }

func (n *num) Poll(*Context) (int, error) { return n.v, nil }

func (s *spawner) Poll(cx *Context) (struct{}, error) {
	for {
		if s.i == 0 && !s.spawned {
			s.spawned = true
			if s.rounds == 0 {
				return struct{}{}, nil
			}
			s.rounds--
			s.hs = s.hs[:0]
			for k := range 1000 {
				r, j := NewLocalTask(Future[int](&num{k}), s.e.home)
				r.Schedule()
				s.hs = append(s.hs, j)
			}
		}
		for s.i < 1000 {
			v, err := s.hs[s.i].Poll(cx)
			if err != nil {
				return struct{}{}, err
			}
			s.sum += v
			s.i++
		}
		s.i = 0
		s.spawned = false
	}
}

// BenchmarkSpawnJoin: one spawn and join; the one allocation is the future.
func BenchmarkSpawnJoin(b *testing.B) {
	e := newLoopExec()
	e.loop.Enter()
	defer e.loop.Leave()
	b.ReportAllocs()
	r, j := NewLocalTask(Future[struct{}](&spawner{e: e, rounds: b.N/1000 + 1}), e.home)
	r.Schedule()
	j.Detach()
	e.run()
}
