package main

import (
	"fmt"
	"sync"
	"sync/atomic"
)

// A book keeps what a round has done and what was wrong with it. Those who write
// to it often have a place of their own: a word that all tasks of all executors
// shared would put what they do in an order, and so hide faults, above all from
// the race detector.
type book struct {
	tasks    atomic.Int64 // watched ones that were made
	elements []element    // those of task n begin at n*perTask

	mu     sync.Mutex
	sums   tally
	faults []string
	owed   []*watch       // watched tasks that have to end
	told   map[string]int // errors that a fault has led to, by kind
}

const (
	taskLimit = 4096 // tasks that a round may have
	perTask   = 32   // elements that a task may send
)

// faultLimit is how many faults are kept.
const faultLimit = 20

// An element is what became of one thing that was sent through a channel.
type element struct{ state atomic.Uint32 }

const (
	elementSent uint32 = 1 << iota // a send has said so
	elementGot
)

func newBook() *book {
	return &book{elements: make([]element, taskLimit*perTask), told: map[string]int{}}
}

// failf notes a fault.
func (b *book) failf(format string, args ...any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.faults) < faultLimit {
		b.faults = append(b.faults, fmt.Sprintf(format, args...))
	}
}

// failed returns the faults so far.
func (b *book) failed() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.faults
}

// sent notes that a send of n has succeeded.
func (b *book) sent(n int) { b.elements[n].state.Or(elementSent) }

// got notes that n was received.
func (b *book) got(n int) {
	if n < 0 || n >= len(b.elements) {
		b.failf("element %d was received, which nobody has made", n)
		return
	}
	if b.elements[n].state.Or(elementGot)&elementGot != 0 {
		b.failf("element %d was received twice", n)
	}
}

// balance compares what was sent with what was received. If the channels were
// not drained, elements may be left in them.
func (b *book) balance(drained bool) {
	for n := range b.elements {
		switch s := b.elements[n].state.Load(); {
		case s == elementGot:
			b.failf("element %d was received, and its sender was told that it was not sent", n)
		case s == elementSent && drained:
			b.failf("element %d was sent and is lost", n)
		}
	}
}

// tell notes that an error of a kind was told.
func (b *book) tell(kind string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.told[kind]++
	b.sums.Errors++
}

// add adds what a task has counted.
func (b *book) add(t tally) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sums.add(t)
}

// A tally counts what was done.
type tally struct {
	Polls, Results, Canceled, Drops       int
	Timers, Sent, Received, Messages      int
	Bytes, Conns, Datagrams, Files        int
	Errands, Fibers, Aborts, Wakes, Calls int
	Faults, Errors                        int // made by drivers, told by them
}

func (t *tally) add(u tally) {
	t.Polls += u.Polls
	t.Results += u.Results
	t.Canceled += u.Canceled
	t.Drops += u.Drops
	t.Timers += u.Timers
	t.Sent += u.Sent
	t.Received += u.Received
	t.Messages += u.Messages
	t.Bytes += u.Bytes
	t.Conns += u.Conns
	t.Datagrams += u.Datagrams
	t.Files += u.Files
	t.Errands += u.Errands
	t.Fibers += u.Fibers
	t.Aborts += u.Aborts
	t.Wakes += u.Wakes
	t.Calls += u.Calls
	t.Faults += u.Faults
	t.Errors += u.Errors
}

func (t tally) String() string {
	return fmt.Sprintf("polls=%d results=%d canceled=%d drops=%d timers=%d sent=%d received=%d messages=%d bytes=%d conns=%d datagrams=%d files=%d errands=%d fibers=%d aborts=%d wakes=%d calls=%d faults=%d errors=%d",
		t.Polls, t.Results, t.Canceled, t.Drops, t.Timers, t.Sent, t.Received, t.Messages, t.Bytes, t.Conns, t.Datagrams, t.Files, t.Errands, t.Fibers, t.Aborts, t.Wakes, t.Calls, t.Faults, t.Errors)
}
