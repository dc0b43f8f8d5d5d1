package filepool

import (
	"errors"
	"io"
	"os"

	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/internal/atomics"
)

// The states of a job. A worker's claim and the loop's cancellation are both a
// compare-and-swap from queued, so exactly one of them wins.
const (
	queued uint32 = iota
	claimed
	canceled
)

// A job is one call. The loop fills it before it hands it over (the channel
// orders that), the worker sets the result before it pushes it on the done
// stack (the push orders that).
type job struct {
	op    *driver.Op // the loop's alone; nil at rest
	slot  uint32
	state atomics.Uint32

	code  driver.Code
	file  *os.File
	buf   []byte
	off   int64
	path  string
	flags int
	perm  os.FileMode

	opened *os.File
	n      int
	err    error

	next, prev *job // of the waiting list; next also of the done stack
}

func (p *Pool) take() *job {
	if k := len(p.free); k > 0 {
		j := p.jobs[p.free[k-1]]
		p.free = p.free[:k-1]
		return j
	}
	j := &job{slot: uint32(len(p.jobs))}
	p.jobs = append(p.jobs, j)
	return j
}

// retire puts j at rest; it refers to nothing of its op any more.
func (p *Pool) retire(j *job) {
	j.op, j.file, j.buf, j.opened, j.err, j.path = nil, nil, nil, nil, nil, ""
	j.next, j.prev = nil, nil
	p.free = append(p.free, j.slot)
	p.inFlight--
}

func (j *job) fill(op *driver.Op, f *os.File) {
	j.op, j.code, j.file, j.buf, j.off = op, op.Code, f, op.Buf, op.Off
	if op.Code == driver.Open {
		j.path, j.flags, j.perm = op.Args.Path, op.Args.Flags, os.FileMode(op.Args.Perm)
	}
	j.n = 0
	j.state.Store(queued)
	op.Slot = j.slot
}

// run makes the call, unless the loop has cancelled it meanwhile.
func (j *job) run() {
	if !j.state.CompareAndSwap(queued, claimed) {
		j.err = driver.ErrCanceled
		return
	}
	switch j.code {
	case driver.Open:
		j.opened, j.err = os.OpenFile(j.path, j.flags, j.perm)
	case driver.ReadAt:
		j.n, j.err = j.file.ReadAt(j.buf, j.off)
		if j.err == io.EOF {
			j.err = nil // a short count says it
		}
	case driver.WriteAt:
		j.n, j.err = j.file.WriteAt(j.buf, j.off)
	case driver.Sync:
		j.err = j.file.Sync()
	}
	if errors.Is(j.err, os.ErrClosed) {
		j.err = driver.ErrClosed
	}
}
