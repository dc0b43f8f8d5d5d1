// Package coro runs functions on coroutines: a function on a coroutine can
// suspend itself in the middle and be resumed later, at the price of a direct
// switch instead of a trip through Go's scheduler. It gives the turn back to
// the goroutine that owns the coroutines, or straight to another coroutine.
//
// A coroutine is an iter.Pull. Making one costs six allocations and close to a
// microsecond, so a finished one is kept in its [Pool] for the next function.
// It may be resumed only under the thread locking it was made under; breaking
// that kills the process, so a Pool belongs to one goroutine that never
// changes it.
//
// # Doors
//
// All that an iter.Pull does when next or yield is called is to let the
// goroutine that waits inside go on, and have the caller wait in its place; see
// [door] for why that gives a switch between any two goroutines of a Pool.
//
// # Goexit
//
// If a function calls runtime.Goexit (t.FailNow does), iter.Pull would pass
// that on to whoever resumed it and end the executor's goroutine. So the
// coroutine's outermost deferred call catches it there: it reports the
// function as ended and goes on serving further functions from inside that
// deferred call. Such a coroutine can never return, nor be stopped; the Pool
// counts it as abandoned when it closes.
package coro

import "iter"

// A Pool makes coroutines and keeps idle ones. The zero Pool is ready for use.
// All methods are for its goroutine only.
type Pool struct {
	// OnStart and OnEnd, if set, are called on a coroutine's own goroutine when
	// it begins and when it ends; for an abandoned one OnEnd is not.
	OnStart, OnEnd func()

	at     *door // where the owner waits while a coroutine runs
	ending *Coro // see end

	idle  []*Coro
	alive int // made and not yet ended
	stuck int // abandoned: will never end
}

// idleLimit is how many finished coroutines a Pool keeps.
const idleLimit = 1024

// A Body is what a coroutine runs. RunOn must not panic; it may call
// runtime.Goexit.
type Body interface{ RunOn(*Coro) }

// A Coro is a coroutine that runs one Body at a time.
type Coro struct {
	pool   *Pool
	at     *door // where its goroutine waits, if it does not run
	own    door
	body   Body
	done   bool // body has ended
	goexit bool // by runtime.Goexit
	exits  int  // Goexits that the coroutine's goroutine is inside of, for ever
}

// exitLimit is how many Goexits a coroutine serves: each leaves frames on its
// stack that never go.
const exitLimit = 1000

// Start takes a coroutine for body. body runs at the first Resume.
func (p *Pool) Start(body Body) *Coro {
	var c *Coro
	if n := len(p.idle); n > 0 {
		c = p.idle[n-1]
		p.idle = p.idle[:n-1]
	} else {
		c = &Coro{pool: p}
		// A literal of its own, and not c.serve, whose wrapper would be a frame
		// more on each stack; so would be serve.
		c.own.next, _ = iter.Pull(func(yield func(struct{}) bool) {
			c.own.yield = yield
			if c.pool.OnStart != nil {
				c.pool.OnStart()
			}
			c.run()
			if c.pool.OnEnd != nil {
				c.pool.OnEnd()
			}
		})
		c.at = &c.own
		p.alive++
	}
	c.body, c.done, c.goexit = body, false, false
	return c
}

// run serves bodies until the coroutine is to end.
func (c *Coro) run() {
	returned := false
	defer func() {
		if returned {
			return
		}
		// A body called Goexit: panics don't get here, the bodies given to Start
		// must not panic. We are inside Goexit's run of deferred calls and must not
		// return from it.
		c.exits++
		c.body, c.goexit, c.done = nil, true, true
		c.Suspend()
		c.run()
		select {} // end leaves such a coroutine alone
	}()
	for c.pool.ending != c {
		c.body.RunOn(c)
		c.done = true
		c.Suspend()
	}
	returned = true
}

// Resume gives c the turn, and returns when some coroutine gives it back. Only
// for the pool's owner.
func (c *Coro) Resume() {
	if next, yield := c.Enter(); next != nil {
		next()
	} else {
		yield(struct{}{})
	}
}

// Ended reports whether the body has ended.
func (c *Coro) Ended() bool { return c.done }

// Goexit reports whether the body that has ended did so by runtime.Goexit.
func (c *Coro) Goexit() bool { return c.goexit }

// Suspend gives the turn back to the owner, until c is resumed. Only for the
// body, on its own goroutine.
func (c *Coro) Suspend() {
	if next, yield := c.Leave(nil); next != nil {
		next()
	} else {
		yield(struct{}{})
	}
	c.Back()
}

// Release gives an ended coroutine back to its pool.
func (c *Coro) Release() {
	if !c.done {
		panic("rouse: coro: release of a coroutine whose function still runs")
	}
	if c.exits == 0 && len(c.pool.idle) < idleLimit || c.exits > 0 && c.exits < exitLimit {
		c.pool.idle = append(c.pool.idle, c)
		return
	}
	c.end()
}

// Forget has c, whose body has ended, keep it no longer. Release leaves that to
// the next Start, which writes there anyway.
func (c *Coro) Forget() {
	if c.done {
		c.body = nil
	}
}

// Abandon gives up a coroutine whose body will not end: it stays suspended for
// ever, and the collector can't take it.
func (c *Coro) Abandon() {
	c.pool.alive--
	c.pool.stuck++
}

func (c *Coro) end() {
	c.pool.alive--
	if c.exits > 0 {
		c.pool.stuck++
		return
	}
	p := c.pool
	p.ending = c
	p.at = &c.own // when its goroutine ends, whoever waits there goes on
	c.own.swap()
	p.ending = nil
}

// Close ends the idle coroutines and returns how many had to be abandoned in
// the Pool's life.
func (p *Pool) Close() (abandoned int) {
	for _, c := range p.idle {
		c.end()
	}
	p.idle = nil
	return p.stuck
}

// Alive returns how many coroutines exist that may still end: those that run a
// body and the idle ones.
func (p *Pool) Alive() int { return p.alive }

// Idle returns how many wait for a body.
func (p *Pool) Idle() int { return len(p.idle) }
