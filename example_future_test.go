package rouse_test

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/rouse-go/rouse"
)

// Gate is closed until it is opened. It shows how a future is written: register
// the waker, then look again.
type Gate struct {
	mu    sync.Mutex
	open  bool
	waker rouse.Waker
}

// Open opens the gate. From any goroutine.
func (g *Gate) Open() {
	g.mu.Lock()
	g.open = true
	w := g.waker
	g.waker = rouse.Waker{}
	g.mu.Unlock()
	w.Wake() // outside the lock; the zero Waker wakes nothing
}

// Poll makes a Gate a Future.
func (g *Gate) Poll(cx *rouse.Context) (string, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	// The lock makes registering and looking one step, in any order. Without
	// it: register, then look again.
	if g.open {
		return "through", nil
	}
	if !cx.WillWake(g.waker) {
		g.waker.Drop()
		g.waker = cx.Waker()
	}
	return "", rouse.Pending
}

// Drop makes a Gate a Dropper: it holds a waker while it is pending.
func (g *Gate) Drop() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.waker.Drop()
	g.waker = rouse.Waker{}
}

func ExampleFuture() {
	gate := new(Gate)
	go gate.Open()
	fmt.Println(rouse.BlockOn(gate))
	// Output: through <nil>
}

func ExampleFutureFunc() {
	polls := 0
	f := rouse.FutureFunc[int](func(cx *rouse.Context) (int, error) {
		polls++
		if polls < 3 {
			cx.WakeByRef() // poll me again
			return 0, rouse.Pending
		}
		return polls, nil
	})
	fmt.Println(rouse.BlockOn(f))
	// Output: 3 <nil>
}

func ExampleReady() {
	fmt.Println(rouse.BlockOn(rouse.Ready("at once")))
	// Output: at once <nil>
}

// Yield is pending once: whatever else is runnable comes first.
func ExampleYield() {
	cx := rouse.NewContext(rouse.Waker{})
	y := rouse.Yield()
	_, err := y.Poll(cx)
	fmt.Println(err == rouse.Pending)
	_, err = y.Poll(cx)
	fmt.Println(err)
	// Output:
	// true
	// <nil>
}

func ExampleAwait() {
	gate := new(Gate)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := rouse.Await(ctx, gate) // the end of ctx ends the wait
	fmt.Println(err)

	gate = new(Gate) // the other one is spent
	go gate.Open()
	fmt.Println(rouse.Await(context.Background(), gate))
	// Output:
	// context canceled
	// through <nil>
}

func ExampleBlockOn() {
	_, err := rouse.BlockOn(rouse.FutureFunc[int](func(*rouse.Context) (int, error) {
		return 0, errors.New("no luck")
	}))
	fmt.Println(err)
	// Output: no luck
}

// A combinator that must know which of its children was woken lends each a
// waker of its own, by a Context that it keeps inside itself.
func ExampleContext_Derive() {
	b := new(both)
	b.wake = [2]*childWake{{both: b, name: "left"}, {both: b, name: "right"}}
	fmt.Println(rouse.BlockOn(b))
	// Output:
	// poll left
	// poll right
	// poll right
	// poll left
	// done <nil>
}

// both polls two children, and each of them only when it was woken.
type both struct {
	outer rouse.Waker
	cx    rouse.Context // for the children: on the stack it would escape
	wake  [2]*childWake
}

// childWake is what a child wakes: it notes which, and wakes the task.
type childWake struct {
	both  *both
	name  string
	polls int
	quiet bool
}

func (c *childWake) WakeByRef() {
	c.quiet = false
	c.both.outer.WakeByRef()
}

func (c *childWake) poll(cx *rouse.Context) bool {
	fmt.Println("poll", c.name)
	c.polls++
	if c.polls == 1 && c.name == "right" {
		cx.WakeByRef() // the right one wants to go on, the left one waits for it
	} else if c.name == "right" {
		c.both.wake[0].WakeByRef()
	}
	return c.polls == 2
}

func (b *both) Poll(cx *rouse.Context) (string, error) {
	if !cx.WillWake(b.outer) {
		b.outer.Drop()
		b.outer = cx.Waker()
	}
	done := true
	for _, c := range b.wake {
		if !c.quiet && c.polls < 2 {
			c.quiet = true
			c.poll(cx.Derive(&b.cx, rouse.NewWaker(c)))
		}
		done = done && c.polls == 2
	}
	if done {
		return "done", nil
	}
	return "", rouse.Pending
}

// A future that never has to wait spends a unit of the poll's budget for each
// thing it does, so that others get their turn.
func ExampleContext_Spend() {
	items, polls := 300, 0
	f := rouse.FutureFunc[string](func(cx *rouse.Context) (string, error) {
		polls++
		for items > 0 {
			if !cx.Spend() {
				return "", rouse.Pending // the task has been woken already
			}
			items--
		}
		return fmt.Sprintf("done in %d polls", polls), nil
	})
	fmt.Println(rouse.BlockOn(f))
	// Output: done in 3 polls <nil>
}
