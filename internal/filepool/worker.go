package filepool

import "github.com/rouse-go/rouse/internal/atomics"

// hand gives j to a worker. The channel has room, so this does not block.
func (p *Pool) hand(j *job) {
	p.handed++
	if p.workers < p.limit && p.workers < p.handed {
		p.workers++
		p.wg.Add(1)
		go p.serve()
	}
	p.work <- j
}

func (p *Pool) serve() {
	defer p.wg.Done()
	for j := range p.work {
		p.do(j)
	}
}

// do makes the call and hands j back.
func (p *Pool) do(j *job) {
	j.run()
	p.done.push(j)
	p.unpark()
}

// A stack is where workers leave what they have done. Any number of them
// push; the loop takes all at once, so there is no ABA.
type stack struct {
	head atomics.Pointer[job]
}

// closedHead marks a stack that nobody will look at again.
var closedHead job

// push pairs with the Swap of takeAll: what the worker wrote to j is visible
// to the loop. After abandon it closes a file that j opened.
func (s *stack) push(j *job) {
	for {
		head := s.head.Load()
		if head == &closedHead {
			j.discard()
			return
		}
		j.next = head
		if s.head.CompareAndSwap(head, j) {
			return
		}
	}
}

// takeAll returns the jobs in the order in which they were pushed.
func (s *stack) takeAll() *job {
	var first *job
	for j := s.head.Swap(nil); j != nil; {
		next := j.next
		j.next, first = first, j
		j = next
	}
	return first
}

// abandon discards what is on the stack and what will come.
func (s *stack) abandon() {
	for j := s.head.Swap(&closedHead); j != nil; j = j.next {
		j.discard()
	}
}

func (j *job) discard() {
	if j.opened != nil {
		j.opened.Close()
	}
}

// A fifo holds jobs that no worker has been given. It is the loop's alone.
type fifo struct {
	head, tail *job
}

func (q *fifo) push(j *job) {
	j.next, j.prev = nil, q.tail
	if q.tail == nil {
		q.head = j
	} else {
		q.tail.next = j
	}
	q.tail = j
}

func (q *fifo) pop() *job {
	j := q.head
	if j != nil {
		q.remove(j)
	}
	return j
}

// remove takes j out and reports whether it was in.
func (q *fifo) remove(j *job) bool {
	if q.head != j && j.prev == nil {
		return false
	}
	if j.prev == nil {
		q.head = j.next
	} else {
		j.prev.next = j.next
	}
	if j.next == nil {
		q.tail = j.prev
	} else {
		j.next.prev = j.prev
	}
	j.next, j.prev = nil, nil
	return true
}
