package rouse

// loopExec is the least executor of local tasks: a Loop, one Home, and a run
// queue that is an intrusive list. It is run by hand on the test's goroutine.
type loopExec struct {
	loop       *Loop
	home       *Home
	head, tail Runnable
	cx         *Context
}

func newLoopExec() *loopExec {
	e := &loopExec{}
	e.loop = NewLoop(func() {}, nil)
	e.home = e.loop.NewHome("main", e.push)
	e.cx = NewExecutorContext(nil, e.loop)
	return e
}

func (e *loopExec) push(r Runnable) {
	r.SetNext(Runnable{})
	if e.tail.IsZero() {
		e.head = r
	} else {
		e.tail.SetNext(r)
	}
	e.tail = r
}

func (e *loopExec) run() {
	e.loop.Deliver(e.cx)
	for !e.head.IsZero() {
		r := e.head
		e.head = r.Next()
		if e.head.IsZero() {
			e.tail = Runnable{}
		}
		r.Run(e.cx)
	}
}
