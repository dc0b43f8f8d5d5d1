// Package ring links ops that wait for the same thing into a circle, oldest
// first, through Op.Next and Op.Prev. The owner keeps the head; nil is empty.
package ring

import "github.com/rouse-go/rouse/driver"

// Reads reports on which side of a descriptor op waits: for something to read,
// or else for room to write.
func Reads(op *driver.Op) bool {
	switch op.Code {
	case driver.Recv, driver.Accept, driver.Readable, driver.RecvMsgs:
		return true
	}
	return false
}

// Push appends op and returns the head.
func Push(head, op *driver.Op) *driver.Op {
	if head == nil {
		op.Next, op.Prev = op, op
		return op
	}
	last := head.Prev
	last.Next, op.Prev = op, last
	op.Next, head.Prev = head, op
	return head
}

// Remove takes op out and returns the new head.
func Remove(head, op *driver.Op) *driver.Op {
	next := op.Next
	op.Prev.Next, next.Prev = next, op.Prev
	op.Next, op.Prev = nil, nil
	switch {
	case next == op:
		return nil
	case head == op:
		return next
	}
	return head
}

// Finish takes all ops of a ring, which has no owner any more, out and
// completes them with err. It returns their number.
func Finish(head *driver.Op, err error) int {
	n := 0
	for head != nil {
		op := head
		head = Remove(head, op)
		op.Finish(0, err)
		n++
	}
	return n
}

// Kill ends them because the driver closes.
func Kill(head *driver.Op) {
	for head != nil {
		op := head
		head = Remove(head, op)
		op.Kill()
	}
}
