package rouse

// budgetPerPoll is how many operations of leaf futures may succeed in one poll
// before [Context.Spend] makes the task yield.
const budgetPerPoll = 128

// An Executor is what a [Context] knows of whoever polls. Packages that need
// more of it (a timer wheel, a driver) ask for it by type assertion.
type Executor interface {
	// Now is the executor's clock at the start of this turn of its loop:
	// monotonic nanoseconds. Legal on the executor's goroutine.
	Now() int64
	// Rand returns a random number from the executor's own generator. Legal
	// on the executor's goroutine.
	Rand() uint64
	// Inject has fn called on the executor's goroutine, between two polls.
	// Legal from any goroutine; an error means that the executor is closed
	// and fn will not be called.
	Inject(fn func(*Context)) error
}

// A Context is what a poll is given: the waker of the task, the executor, and
// a budget. It is valid during the poll, on the goroutine that polls.
type Context struct {
	waker  Waker
	exec   Executor
	loop   *Loop    // set if a Loop polls: then local tasks of it are at home here
	root   *Context // whose budget counts; itself, unless derived
	cells  *pools   // of atomic tasks; see NewTaskIn. The root's counts
	budget int32
}

// NewContext returns a Context that lends waker and has no executor. It is the
// way in for an executor of your own, and for tests of a future.
func NewContext(waker Waker) *Context {
	cx := &Context{waker: waker, budget: budgetPerPoll}
	cx.root = cx
	return cx
}

// NewExecutorContext returns a Context for an executor's loop to run its tasks
// with. loop may be nil if the executor runs no local tasks.
func NewExecutorContext(ex Executor, loop *Loop) *Context {
	cx := NewContext(Waker{})
	cx.exec, cx.loop = ex, loop
	if loop == nil {
		cx.cells = new(pools)
	}
	return cx
}

// Waker returns a clone of the waker that the Context lends. A future that
// returns Pending leaves it with whatever it waits for.
func (cx *Context) Waker() Waker {
	if h := cx.atHome(); h != nil {
		h.refs.add()
		return cx.waker
	}
	return cx.waker.Clone()
}

// WakeByRef wakes the task that is being polled: it yields.
func (cx *Context) WakeByRef() {
	if h := cx.atHome(); h != nil {
		h.wakeHome()
		return
	}
	cx.waker.WakeByRef()
}

// atHome returns the local task that the lent waker wakes, if it belongs to the
// loop that polls: then we know without asking that we are on its goroutine.
func (cx *Context) atHome() *header {
	if cx.waker.vtable != &localTable {
		return nil
	}
	h := (*header)(cx.waker.data)
	if cx.loop == nil || h.home.loop != cx.loop {
		return nil
	}
	return h
}

// WillWake reports whether w wakes what the Context's waker wakes; then a
// future keeps w and saves a clone.
func (cx *Context) WillWake(w Waker) bool { return cx.waker.WillWake(w) }

// Derive makes dst a Context like cx that lends waker instead, and returns dst.
// A combinator that tells its children apart by wakers keeps dst inside itself:
// a Context on the stack would escape, one allocation a poll. The budget stays
// that of cx, so dst must not be used after the poll that cx was given to.
func (cx *Context) Derive(dst *Context, waker Waker) *Context {
	dst.waker, dst.exec, dst.loop, dst.root = waker, cx.exec, cx.loop, cx.root
	return dst
}

// TaskID tells the task that is being polled from the others that live: the
// same for every Context that is derived in it, 0 if the Context has no waker.
// It is how a thing that serves one task at a time notices a second one, and
// good for nothing else.
func (cx *Context) TaskID() uintptr { return uintptr(cx.root.waker.data) }

// Executor returns whoever polls, or nil if the Context has no executor.
func (cx *Context) Executor() Executor { return cx.exec }

// Now returns the executor's clock at the start of this turn: monotonic
// nanoseconds. It panics if the Context has no executor.
func (cx *Context) Now() int64 { return cx.executor("Now").Now() }

// Rand returns a random number of the executor's generator. It panics if the
// Context has no executor.
func (cx *Context) Rand() uint64 { return cx.executor("Rand").Rand() }

func (cx *Context) executor(method string) Executor {
	if cx.exec == nil {
		panic("rouse: Context." + method + " needs an executor; run the future on one, or make the Context with NewExecutorContext")
	}
	return cx.exec
}

// Spend takes one unit of the poll's budget. A leaf future calls it before an
// operation that would succeed at once, and returns Pending if it reports
// false: the task has then been woken already and goes on in its next poll.
// So a future that never has to wait, such as a loop over a channel that is
// never empty, still lets others run. [Context.Refund] gives a unit back.
func (cx *Context) Spend() bool {
	r := cx.root
	if r.budget > 0 {
		r.budget--
		return true
	}
	cx.WakeByRef()
	return false
}

// Refund gives back a unit that was spent on an operation that had to wait
// after all.
func (cx *Context) Refund() { cx.root.budget++ }
