// Package filepool does the file operations of drivers whose system has no
// asynchronous files: a few goroutines make the blocking calls.
//
// The loop's goroutine owns the Pool; workers see only jobs. A job goes to a
// worker through a buffered channel that is never filled beyond its capacity,
// and comes back on a lock-free stack, so the loop never blocks on a worker.
// Ops are the loop's: a worker reads its job's own copy of the request.
package filepool

import (
	"errors"
	"sync"
	"time"

	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/internal/census"
)

// closeWait is how long Close waits for calls that are under way. A read of a
// regular file always ends; the open of a named pipe may not.
const closeWait = 5 * time.Second

// A Table is the driver's table of handles, as far as opened files concern it.
type Table interface {
	// AddFile makes a Handle for f.
	AddFile(f *File) driver.Handle
	// DropFile closes a file that nobody waits for any more.
	DropFile(h driver.Handle)
}

// A Pool runs file operations on at most limit goroutines, which start on
// demand and end with Close. All methods are for the loop's goroutine.
type Pool struct {
	table  Table
	unpark func()
	limit  int

	closeWait time.Duration

	jobs     []*job   // by Op.Slot, while in flight; kept for reuse after
	free     []uint32 // indices of jobs at rest
	waiting  fifo     // not given to a worker yet
	handed   int      // in the channel or being worked on
	inFlight int
	workers  int
	closed   bool

	work chan *job // capacity is 2*limit, and handed never exceeds that
	done stack
	wg   sync.WaitGroup
}

// New returns a Pool without goroutines. unpark is called by workers when a
// result is ready: it ends the driver's Park.
func New(limit int, table Table, unpark func()) *Pool {
	return &Pool{table: table, unpark: unpark, limit: limit, closeWait: closeWait, work: make(chan *job, 2*limit)}
}

// Does reports whether op is for a Pool, and whether it works on Args.Path
// instead of a Handle. Stat does either: on the Handle if there is one.
func Does(op *driver.Op) (does, byPath bool) {
	switch op.Code {
	case driver.ReadAt, driver.WriteAt, driver.Sync, driver.Datasync, driver.Allocate, driver.Truncate:
		return true, false
	case driver.Stat:
		return true, op.Handle == 0
	case driver.Open, driver.Rename, driver.Remove, driver.ReadDir:
		return true, true
	}
	return false, false
}

// Submit starts op, one that [Does] knows; f is the file that its Handle names,
// nil for an operation by path. It reports whether op is done, which it is only
// on a closed pool, without the Args that it needs, or with nothing to do.
func (p *Pool) Submit(op *driver.Op, f *File) bool {
	if p.closed {
		return op.FinishNow(0, driver.ErrClosed)
	}
	switch op.Code {
	case driver.ReadAt, driver.WriteAt:
		if len(op.Buf) == 0 {
			return op.FinishNow(0, nil)
		}
	case driver.Sync, driver.Datasync:
	default:
		if op.Args == nil {
			return op.FinishNow(0, driver.ErrNoArgs)
		}
	}
	j := p.take()
	j.fill(op, f)
	op.Start()
	p.inFlight++
	if p.handed < cap(p.work) {
		p.hand(j)
	} else {
		p.waiting.push(j)
	}
	return false
}

// Cancel ends op if no worker has begun it, and lets it finish otherwise. It
// reports nothing: the completion comes from here or from Reap.
func (p *Pool) Cancel(op *driver.Op) {
	j := p.jobs[op.Slot]
	if p.waiting.remove(j) {
		p.retire(j)
		op.Finish(0, driver.ErrCanceled)
		return
	}
	j.state.CompareAndSwap(queued, canceled)
}

// Reap completes the ops whose calls have ended and returns their number.
func (p *Pool) Reap() int {
	if p.inFlight == 0 {
		return 0
	}
	n := 0
	for j := p.done.takeAll(); j != nil; {
		next := j.next
		p.handed--
		p.complete(j)
		n++
		j = next
	}
	for p.handed < cap(p.work) {
		j := p.waiting.pop()
		if j == nil {
			break
		}
		p.hand(j)
	}
	return n
}

// InFlight returns the number of ops in flight.
func (p *Pool) InFlight() int { return p.inFlight }

func (p *Pool) complete(j *job) {
	op, f, n, err := j.op, j.opened, j.n, j.err
	if err == nil {
		switch j.code {
		case driver.Stat:
			op.Args.Info = j.info
		case driver.ReadDir:
			op.Args.Entries = j.entries
		}
	}
	p.retire(j)
	if f == nil {
		op.Finish(n, err)
		return
	}
	h := p.table.AddFile(f)
	op.Handle, op.Args.Handle = h, h
	if !op.Finish(0, nil) {
		op.Handle, op.Args.Handle = 0, 0
		p.table.DropFile(h)
	}
}

// Close ends every op with ErrClosed, without waking anybody, and waits for
// the calls under way, so that no buffer is in use afterwards. If one does not
// end in time, Close says so; its goroutine ends when the call does.
func (p *Pool) Close() error {
	if p.closed {
		return nil
	}
	p.closed = true
	for _, j := range p.jobs {
		if j.op != nil {
			j.state.CompareAndSwap(queued, canceled)
		}
	}
	close(p.work)
	err := p.join()
	for _, j := range p.jobs {
		if op := j.op; op != nil {
			p.inFlight--
			op.Kill()
		}
	}
	census.Ops.Add(p.inFlight)
	// From here on a worker that is late closes what it opened by itself.
	p.done.abandon()
	return err
}

// join waits for the workers, for a bounded time.
func (p *Pool) join() error {
	if p.workers == 0 {
		return nil
	}
	ended := make(chan struct{})
	go func() {
		p.wg.Wait()
		close(ended)
	}()
	timer := time.NewTimer(p.closeWait)
	defer timer.Stop()
	select {
	case <-ended:
		return nil
	case <-timer.C:
		return errors.New("rouse: driver closed while a file operation is stuck in the system; its buffer stays in use until the call ends")
	}
}
