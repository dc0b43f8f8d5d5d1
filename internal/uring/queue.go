//go:build linux

package uring

import "github.com/rouse-go/rouse/internal/atomics"

// A subQueue is the submission queue. We move the tail, the kernel the head.
type subQueue struct {
	khead  *atomics.Uint32
	ktail  *atomics.Uint32
	kflags *atomics.Uint32
	sqes   []SQE
	mask   uint32
	tail   uint32 // ours, published by publish
	head   uint32 // the kernel's, as last seen
}

// publish shows the kernel what was prepared and returns its number.
func (q *subQueue) publish() uint32 {
	// Pairs with the kernel's acquire of the tail: the entries are written.
	if q.tail != q.ktail.Load() {
		q.ktail.Store(q.tail)
	}
	return q.tail - q.khead.Load() // pairs with the kernel's release of the head
}

// Next returns the next request to prepare, or nil if the queue is full: then
// Enter makes room.
func (r *Ring) Next() *SQE {
	q := &r.sq
	if q.tail-q.head > q.mask {
		// Pairs with the kernel's release: it has read what lies before.
		if q.head = q.khead.Load(); q.tail-q.head > q.mask {
			return nil
		}
	}
	e := &q.sqes[q.tail&q.mask]
	q.tail++
	return e
}

// Prepared returns how many requests the kernel has not taken yet.
func (r *Ring) Prepared() int { return int(r.sq.tail - r.sq.khead.Load()) }

// A comQueue is the completion queue. The kernel moves the tail, we the head.
type comQueue struct {
	khead *atomics.Uint32
	ktail *atomics.Uint32
	cqes  []CQE
	mask  uint32
	head  uint32 // ours, published by Seen
	tail  uint32 // the kernel's, as last seen
}

// Peek copies the oldest completion that was not taken into c and takes it. It
// reports whether there was one. Its place becomes free with the next Seen.
func (r *Ring) Peek(c *CQE) bool {
	q := &r.cq
	if q.head == q.tail {
		// Pairs with the kernel's release of the tail: the entries are written.
		if q.tail = q.ktail.Load(); q.head == q.tail {
			return false
		}
	}
	*c = q.cqes[q.head&q.mask]
	q.head++
	return true
}

// Ready reports whether there is a completion to take.
func (r *Ring) Ready() bool { return r.cq.head != r.cq.ktail.Load() }

// Seen gives the places of the completions that were taken back.
func (r *Ring) Seen() {
	// Pairs with the kernel's acquire of the head: we have read the entries.
	if r.cq.khead != nil {
		r.cq.khead.Store(r.cq.head)
	}
}
