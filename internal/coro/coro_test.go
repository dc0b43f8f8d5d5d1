package coro

import (
	"runtime"
	"testing"
)

type body func(*Coro)

func (b body) RunOn(c *Coro) { b(c) }

// ends resumes c and reports whether its body has ended.
func ends(c *Coro) bool {
	c.Resume()
	return c.Ended()
}

func TestBodySuspendsAndEnds(t *testing.T) {
	var p Pool
	var trace []int
	c := p.Start(body(func(c *Coro) {
		trace = append(trace, 1)
		c.Suspend()
		trace = append(trace, 2)
	}))
	if len(trace) != 0 {
		t.Fatal("the body ran before Resume")
	}
	if ends(c) {
		t.Fatal("ended at its first suspension")
	}
	trace = append(trace, 10)
	if !ends(c) {
		t.Fatal("did not end")
	}
	if want := []int{1, 10, 2}; len(trace) != 3 || trace[0] != want[0] || trace[1] != want[1] || trace[2] != want[2] {
		t.Fatalf("trace %v, want %v", trace, want)
	}
	c.Release()
	if p.Alive() != 1 || p.Idle() != 1 {
		t.Fatalf("alive %d, idle %d; want 1, 1", p.Alive(), p.Idle())
	}
	if n := closed(&p); n != 0 || p.Alive() != 0 {
		t.Fatalf("Close: abandoned %d, alive %d", n, p.Alive())
	}
}

func TestFinishedCoroutineIsUsedAgain(t *testing.T) {
	var p Pool
	defer closed(&p)
	started := 0
	p.OnStart = func() { started++ }
	for range 100 {
		c := p.Start(body(func(c *Coro) {}))
		if !ends(c) {
			t.Fatal("did not end")
		}
		c.Release()
	}
	if started != 1 {
		t.Fatalf("%d goroutines for 100 functions one after the other, want 1", started)
	}
}

func TestStoppedCoroutineEndsItsGoroutine(t *testing.T) {
	before := runtime.NumGoroutine()
	var p Pool
	ended := 0
	p.OnEnd = func() { ended++ }
	var cs []*Coro
	for range 10 {
		c := p.Start(body(func(c *Coro) { c.Suspend() }))
		c.Resume()
		cs = append(cs, c)
	}
	for _, c := range cs {
		if !ends(c) {
			t.Fatal("did not end")
		}
		c.Release()
	}
	closed(&p)
	if ended != 10 {
		t.Fatalf("%d of 10 ended", ended)
	}
	if n := runtime.NumGoroutine(); n > before {
		t.Fatalf("%d goroutines, %d before", n, before)
	}
}

func TestGoexitEndsTheBodyOnly(t *testing.T) {
	var p Pool
	deferred := 0
	for i := range 3 { // the second and third run inside the first one's Goexit
		c := p.Start(body(func(c *Coro) {
			defer func() { deferred++ }()
			c.Suspend()
			runtime.Goexit()
		}))
		if ends(c) {
			t.Fatal("ended too early")
		}
		if !ends(c) {
			t.Fatal("did not end")
		}
		if !c.Goexit() {
			t.Fatal("Goexit not reported")
		}
		c.Release()
		if deferred != i+1 {
			t.Fatalf("%d deferred calls after %d bodies", deferred, i+1)
		}
	}
	ok := false
	c := p.Start(body(func(c *Coro) { ok = true }))
	if !ends(c) || !ok || c.Goexit() {
		t.Fatal("a plain body after a Goexit did not run plainly")
	}
	c.Release()
	if n := closed(&p); n != 1 {
		t.Fatalf("Close counts %d abandoned, want 1", n)
	}
}

func BenchmarkSwitch(b *testing.B) {
	var p Pool
	c := p.Start(body(func(c *Coro) {
		for {
			c.Suspend()
		}
	}))
	for b.Loop() {
		c.Resume()
	}
}

// After many Goexits a coroutine's stack is given up, before it eats the memory.
func TestACoroutineServesABoundedNumberOfGoexits(t *testing.T) {
	var p Pool
	const n = 3*exitLimit + 1
	for range n {
		c := p.Start(body(func(*Coro) { runtime.Goexit() }))
		if !ends(c) || !c.Goexit() {
			t.Fatal("did not end by Goexit")
		}
		c.Release()
	}
	if n := closed(&p); n != 4 || p.Alive() != 0 {
		t.Errorf("%d abandoned, %d alive", n, p.Alive())
	}
}

func TestAPanicAfterAGoexitIsTheBodysOwn(t *testing.T) {
	var p Pool
	c := p.Start(body(func(*Coro) { runtime.Goexit() }))
	c.Resume()
	c.Release()
	var caught any
	c = p.Start(body(func(*Coro) {
		defer func() { caught = recover() }()
		panic("own")
	}))
	if !ends(c) || caught != "own" || c.Goexit() {
		t.Errorf("caught %v, goexit %v", caught, c.Goexit())
	}
	c.Release()
	closed(&p)
}

func TestIdleCoroutinesAreBounded(t *testing.T) {
	var p Pool
	var cs []*Coro
	for range idleLimit + 100 {
		c := p.Start(body(func(c *Coro) { c.Suspend() }))
		c.Resume()
		cs = append(cs, c)
	}
	for _, c := range cs {
		c.Resume()
		c.Release()
	}
	if p.Idle() != idleLimit || p.Alive() != idleLimit {
		t.Errorf("idle %d, alive %d, want %d", p.Idle(), p.Alive(), idleLimit)
	}
	if n := closed(&p); n != 0 || p.Alive() != 0 || p.Idle() != 0 {
		t.Errorf("%d abandoned, %d alive, %d idle", n, p.Alive(), p.Idle())
	}
}

func TestAbandonIsCounted(t *testing.T) {
	var p Pool
	c := p.Start(body(func(c *Coro) { c.Suspend() }))
	c.Resume()
	c.Abandon()
	if n := closed(&p); n != 1 || p.Alive() != 0 {
		t.Errorf("%d abandoned, %d alive", n, p.Alive())
	}
	defer func() {
		if recover() == nil {
			t.Error("Release of a coroutine that still runs did not panic")
		}
	}()
	c.Release()
}
