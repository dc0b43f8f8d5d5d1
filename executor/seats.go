package executor

import (
	"github.com/rouse-go/rouse/internal/atomics"
	"github.com/rouse-go/rouse/internal/gid"
)

// seats tell whether the calling goroutine is a worker, and which. A table of
// goroutines with open addressing: workers sit down and leave under a lock, and
// anybody looks for himself at any time. A goroutine finds itself only where it
// has sat down, so what others change meanwhile does not matter to it.
type seats struct {
	mu    atomics.Mutex
	table []seat // constant length: a power of two, at most a quarter full
}

type seat struct {
	g atomics.Uintptr // a goroutine, or gone, or 0
	w atomics.Pointer[worker]
}

// gone is where a worker sat: others may sit behind. No goroutine has that number.
const gone = ^uintptr(0)

func (t *seats) init(workers int) {
	n := 8
	for n < 4*workers {
		n *= 2
	}
	t.table = make([]seat, n)
}

// sit makes the calling goroutine w's.
func (t *seats) sit(w *worker) {
	t.mu.Lock()
	defer t.mu.Unlock()
	me := gid.Identity()
	for i := slotOf(me); ; i++ {
		s := &t.table[i&uintptr(len(t.table)-1)]
		if g := s.g.Load(); g == 0 || g == gone {
			s.w.Store(w)
			s.g.Store(me) // pairs with the Load in at
			return
		}
	}
}

// leave ends what sit began, on the same goroutine. Gravestones that nobody has to
// get past any more become free, or they would fill the table in time.
func (t *seats) leave() {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := uintptr(len(t.table))
	me := gid.Identity()
	i := slotOf(me)
	for t.table[i%n].g.Load() != me {
		i++
	}
	t.table[i%n].g.Store(gone)
	if t.table[(i+1)%n].g.Load() != 0 {
		return
	}
	for ; t.table[i%n].g.Load() == gone; i-- {
		t.table[i%n].g.Store(0)
	}
}

// at returns g's seat, or nil.
func (t *seats) at(g uintptr) *seat {
	i := slotOf(g)
	for range t.table {
		s := &t.table[i&uintptr(len(t.table)-1)]
		switch s.g.Load() { // pairs with the Store in sit
		case g:
			return s
		case 0:
			return nil
		}
		i++
	}
	return nil
}

// here returns the worker that the caller is, or nil if it is none, or if that
// can't be told cheaply.
func (t *seats) here() *worker {
	g := gid.Get()
	if g == 0 {
		return nil
	}
	if s := t.at(g); s != nil {
		return s.w.Load()
	}
	return nil
}

// find is here, at any price.
func (t *seats) find() *worker {
	if s := t.at(gid.Identity()); s != nil {
		return s.w.Load()
	}
	return nil
}
