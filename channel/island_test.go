package channel_test

import (
	"github.com/rouse-go/rouse"
)

// An island is an executor that is run by hand, so that several can be on one
// goroutine, each when the test wants.
type island struct {
	loop  *rouse.Loop
	home  *rouse.Home
	cx    *rouse.Context
	queue []rouse.Runnable
}

func newIsland() *island {
	x := new(island)
	x.loop = rouse.NewLoop(func() {}, nil)
	x.home = x.loop.NewHome("island", func(r rouse.Runnable) { x.queue = append(x.queue, r) })
	x.cx = rouse.NewExecutorContext(x, x.loop)
	return x
}

func (x *island) Now() int64                           { return 0 }
func (x *island) Rand() uint64                         { return 0 }
func (x *island) Inject(fn func(*rouse.Context)) error { return x.loop.Inject(fn) }
func (x *island) Home() *rouse.Home                    { return x.home }
func (x *island) hand() (h *hand, cx *rouse.Context)   { h = newHand(); return h, x.lend(h) }
func (x *island) lend(h *hand) *rouse.Context {
	return x.bare().Derive(new(rouse.Context), rouse.NewWaker(h))
}
func (x *island) bare() *rouse.Context { return rouse.NewExecutorContext(x, nil) }

// run runs what is due.
func (x *island) run() {
	x.loop.Enter()
	defer x.loop.Leave()
	for x.loop.Deliver(x.cx) > 0 || len(x.queue) > 0 {
		for len(x.queue) > 0 {
			r := x.queue[0]
			x.queue = x.queue[1:]
			r.Run(x.cx)
		}
	}
}

// end closes the executor.
func (x *island) end() {
	x.loop.Enter()
	defer x.loop.Leave()
	x.loop.Close(x.cx)
	x.queue = nil
}
