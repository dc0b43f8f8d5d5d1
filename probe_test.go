package rouse

import (
	"sync"
	"sync/atomic"
	"testing"
)

// probe is a future that does as its script says, counts what is done to it,
// and notes every breach of the contract between a future and its owner.
type probe struct {
	script func(cx *Context, poll int) (int, error) // poll counts from 1
	onDrop func()

	polls, drops atomic.Int32
	busy         atomic.Bool
	returned     atomic.Bool // a result

	mu       sync.Mutex
	breaches []string
}

func (p *probe) breach(what string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.breaches = append(p.breaches, what)
}

func (p *probe) Poll(cx *Context) (int, error) {
	if !p.busy.CompareAndSwap(false, true) {
		p.breach("polled while it is polled or dropped")
	}
	defer p.busy.Store(false)
	switch {
	case p.returned.Load():
		p.breach("polled after its result")
	case p.drops.Load() > 0:
		p.breach("polled after Drop")
	}
	v, err := p.script(cx, int(p.polls.Add(1)))
	if err != Pending {
		p.returned.Store(true)
	}
	return v, err
}

func (p *probe) Drop() {
	if !p.busy.CompareAndSwap(false, true) {
		p.breach("dropped while it is polled or dropped")
	}
	defer p.busy.Store(false)
	if p.returned.Load() {
		p.breach("dropped after its result")
	}
	if p.drops.Add(1) > 1 {
		p.breach("dropped twice")
	}
	if p.onDrop != nil {
		p.onDrop()
	}
}

// check compares the counts, and reports breaches.
func (p *probe) check(t testing.TB, polls, drops int32) {
	t.Helper()
	if n := p.polls.Load(); n != polls {
		t.Errorf("polls: %d, want %d", n, polls)
	}
	p.checkDrops(t, drops)
}

func (p *probe) checkDrops(t testing.TB, drops int32) {
	t.Helper()
	if n := p.drops.Load(); n != drops {
		t.Errorf("drops: %d, want %d", n, drops)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, b := range p.breaches {
		t.Error("the future was ", b)
	}
}

// pendingFor is a probe that is pending n times, without arranging a wake, and
// then returns v.
func pendingFor(n, v int) *probe {
	return &probe{script: func(_ *Context, poll int) (int, error) {
		if poll <= n {
			return 0, Pending
		}
		return v, nil
	}}
}

// forever is a probe that never has a result.
func forever() *probe { return pendingFor(1<<30, 0) }

// doing is a probe whose every poll calls f and returns what f does.
func doing(f func(cx *Context) (int, error)) *probe {
	return &probe{script: func(cx *Context, _ int) (int, error) { return f(cx) }}
}

// flag is a one-shot event that goroutines and tasks can wait for: the pattern
// "register, then look again" in its smallest form.
type flag struct {
	set    atomic.Bool
	mu     sync.Mutex
	wakers []Waker
}

func (f *flag) raise() {
	f.set.Store(true)
	f.mu.Lock()
	ws := f.wakers
	f.wakers = nil
	f.mu.Unlock()
	for _, w := range ws {
		w.Wake()
	}
}

// wait is a future of the event.
func (f *flag) wait() *probe {
	return doing(func(cx *Context) (int, error) {
		if f.set.Load() {
			return 1, nil
		}
		f.mu.Lock()
		f.wakers = append(f.wakers, cx.Waker())
		f.mu.Unlock()
		if f.set.Load() {
			return 1, nil
		}
		return 0, Pending
	})
}

// wakeLog is a Wakeable that counts.
type wakeLog struct{ wakes atomic.Int32 }

func (w *wakeLog) WakeByRef() { w.wakes.Add(1) }
