package rouse

// call is an injected function on its way, or due.
type call struct {
	next *call
	fn   func(*Context)
}

// noCalls is the stack of a loop that has closed.
var noCalls = new(call)

// Inject has fn called on the loop's goroutine by the next [Loop.Deliver].
// From any goroutine; it allocates. It returns [ErrClosed] after Close.
func (l *Loop) Inject(fn func(*Context)) error {
	if fn == nil {
		panic("rouse: Inject of a nil function")
	}
	c := &call{fn: fn}
	for {
		head := l.calls.Load()
		if head == noCalls {
			return ErrClosed
		}
		c.next = head
		if l.calls.CompareAndSwap(head, c) { // pairs with the Swaps in Deliver and Close
			if head == nil {
				l.unpark()
			}
			return nil
		}
	}
}

// enqueue puts a stack of calls behind those that are due, in the order in which
// they came.
func (l *Loop) enqueue(stack *call) {
	var first *call
	for c := stack; c != nil; {
		next := c.next
		c.next = first
		first, c = c, next
	}
	end := &l.due
	for *end != nil {
		end = &(*end).next
	}
	*end = first
}

// runCalls calls what is due. If a function panics the others stay due: Close
// still runs them, and so, for instance, no joiner is forgotten.
func (l *Loop) runCalls(cx *Context) (n int) {
	for ; l.due != nil; n++ {
		c := l.due
		l.due = c.next
		c.fn(cx)
	}
	return n
}
