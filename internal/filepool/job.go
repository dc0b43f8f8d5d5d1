package filepool

import (
	"io/fs"
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

	code driver.Code
	file *File
	buf  []byte
	off  int64
	args request
	call func(fd uintptr) // made once, see File.raw

	opened  *File
	n       int
	err     error
	info    fs.FileInfo
	entries []fs.DirEntry

	next, prev *job // of the waiting list; next also of the done stack
}

// A request is the worker's own copy of what stands in an Op's Args.
type request struct {
	path, to string
	flags    int
	perm     fs.FileMode
	direct   bool
	size     int64
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
	j.op, j.file, j.buf, j.args = nil, nil, nil, request{}
	j.opened, j.err, j.info, j.entries = nil, nil, nil, nil
	j.next, j.prev = nil, nil
	p.free = append(p.free, j.slot)
	p.inFlight--
}

func (j *job) fill(op *driver.Op, f *File) {
	j.op, j.code, j.file, j.buf, j.off = op, op.Code, f, op.Buf, op.Off
	if a := op.Args; a != nil {
		j.args = request{path: a.Path, to: a.To, flags: a.Flags, perm: fs.FileMode(a.Perm), direct: a.Direct, size: a.Size}
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
	a := &j.args
	switch j.code {
	case driver.Open:
		j.opened, j.err = open(a)
	case driver.ReadAt, driver.WriteAt, driver.Datasync, driver.Allocate:
		j.err = j.onDescriptor()
	case driver.Sync:
		j.err = j.file.os.Sync()
	case driver.Truncate:
		j.err = j.file.os.Truncate(a.size)
	case driver.Stat:
		if j.file != nil {
			j.info, j.err = j.file.os.Stat()
		} else {
			j.info, j.err = os.Stat(a.path)
		}
	case driver.Rename:
		j.err = os.Rename(a.path, a.to)
	case driver.Remove:
		j.err = os.Remove(a.path)
	case driver.ReadDir:
		if j.entries, j.err = os.ReadDir(a.path); j.err != nil {
			j.entries = nil // some, of which nobody knows what is missing
		}
	}
	if isClosed(j.err) {
		j.err = driver.ErrClosed
	}
}
