package rouse

import "unsafe"

// The memory of the atomic kind: its cells, and how they are used again.

// sharedPart is what an atomic task's header has in the place of links.
type sharedPart struct {
	// schedule is what wake calls. It is let go when the cell ends; nobody calls
	// it after that, since only the transition to SCHEDULED does, and that needs a
	// task that isn't over. While it is nil the cell is no task, see runShared.
	schedule func(Runnable)

	// failure is the panic that ended the task, for the runner alone: the
	// handle may empty the slot as soon as the task has finished.
	failure *PanicError

	name *string // for reports; nil if none was given
}

// The two are of one size, and all their words are pointers, so that the
// collector need not know which it looks at.
var _ [unsafe.Sizeof(links{})]byte = [unsafe.Sizeof(sharedPart{})]byte{}

// shared returns the part of h that only an atomic task has. h must be one.
func (h *header) shared() *sharedPart { return (*sharedPart)(unsafe.Pointer(&h.links)) }

// NewTask makes a task of f: the atomic kind, which may be woken, run, aborted
// and joined from any goroutine, by one runner at a time. schedule is what a
// wake calls with the task that became runnable; it may be called from any
// goroutine, also while the task's last Run is returning, and passes the
// Runnable to whoever is to Run it. Hand the returned Runnable to
// [Runnable.Schedule], or run it.
func NewTask[T any](f Future[T], schedule func(Runnable)) (Runnable, JoinHandle[T]) {
	if f == nil || schedule == nil {
		panic("rouse: NewTask needs a Future and a schedule function")
	}
	return beginShared(newSharedCell[T](), f, schedule)
}

// NewTaskIn is NewTask for the goroutine that polls with cx, an executor's own: the
// memory of tasks that have ended in polls with it is used again, so that in the
// steady state a task costs no allocation beside its future's.
func NewTaskIn[T any](cx *Context, f Future[T], schedule func(Runnable)) (Runnable, JoinHandle[T]) {
	if f == nil || schedule == nil {
		panic("rouse: NewTaskIn needs a Future and a schedule function")
	}
	c := (*cell[T])(unsafe.Pointer(cx.takeCell(itabOf((*cell[T])(nil)))))
	if c == nil {
		c = newSharedCell[T]()
	}
	return beginShared(c, f, schedule)
}

func newSharedCell[T any]() *cell[T] {
	c := new(cell[T])
	c.itab = itabOf(c)
	c.remote.Store(uint64(born)) // nobody knows it yet
	return c
}

// beginShared makes a task of a cell, whose word says already that it is born.
func beginShared[T any](c *cell[T], f Future[T], schedule func(Runnable)) (Runnable, JoinHandle[T]) {
	c.fut = f
	c.shared().schedule = schedule
	return Runnable{&c.header}, JoinHandle[T]{&c.header, c.gen()}
}

// poolFor returns where the cell of an atomic task is kept for reuse by whoever
// polls with cx, or nil if it isn't: nobody takes such cells, or there are enough.
// cx may be nil.
func (cx *Context) poolFor(h *header) *pool {
	if cx == nil || cx.root.cells == nil || h.shared().failure != nil { // the runner may still ask for it
		return nil
	}
	if p := cx.root.cells.of(h.itab); p.asked && p.n < poolLimit {
		return p
	}
	return nil
}

// keep adds the cell of an atomic task that has ended.
func (p *pool) keep(h *header) {
	h.site = 0
	h.shared().name = nil
	h.next = p.first
	p.first = h
	p.n++
}

// takeCell returns a cell that was kept, or nil.
func (cx *Context) takeCell(itab uintptr) *header {
	if cx.root.cells == nil {
		return nil
	}
	p := cx.root.cells.of(itab)
	p.asked = true
	h := p.first
	if h != nil {
		p.first, h.next = h.next, nil
		p.n--
	}
	return h
}
