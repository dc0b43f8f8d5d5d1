package fileio

import (
	"errors"

	"github.com/rouse-go/rouse"
)

// A queue is the transfers that a stream has under way, oldest first. It is
// used at home, by one task at a time.
type queue struct {
	slots       []slot
	head, count int
	bare        rouse.Context // of polls that start a transfer: nobody to wake yet
	task        uintptr       // who waits, or 0
	waker       rouse.Waker   // his
}

// A slot is one transfer and its result.
type slot struct {
	tr   *Transfer
	done bool
	n    int
	err  error
}

// newQueue returns a queue of depth transfers, each made by a call of more.
func newQueue(depth int, more func() *Transfer) queue {
	q := queue{slots: make([]slot, depth)}
	for i := range q.slots {
		q.slots[i].tr = more()
	}
	return q
}

func (q *queue) full() bool { return q.count == len(q.slots) }

// push starts a transfer on b at off. Only if the queue is not full.
func (q *queue) push(cx *rouse.Context, b *Buffer, off int64) {
	s := &q.slots[(q.head+q.count)%len(q.slots)]
	q.count++
	s.done, s.n, s.err = false, 0, nil
	s.tr.Reset(b, off)
	s.poll(cx.Derive(&q.bare, rouse.Waker{}))
}

// poll reports whether the transfer is done.
func (s *slot) poll(cx *rouse.Context) bool {
	if s.done {
		return true
	}
	n, err := s.tr.Poll(cx)
	if err == rouse.Pending {
		return false
	}
	s.n, s.err, s.done = n, err, true
	return true
}

// front returns the oldest transfer, if it is done, else Pending. Only if there
// is one.
func (q *queue) front(cx *rouse.Context) (*slot, error) {
	s := &q.slots[q.head]
	if !s.poll(cx) {
		q.wait(cx)
		return nil, rouse.Pending
	}
	return s, nil
}

// pop forgets the oldest transfer, which is done, and returns its Buffer.
func (q *queue) pop() *Buffer {
	s := &q.slots[q.head]
	q.head = (q.head + 1) % len(q.slots)
	q.count--
	return s.tr.Buffer()
}

// drop gives up everything that is under way, and has whoever waits look again.
func (q *queue) drop() {
	for ; q.count > 0; q.count-- {
		s := &q.slots[q.head]
		q.head = (q.head + 1) % len(q.slots)
		if s.done {
			s.tr.Buffer().Free()
		} else {
			s.tr.Drop()
		}
	}
	w := q.waker
	q.task, q.waker = 0, rouse.Waker{}
	w.Wake()
}

// enter makes sure that no other task waits.
func (q *queue) enter(cx *rouse.Context) {
	if q.task != 0 && q.task != cx.TaskID() {
		panic("rouse: fileio: two tasks use one stream at the same time; let one of them do it")
	}
}

// wait notes who waits.
func (q *queue) wait(cx *rouse.Context) {
	q.task = cx.TaskID()
	if !cx.WillWake(q.waker) {
		q.waker.Drop()
		q.waker = cx.Waker()
	}
}

// forget notes that nobody does.
func (q *queue) forget() {
	q.task = 0
	q.waker.Drop()
	q.waker = rouse.Waker{}
}

// A StreamConfig says how a [Reader] or [Writer] shall be. The zero value is the
// default.
type StreamConfig struct {
	// Offset is where in the file the stream begins.
	Offset int64
	// Buffer is the size of one transfer, in bytes, rounded up to a multiple of
	// [Alignment]. 0 means 128 KiB.
	Buffer int
	// Depth is how many transfers may be under way at once. So a stream takes
	// up to Depth times Buffer of memory. 0 means 4.
	Depth int
}

func (c StreamConfig) validate() (StreamConfig, error) {
	switch {
	case c.Offset < 0:
		return c, errors.New("rouse: fileio: StreamConfig.Offset is negative")
	case c.Buffer < 0 || c.Depth < 0:
		return c, errors.New("rouse: fileio: StreamConfig.Buffer and Depth must be positive, or 0 for the default")
	}
	if c.Buffer == 0 {
		c.Buffer = 128 << 10
	}
	c.Buffer = alignUp(c.Buffer)
	if c.Depth == 0 {
		c.Depth = 4
	}
	return c, nil
}
