package rouse

import "github.com/rouse-go/rouse/internal/atomics"

// A task's references are its counted wakers. Go copies values freely, so the
// count is a hint: it never ends a live task, and it only decides whether the
// memory of a finished one may be used again. It therefore saturates instead
// of wrapping, a saturated cell goes to the collector, and a Drop too many
// costs nothing worse than one spurious poll of the cell's next task.
const saturated = 1 << 30

// refs counts at home, plainly.
type refs int32

func (r *refs) add() {
	if *r < saturated && *r > -saturated {
		*r++
	}
}

func (r *refs) sub() {
	if *r < saturated && *r > -saturated {
		*r--
	}
}

// foreignRefs counts from anywhere. A waker may be cloned here and dropped
// there, so either part may be negative; the owner sums the two.
type foreignRefs struct{ n atomics.Int32 }

func (r *foreignRefs) add() { r.change(1) }
func (r *foreignRefs) sub() { r.change(-1) }

// change is a read-modify-write even where it changes nothing: it pairs with
// load in recycle and reuse, which must not miss a clone made before.
func (r *foreignRefs) change(d int32) (now int32) {
	for {
		n := r.n.Load()
		if n >= saturated || n <= -saturated {
			return n
		}
		if r.n.CompareAndSwap(n, n+d) {
			return n + d
		}
	}
}

func (r *foreignRefs) load() int32 { return r.n.Load() }

// referred reports whether a counted waker of a finished task may be left. Only
// at home. A saturated part says nothing about how many there are, so it counts
// as yes even if the other part seems to balance it.
func (h *header) referred() bool {
	n := int32(h.refs)
	return n+h.abroad.load() != 0 || n >= saturated || n <= -saturated
}
