package coro

import (
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
)

// pass gives the turn from c, which runs, to another or to the owner.
func pass(c, to *Coro) {
	if next, yield := c.Leave(to); next != nil {
		next()
	} else {
		yield(struct{}{})
	}
	c.Back()
}

func TestTurnPassesStraightToAnother(t *testing.T) {
	var p Pool
	var trace []int
	var b *Coro
	a := p.Start(body(func(c *Coro) {
		trace = append(trace, 1)
		pass(c, b)
		trace = append(trace, 4)
	}))
	b = p.Start(body(func(c *Coro) {
		trace = append(trace, 2)
		c.Suspend()
		trace = append(trace, 5)
	}))
	a.Resume()
	trace = append(trace, 3)
	a.Resume()
	if !a.Ended() || b.Ended() {
		t.Fatalf("a ended: %v, b: %v", a.Ended(), b.Ended())
	}
	b.Resume()
	if !b.Ended() || !slices.Equal(trace, []int{1, 2, 3, 4, 5}) {
		t.Fatalf("b ended: %v, trace %v", b.Ended(), trace)
	}
	a.Release()
	b.Release()
	closed(&p)
}

// Whatever the order in which the turn goes round, who has it is who was given
// it; and coroutines end, however far from their own doors they are.
func TestAnyOrderOfTurns(t *testing.T) {
	before := runtime.NumGoroutine()
	for seed := range uint64(200) {
		rng := rand.New(rand.NewPCG(seed, 1))
		var p Pool
		n := 1 + rng.IntN(12)
		cs := make([]*Coro, n)
		var want *Coro // who shall have the turn; nil is the owner
		left, goexits := 1000, 0
		choose := func(c *Coro) {
			want = nil
			if to := cs[rng.IntN(n)]; to != nil && to != c && !to.Ended() && left > 0 {
				want = to
			}
			left--
		}
		check := func(c *Coro) {
			if want != c {
				t.Errorf("seed %d: the turn went astray", seed)
			}
		}
		start := func(i int) {
			cs[i] = p.Start(body(func(c *Coro) {
				check(c)
				for rng.IntN(20) > 0 {
					choose(c)
					pass(c, want)
					check(c)
				}
				want = nil
				if rng.IntN(50) == 0 {
					goexits++
					runtime.Goexit()
				}
			}))
		}
		for i := range cs {
			start(i)
		}
		for left > 0 {
			if choose(nil); want != nil {
				want.Resume()
				check(nil)
			}
			for i, c := range cs {
				if !c.Ended() {
					continue
				}
				if rng.IntN(2) == 0 && c.exits == 0 {
					c.end() // as if the pool were full
				} else {
					c.Release()
				}
				start(i)
			}
		}
		abandoned := 0
		for _, c := range cs {
			for !c.Ended() && rng.IntN(100) > 0 {
				want = c
				c.Resume()
			}
			if c.Ended() {
				c.Release()
			} else {
				c.Abandon() // it waits behind some door, maybe another's
				abandoned++
			}
		}
		got := closed(&p)
		if got < abandoned || got > abandoned+goexits || p.Alive() != 0 {
			t.Errorf("seed %d: %d abandoned, of these %d resist; %d alive", seed, got, abandoned, p.Alive())
		}
		before += got
		if t.Failed() {
			return
		}
	}
	if n := runtime.NumGoroutine(); n > before {
		t.Errorf("%d goroutines, want %d at most", n, before)
	}
}

func BenchmarkPass(b *testing.B) {
	var p Pool
	var other *Coro
	left := b.N
	pingpong := func(c *Coro) {
		to := other
		other = c
		for {
			if left--; left <= 0 {
				to = nil
			}
			if next, yield := c.Leave(to); next != nil {
				next()
			} else {
				yield(struct{}{})
			}
			c.Back()
			to = other
			other = c
		}
	}
	x, y := p.Start(body(pingpong)), p.Start(body(pingpong))
	other = y
	x.Resume()
}
