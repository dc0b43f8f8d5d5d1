package rouse

import "context"

// A JoinHandle is the right to a task's result: a Future of it, and the means
// to end the task early. It may be passed between goroutines and polled by a
// task of any executor, by one at a time; copies share the one result.
//
// Forgetting a handle detaches the task: it runs on. Only Abort, or the end of
// its executor, cancels it. The zero JoinHandle is of no task.
type JoinHandle[T any] struct {
	h   *header
	gen uint64
}

// Poll returns the task's result once it has finished: what its future
// returned, or [ErrCanceled], [ErrGoexit] or a [*PanicError]. By then the
// future is gone. The result is handed out once; polling again is a bug and
// panics.
func (j JoinHandle[T]) Poll(cx *Context) (T, error) {
	switch h := j.h; {
	case h == nil:
		panic("rouse: Poll of the zero JoinHandle")
	case h.home == nil:
		return j.pollShared(cx)
	case h.home.loop == cx.loop:
		return j.pollHome(cx)
	default:
		return j.pollAbroad(cx)
	}
}

func (j JoinHandle[T]) pollHome(cx *Context) (T, error) {
	s := slotOf[T](j.h)
	if s.gen() != j.gen || s.state&handle == 0 {
		panic(polledTwice)
	}
	if s.state&completed == 0 {
		if !cx.WillWake(s.wants) {
			s.wants.Drop()
			s.wants = cx.Waker()
		}
		var none T
		return none, Pending
	}
	v, err := s.out, s.err
	var none T
	s.out, s.err = none, nil
	s.state, _ = s.state.release()
	s.recycle()
	if err != nil {
		err = take(err)
	}
	return v, err
}

// pollAbroad polls from outside the task's executor: it looks at the one word
// that may be read from there, and has its waker put in place at home.
func (j JoinHandle[T]) pollAbroad(cx *Context) (T, error) {
	s := slotOf[T](j.h)
	if j.doneAbroad() {
		return j.takeAbroad()
	}
	w := cx.Waker()
	err := s.home.loop.Inject(func(*Context) {
		switch {
		case s.gen() != j.gen || s.state&completed != 0:
			w.Wake()
		case s.state&handle == 0:
			s.remote.Or(wordTaken) // the next poll shall say so
			w.Wake()
		default:
			s.wants.Drop()
			s.wants = w
		}
	})
	if err != nil {
		// The loop has closed, and it refuses calls only after every task has
		// finished.
		w.Drop()
		return j.takeAbroad()
	}
	var none T
	return none, Pending
}

func (j JoinHandle[T]) doneAbroad() bool {
	w := j.h.remote.Load() // pairs with the Or in finishLocal
	if w>>genShift != j.gen || w&wordTaken != 0 {
		panic(polledTwice)
	}
	return w&wordDone != 0
}

func (j JoinHandle[T]) takeAbroad() (T, error) {
	if !j.doneAbroad() {
		panic("rouse: executor closed with an unfinished task") // Loop.Close does not
	}
	s := slotOf[T](j.h)
	v, err := s.out, s.err
	s.postTo(j.gen, mailDetach|wordTaken) // from here on the cell may be reused
	return v, take(err)
}

func (j JoinHandle[T]) pollShared(cx *Context) (T, error) {
	s := slotOf[T](j.h)
	if word := s.remote.Load(); word>>genShift != j.gen || state(word)&handle == 0 { // pairs with the swap in finishShared
		panic(polledTwice)
	} else if state(word)&completed == 0 && s.await(cx) {
		var none T
		return none, Pending
	}
	v, err := s.out, s.err
	s.releaseShared(j.gen, cx)
	if err != nil {
		err = take(err)
	}
	return v, err
}

const polledTwice = "rouse: JoinHandle polled after its result was handed out, or after Detach; keep what the first Poll or Join returned"

// Join waits for the result: in a fiber it suspends the fiber, elsewhere it
// blocks the goroutine. If ctx ends first Join returns its error; the task goes
// on, and the handle is good for another Join.
func (j JoinHandle[T]) Join(ctx context.Context) (T, error) {
	if f := FiberOf(ctx); f != nil {
		return j.joinIn(ctx, f)
	}
	return block[T](ctx, borrowed[T]{j})
}

// joinIn is Await in a fiber, for a handle that stays the caller's: nothing to
// drop, and nothing allocated.
func (j JoinHandle[T]) joinIn(ctx context.Context, f Awaiter) (v T, err error) {
	if err = f.Begin(ctx); err != nil {
		return v, err
	}
	for {
		if v, err = j.Poll(f.Context()); !isPending(err) {
			return v, err
		}
		if err = f.Suspend(ctx); err != nil {
			return v, err
		}
	}
}

// borrowed polls a handle that it does not own: it has no Drop.
type borrowed[T any] struct{ j JoinHandle[T] }

func (b borrowed[T]) Poll(cx *Context) (T, error) { return b.j.Poll(cx) }

// Abort cancels the task, from any goroutine: its future is dropped on its own
// executor before the next poll, and then the handle yields [ErrCanceled]. If
// a poll is going on and returns a result, the result wins. After the end it
// does nothing.
func (j JoinHandle[T]) Abort() { j.AbortHandle().Abort() }

// AbortHandle returns a handle that can only abort. It does not keep the
// result, and it goes stale when the task has finished.
func (j JoinHandle[T]) AbortHandle() AbortHandle { return AbortHandle(j) }

// IsFinished reports whether the task has ended, for whatever reason; it stays
// true. From any goroutine.
func (j JoinHandle[T]) IsFinished() bool { return j.AbortHandle().IsFinished() }

// Detach lets the task run on without a handle: its result is thrown away.
// From any goroutine; after the result was handed out it does nothing.
func (j JoinHandle[T]) Detach() {
	switch h := j.h; {
	case h == nil:
	case h.home == nil:
		h.releaseShared(j.gen, nil)
	case h.home.loop.AtHome():
		if h.gen() == j.gen {
			h.releaseHome()
		}
	default:
		h.postTo(j.gen, mailDetach|wordTaken)
	}
}

// Drop is Detach: a JoinHandle is a future, and whoever owns one that was not
// polled to its result drops it.
func (j JoinHandle[T]) Drop() { j.Detach() }

// An AbortHandle can abort a task and tell whether it has ended, from any
// goroutine. It is a small value; the zero AbortHandle is of no task.
type AbortHandle struct {
	h   *header
	gen uint64
}

// Abort is [JoinHandle.Abort].
func (a AbortHandle) Abort() {
	switch h := a.h; {
	case h == nil:
	case h.home == nil:
		h.abortShared(a.gen)
	case h.home.loop.AtHome():
		if h.gen() == a.gen {
			h.abortHome()
		}
	default:
		h.postTo(a.gen, mailAbort)
	}
}

// IsFinished is [JoinHandle.IsFinished]; true for the zero AbortHandle.
func (a AbortHandle) IsFinished() bool {
	if a.h == nil {
		return true
	}
	w := a.h.remote.Load() // pairs with the Or in finishLocal, or the swap of finish
	if a.h.home == nil {
		return w>>genShift != a.gen || state(w)&completed != 0
	}
	return w>>genShift != a.gen || w&wordDone != 0
}
