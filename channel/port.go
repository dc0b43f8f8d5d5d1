package channel

import (
	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/internal/atomics"
	"github.com/rouse-go/rouse/internal/spsc"
)

// A Port is one executor's end of a [Mesh]. All its methods but Index and Peers
// are for the tasks and fibers of that executor, any number of them.
type Port[T any] struct {
	mesh  *Mesh[T]
	index int
	home  home
	out   []outlet[T] // by receiver
	in    []inlet[T]  // of all senders

	next      int // the inlet whose turn it is
	streak    int // how many messages came from it in a row
	receivers crowd

	shut    bool // Close
	shutOut bool // CloseSend

	// waker wakes the porter. It is written once, before anybody can learn of
	// it: who finds wanted or the ring's hungry word set may read it.
	waker rouse.Waker

	_ [128]byte
	// wanted says that tasks wait to receive, so that whoever sends has to wake
	// the porter. It has cache lines of its own: senders look at it each time.
	wanted atomics.Uint32
	_      [128]byte
}

// An outlet is the way to one receiver; ring is nil if there is none.
type outlet[T any] struct {
	ring  *spsc.Ring[T]
	crowd crowd // who waits for room
}

// An inlet is the way from one sender.
type inlet[T any] struct {
	ring *spsc.Ring[T]
	from int
}

func newPort[T any](m *Mesh[T], i, n int, ex rouse.Executor) *Port[T] {
	p := &Port[T]{mesh: m, index: i, out: make([]outlet[T], n)}
	p.home.bind(ex)
	return p
}

// Index returns which peer of the mesh this is. From any goroutine.
func (p *Port[T]) Index() int { return p.index }

// Peers returns the number of peers of the mesh. From any goroutine.
func (p *Port[T]) Peers() int { return len(p.mesh.ports) }
