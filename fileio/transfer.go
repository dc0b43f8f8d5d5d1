package fileio

import (
	"context"
	"errors"
	"io"
	"io/fs"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/internal/atomics"
)

// A transfer is a read or write on its way, short ones continued until all of p
// has gone. The kernel may use p until the op is done, so whoever gives it up
// early has to wait for the last word, see lastword.go.
type transfer struct {
	f     *File
	write bool
	p     []byte
	off   int64
	n     int // bytes of p that went

	op      *driver.Op
	began   bool // polls may have put something in flight
	settled bool // Poll has returned its result
	inFiber bool // a fiber at home waits
	via     detour

	owned *Buffer // what p is of, if it is ours: freed with the last word
	over  atomics.Bool
	waker atomics.Pointer[rouse.Waker] // who waits for the last word
}

var errNegative = errors.New("negative offset")

// Poll goes on; at home only.
func (t *transfer) Poll(cx *rouse.Context) (int, error) {
	err := t.step(cx)
	if err == rouse.Pending {
		t.began = true
		return 0, err
	}
	t.settled = true
	t.via.leave(t, false)
	if err != nil && err != io.EOF {
		err = t.fail(err)
	}
	return t.n, err
}

func (t *transfer) step(cx *rouse.Context) error {
	if t.off < 0 {
		return errNegative
	}
	if t.f.direct {
		return t.stepDirect(cx)
	}
	for t.n < len(t.p) {
		n, err := t.call(cx, t.code(), t.p[t.n:], t.off+int64(t.n))
		if err != nil {
			return err
		}
		if n == 0 {
			return t.end()
		}
		t.n += n
	}
	return nil
}

// end is what it means that no bytes went.
func (t *transfer) end() error {
	if t.write {
		return io.ErrShortWrite
	}
	return io.EOF
}

func (t *transfer) code() driver.Code {
	if t.write {
		return driver.WriteAt
	}
	return driver.ReadAt
}

// call does one operation, the one that was begun if there is one. EINTR is
// tried again.
func (t *transfer) call(cx *rouse.Context, code driver.Code, p []byte, off int64) (int, error) {
	if t.op == nil {
		t.op = new(driver.Op)
	}
	op := t.op
	for {
		idle := !op.InFlight() && !op.Done()
		if idle {
			if t.f.closed.Load() { // pairs with the Swap in Close
				return 0, driver.ErrClosed
			}
			if !cx.Spend() {
				return 0, rouse.Pending
			}
			op.Code, op.Handle, op.Buf, op.Off, op.Args = code, t.f.on, p, off, t.via.args
		}
		if !op.Poll(cx, t.f.home.Drv) {
			if idle {
				cx.Refund()
			}
			return 0, rouse.Pending
		}
		n, err := op.N, op.Err
		op.Reset()
		op.Buf = nil
		if interrupted(err) {
			continue
		}
		return n, err
	}
}

func (t *transfer) fail(err error) error {
	op := "read"
	if t.write {
		op = "write"
	}
	return &OffsetError{Off: t.off + int64(t.n), Err: &fs.PathError{Op: op, Path: t.f.path, Err: cause(err)}}
}

// free makes t, which is settled or was never polled, ready for its next use.
func (t *transfer) free() {
	*t = transfer{op: t.op}
}

// A Transfer is a read into, or a write from, a [Buffer]: a rouse.Future[int]
// that is polled at the file's home. It has the Buffer from the first poll until
// its result, or, if it is dropped, for ever.
//
// [Transfer.Reset] makes it another one: a task that reads again and again
// allocates nothing. Several Transfers of a file may be under way at once; the
// order in which they take place is the system's.
type Transfer struct {
	t     *transfer
	buf   *Buffer
	f     *File
	write bool
	off   int64
}

// NewRead returns a future that fills b from off, and yields the number of
// bytes: less than b.Len only together with an error, which at the end of the
// file is io.EOF. What is in b beyond that is undefined.
func (f *File) NewRead(b *Buffer, off int64) *Transfer {
	return &Transfer{t: new(transfer), f: f, buf: b, off: off}
}

// NewWrite returns a future that writes all of b at off, and yields the number
// of bytes: less than b.Len only together with an error.
func (f *File) NewWrite(b *Buffer, off int64) *Transfer {
	return &Transfer{t: new(transfer), f: f, buf: b, off: off, write: true}
}

// Reset makes t, which has had its result, or was dropped, or never polled, a
// transfer of the same kind on b at off. It panics if t is under way.
func (t *Transfer) Reset(b *Buffer, off int64) {
	if t.t.began && !t.t.settled {
		if t.buf != nil {
			panic("rouse: fileio: Transfer reset while under way; wait for its result, or drop it first")
		}
		t.t = new(transfer) // the old one is the driver's until it ends
	} else {
		t.t.free()
	}
	t.buf, t.off = b, off
}

// Poll returns the number of bytes that were transferred, also with an error.
func (t *Transfer) Poll(cx *rouse.Context) (int, error) {
	t.f.mustOwn(cx)
	tr := t.t
	if tr.f == nil {
		if t.buf == nil {
			panic("rouse: *fileio.Transfer polled after its Drop; call Reset first")
		}
		tr.f, tr.write, tr.off, tr.p = t.f, t.write, t.off, t.buf.Bytes()
		t.buf.whose = taken
	} else if tr.settled {
		panic("rouse: *fileio.Transfer polled after its result; call Reset to use it again")
	}
	n, err := tr.Poll(cx)
	if err != rouse.Pending {
		tr.p = nil
		t.buf.whose = callers
	}
	return n, err
}

// Buffer returns the Buffer that the Transfer works on; nil after a Drop.
func (t *Transfer) Buffer() *Buffer { return t.buf }

// Drop gives the transfer up; at home. Whether it takes place is not known, and
// the Buffer is the pool's, when the kernel is done with it.
func (t *Transfer) Drop() {
	if t.t.f != nil {
		t.t.owned = t.buf
		t.t.Drop()
	}
	t.buf = nil
}

// ReadAt fills p from off. It waits: in a fiber it suspends the fiber, elsewhere
// it blocks the goroutine. It returns less than len(p) only together with an
// error: io.EOF at the end of the file, else an [*OffsetError].
//
// If ctx ends first, ReadAt returns ctx.Err(), as soon as the kernel does not
// use p any more: a read that the disk has begun is waited for.
func (f *File) ReadAt(ctx context.Context, p []byte, off int64) (int, error) {
	return f.transfer(ctx, false, p, off)
}

// WriteAt writes p at off. It waits as ReadAt does, and returns less than
// len(p) only together with an error. If ctx ends first, it returns the number
// of bytes that went, and ctx.Err(), when nothing more will be written.
func (f *File) WriteAt(ctx context.Context, p []byte, off int64) (int, error) {
	return f.transfer(ctx, true, p, off)
}
