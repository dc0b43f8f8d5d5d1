package rouse

import (
	"unsafe"

	"github.com/rouse-go/rouse/internal/gid"
)

// A Home is where local tasks belong: one queue of one [Loop]. An executor has
// a Home for each of its queues and, if it names tasks, for each name in use.
type Home struct {
	stackful bool // see stackful.go
	loop     *Loop
	name     string
	schedule func(Runnable)
	pools    pools
}

// NewHome returns a Home of l. schedule is called on l's goroutine, during or
// between polls, with a task that became runnable; it must not run it there
// and then. name is for reports.
func (l *Loop) NewHome(name string, schedule func(Runnable)) *Home {
	return &Home{loop: l, name: name, schedule: schedule}
}

// Loop returns the loop that the home belongs to.
func (hm *Home) Loop() *Loop { return hm.loop }

// Name returns the name that NewHome was given.
func (hm *Home) Name() string { return hm.name }

// poolLimit is how many finished cells of one type a Home keeps for reuse; the
// rest goes to the collector.
const poolLimit = 1 << 14

// pools keep finished cells, one free list for each type of cell. Cells are
// single objects, so one that is still referred to costs only itself. A
// program has few types of tasks in one Home, so a small direct-mapped table
// in front of the map finds the list.
type pools struct {
	near [8]*pool
	all  map[uintptr]*pool
}

type pool struct {
	itab  uintptr
	first *header
	n     int
	asked bool // atomic kind: somebody takes cells from here
}

func (ps *pools) of(itab uintptr) *pool {
	slot := &ps.near[itab>>3%uintptr(len(ps.near))]
	if p := *slot; p != nil && p.itab == itab {
		return p
	}
	p := ps.all[itab]
	if p == nil {
		if ps.all == nil {
			ps.all = make(map[uintptr]*pool)
		}
		p = &pool{itab: itab}
		ps.all[itab] = p
	}
	*slot = p
	return p
}

// put keeps h for reuse. Only at home, when the task is finished, its handle
// gone and its result cleared.
func (ps *pools) put(h *header) {
	if !gid.Known || h.referred() {
		return // nobody would get it, or a counted waker is left: the collector's
	}
	p := ps.of(h.itab)
	if p.n >= poolLimit {
		return
	}
	h.next = p.first
	p.first = h
	p.n++
}

// get takes a cell for a new task, or nil. The compare-and-swap that begins the
// cell's next generation pairs with whoever posts to the remote word: if mail
// was posted, the cell is still on the inbox and is not reused.
func (ps *pools) get(itab uintptr) *header {
	p := ps.of(itab)
	for p.first != nil {
		h := p.first
		p.first, h.next = h.next, nil
		p.n--
		if h.referred() {
			continue
		}
		w := h.remote.Load()
		if w&anyMail == 0 && h.remote.CompareAndSwap(w, (w>>genShift+1)<<genShift) {
			return h
		}
	}
	return nil
}

// NewLocalTask makes a task of f that belongs to home: the local kind, whose
// state is a plain word that only the home's loop touches. Everybody else
// reaches the task through its remote word, so its wakers and handles are good
// everywhere. Hand the Runnable to [Runnable.Schedule].
//
// It may be called from any goroutine; at home the memory of finished tasks is
// used again.
func NewLocalTask[T any](f Future[T], home *Home) (Runnable, JoinHandle[T]) {
	if f == nil {
		panic("rouse: NewLocalTask of a nil Future")
	}
	itab := itabOf((*cell[T])(nil))
	atHome := home.loop.AtHome()
	var c *cell[T]
	if atHome {
		c = (*cell[T])(unsafe.Pointer(home.pools.get(itab)))
	}
	if c == nil {
		c = new(cell[T])
		c.itab, c.home = itab, home
	}
	c.fut = f
	return begin(&c.slot, atHome)
}

// NewLocalValue is NewLocalTask for a future that is held by value, in one
// object with the task: no allocation at all where a finished task's memory is
// at hand.
func NewLocalValue[T, F any, P FutureOf[T, F]](f F, home *Home) (Runnable, JoinHandle[T]) {
	itab := itabOf((*valueCell[T, F, P])(nil))
	atHome := home.loop.AtHome()
	var c *valueCell[T, F, P]
	if atHome {
		c = (*valueCell[T, F, P])(unsafe.Pointer(home.pools.get(itab)))
	}
	if c == nil {
		c = new(valueCell[T, F, P])
		c.itab, c.home = itab, home
	}
	c.fut = f
	return begin(&c.slot, atHome)
}

// begin gives a cell, new or used, its first state.
func begin[T any](s *slot[T], atHome bool) (Runnable, JoinHandle[T]) {
	s.state = born
	s.site = 0 // of the cell's last task
	w := s.remote.Load()
	if atHome {
		s.home.loop.link(&s.header)
	} else {
		w |= mailSpawn // not linked yet; nobody knows the cell, so a store will do
		s.remote.Store(w)
	}
	return Runnable{&s.header}, JoinHandle[T]{&s.header, w >> genShift}
}
