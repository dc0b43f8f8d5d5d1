package driver

import (
	"math/bits"
	"strconv"
	"unsafe"

	"github.com/rouse-go/rouse/internal/atomics"
)

// A Doorbell lets code that cannot call Go wake tasks: an interrupt handler, a
// signal handler, a thread of C. It is a word of 64 bits in memory that does
// not move. To ring is one atomic Or of the bits, which touches no pointer;
// and, where a kernel parks the executor, if the word was 0 before, one write
// of the 8-byte number 1 to an eventfd. Both are safe in a signal handler:
//
//	if (__atomic_fetch_or(word, bits, __ATOMIC_SEQ_CST) == 0)
//		write(fd, &one, sizeof one);
//
// Go code calls [Doorbell.Ring], which does the same. The driver swaps the word
// to 0 in each Park, before it sleeps and after, and wakes who waits for the
// bits it finds; see [Doorbell.Wait]. A bit that is rung several times before
// the executor looks counts once, like any wake. No ring is lost, but one may
// be late: if whoever found the word 0 is held up before its write, those who
// ring meanwhile rely on that write.
//
// A ring costs its caller the Or, and per burst one system call. A driver that
// implements [Belfry] makes none of its own for it; with others each burst
// costs two and a second look, by way of Attach and Readable.
//
// Word, FD and Ring are for anybody, the rest is for the goroutine that runs
// the executor's loop, or for whoever prepares the executor before it runs. All
// who ring must have stopped before Close.
type Doorbell struct {
	// The word is shared with foreign code, so it stands in memory of its own and
	// is no type of internal/atomics.
	word    *uint64
	fd      int  // the eventfd, or -1
	watched bool // a write to it ends the driver's sleep
	memory

	d       Driver
	pump    *pump        // how it is watched if d is no Belfry
	pending uint64       // rung, and not yet taken
	waits   [64]*Ringing // by bit
	closed  bool
}

// NewDoorbell makes a doorbell for the executor whose driver d is. It fails if
// d can't watch descriptors and is no [Belfry], or for want of descriptors.
func NewDoorbell(d Driver) (*Doorbell, error) {
	b := &Doorbell{d: d, fd: -1}
	if err := b.open(); err != nil {
		return nil, err
	}
	if err := b.hang(); err != nil {
		b.free()
		return nil, err
	}
	return b, nil
}

// hang has the driver look at b.
func (b *Doorbell) hang() (err error) {
	t, ok := b.d.(Belfry)
	if !ok {
		b.watched = true
		return b.startPump()
	}
	if b.watched, err = t.Hang(b); err == nil && !b.watched {
		b.bridge()
	}
	return err
}

// Word returns the address of the word. The memory does not move and is C's to
// keep until Close; on linux it is a mapping that a child process shares.
func (b *Doorbell) Word() unsafe.Pointer { return unsafe.Pointer(b.word) }

// FD returns the eventfd to write to if the word was 0, or -1 where there is
// none: then foreign code only does the Or, and what it rings is seen at the
// executor's next turn, which Ring or anything else may bring about.
func (b *Doorbell) FD() int { return b.fd }

// Ring rings bits. From any goroutine; it takes no lock and allocates nothing.
func (b *Doorbell) Ring(bits uint64) {
	if bits == 0 {
		return
	}
	if atomics.OrUint64(b.word, bits) != 0 { // pairs with the Swap in Drain
		return
	}
	if b.watched && b.fd >= 0 {
		b.write()
	} else {
		b.d.Unpark()
	}
}

// Drain takes what was rung and wakes who waits for it. It returns how many it
// woke. It is for drivers, see [Bells]: only on the loop's goroutine.
func (b *Doorbell) Drain() int {
	// The load spares the exchange. A ring that it misses found 0 and so writes
	// to the eventfd, or unparks, after: the next Park sees it.
	if atomics.LoadUint64(b.word) == 0 {
		return 0
	}
	rung := atomics.SwapUint64(b.word, 0) // pairs with the Or of who rings
	b.pending |= rung
	n := 0
	for ; rung != 0; rung &= rung - 1 {
		if r := b.waits[bits.TrailingZeros64(rung)]; r != nil {
			r.waker.WakeByRef()
			n++
		}
	}
	return n
}

// wakeAll has everybody look again.
func (b *Doorbell) wakeAll() {
	for _, r := range &b.waits {
		if r != nil {
			r.waker.WakeByRef()
		}
	}
}

// Close ends the doorbell: who waits gets [ErrClosed]. All who ring must have
// stopped, since the word's memory and the number of the eventfd are given
// back. Closing again does nothing. It is legal after the executor has closed,
// then from any goroutine.
func (b *Doorbell) Close() error {
	if b.closed {
		return nil
	}
	b.closed = true
	if t, ok := b.d.(Belfry); ok {
		t.Unhang(b)
	} else {
		b.stopPump()
	}
	b.wakeAll()
	return b.free()
}

func (b *Doorbell) check(bit int) {
	if bit < 0 || bit > 63 {
		panic("rouse: driver: a Doorbell has the bits 0 to 63, not " + strconv.Itoa(bit))
	}
}
