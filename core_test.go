package rouse

import "testing"

type testExec struct {
	loop       *Loop
	home       *Home
	head, tail Runnable
	cx         *Context
}

func newTestExec() *testExec {
	e := &testExec{}
	e.loop = NewLoop(func() {}, nil)
	e.home = e.loop.NewHome("main", func(r Runnable) {
		r.SetNext(Runnable{})
		if e.tail.IsZero() {
			e.head = r
		} else {
			e.tail.SetNext(r)
		}
		e.tail = r
	})
	e.cx = NewExecutorContext(nil, e.loop)
	return e
}
func (e *testExec) run() {
	for !e.head.IsZero() {
		r := e.head
		e.head = r.Next()
		if e.head.IsZero() {
			e.tail = Runnable{}
		}
		r.Run(e.cx)
	}
}

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

func BenchmarkYield1000(b *testing.B) {
	e := newTestExec()
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

type spawner struct {
	e       *testExec
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

func BenchmarkSpawnJoin(b *testing.B) {
	e := newTestExec()
	e.loop.Enter()
	defer e.loop.Leave()
	b.ReportAllocs()
	r, j := NewLocalTask(Future[struct{}](&spawner{e: e, rounds: b.N/1000 + 1}), e.home)
	r.Schedule()
	j.Detach()
	e.run()
}
