package drivertest

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"unsafe"

	"github.com/rouse-go/rouse/driver"
)

// How operations of files end other than by their result, and direct I/O.
var fileEndCases = []testCase{
	{"File/CancelAny", []Feature{Files}, fileCancelAny},
	{"File/CloseAnyInFlight", []Feature{Files}, fileCloseAny},
	{"File/AbandonAny", []Feature{Files}, fileAbandonAny},
	{"File/CloseDriverAny", []Feature{Files}, fileCloseDriverAny},
	{"File/Direct", []Feature{Files, Direct}, fileDirect},
	{"File/DirectMisaligned", []Feature{Files, Direct}, fileMisaligned},
}

// each returns one operation of each kind, all of which succeed if they are left
// alone; those by Handle work on h.
func (w *world) each(h driver.Handle) []*driver.Op {
	w.Helper()
	dir := w.dir()
	w.touch(filepath.Join(dir, "old"), "x")
	w.touch(filepath.Join(dir, "gone"), "x")
	return []*driver.Op{
		{Code: driver.WriteAt, Handle: h, Buf: make([]byte, 10)},
		{Code: driver.ReadAt, Handle: h, Buf: make([]byte, 10)},
		{Code: driver.Sync, Handle: h},
		{Code: driver.Datasync, Handle: h},
		{Code: driver.Truncate, Handle: h, Args: &driver.Args{Size: 100}},
		{Code: driver.Stat, Handle: h, Args: &driver.Args{}},
		{Code: driver.Stat, Args: &driver.Args{Path: dir}},
		{Code: driver.Rename, Args: &driver.Args{Path: filepath.Join(dir, "old"), To: filepath.Join(dir, "new")}},
		{Code: driver.Remove, Args: &driver.Args{Path: filepath.Join(dir, "gone")}},
		{Code: driver.ReadDir, Args: &driver.Args{Path: dir}},
	}
}

// start submits ops, behind others that keep the system busy.
func (w *world) start(ops []*driver.Op, busy driver.Handle) *counter {
	n, cx := counted()
	_, idle := counted()
	for i := range 8 {
		op := &driver.Op{Code: driver.WriteAt, Handle: busy, Off: int64(i) << 16, Buf: make([]byte, 1<<16)}
		op.Poll(idle, w.d)
	}
	for _, op := range ops {
		if op.Poll(cx, w.d) {
			n.n.Add(1) // done at once, without a wake
		}
	}
	return n
}

// Every kind of operation can be cancelled; it then has its result and has taken
// place, or ErrCanceled and has not.
func fileCancelAny(w *world) {
	busy := w.newFile()
	for range 10 {
		h := w.newFile()
		ops := w.each(h)
		n := w.start(ops, busy)
		for _, op := range ops {
			w.d.Cancel(op)
		}
		w.ended(ops, n, driver.ErrCanceled)
		for _, op := range ops {
			switch op.Code {
			case driver.Rename:
				if _, err := os.Stat(op.Args.To); (err == nil) != (op.Err == nil) {
					w.Errorf("Rename ended with %v, and the new name: %v", op.Err, err)
				}
			case driver.Remove:
				if _, err := os.Stat(op.Args.Path); (err == nil) == (op.Err == nil) {
					w.Errorf("Remove ended with %v, and the file: %v", op.Err, err)
				}
			case driver.Stat:
				if (op.Args.Info != nil) != (op.Err == nil) {
					w.Errorf("Stat ended with %v and %v", op.Args.Info, op.Err)
				}
			case driver.ReadDir:
				if op.Args.Entries != nil && op.Err != nil {
					w.Errorf("ReadDir ended with entries and %v", op.Err)
				}
			}
		}
		w.shut(h)
	}
}

// Closing the Handle ends what is under way on it, with its result or ErrClosed;
// what works on paths goes on.
func fileCloseAny(w *world) {
	busy := w.newFile()
	for range 10 {
		h := w.newFile()
		ops := w.each(h)
		n := w.start(ops, busy)
		w.shut(h)
		w.ended(ops, n, driver.ErrClosed)
		for _, op := range ops {
			if op.Handle == 0 && op.Err != nil {
				w.Errorf("%s by path: %v", op.Code, op.Err)
			}
		}
	}
}

// Operations that were abandoned wake nobody.
func fileAbandonAny(w *world) {
	busy, h := w.newFile(), w.newFile()
	ops := w.each(h)
	n := w.start(ops, busy)
	for _, op := range ops {
		op.Abandon(w.d)
	}
	before := n.n.Load()
	w.until("the end of the abandoned ones", func() bool {
		for _, op := range ops {
			if op.InFlight() {
				return false
			}
		}
		return true
	})
	w.settle()
	if n.n.Load() != before {
		w.Error("an abandoned op woke its waker")
	}
}

func fileCloseDriverAny(w *world) {
	busy, h := w.newFile(), w.newFile()
	ops := w.each(h)
	n := w.start(ops, busy)
	before := n.n.Load()
	w.close()
	for _, op := range ops {
		if !op.Done() {
			w.Fatalf("%s is not done after Close", op.Code)
		}
		if op.Err != nil {
			w.wantErr(op.Err, driver.ErrClosed)
		}
	}
	if n.n.Load() != before {
		w.Error("Close woke somebody")
	}
}

// block is what direct I/O is aligned to here; every disk takes it.
const block = 4096

// alignedBlocks returns memory for n blocks at an aligned address.
func alignedBlocks(n int) []byte {
	mem := make([]byte, (n+1)*block)
	skip := -int(uintptr(unsafe.Pointer(unsafe.SliceData(mem)))) & (block - 1)
	return mem[skip:][:n*block]
}

// direct opens a new file for direct I/O.
func (w *world) direct() driver.Handle {
	w.Helper()
	path := filepath.Join(w.dir(), "f")
	op := &driver.Op{Code: driver.Open, Args: &driver.Args{Path: path, Flags: os.O_RDWR | os.O_CREATE, Perm: 0o600, Direct: true}}
	w.wait(op)
	if errors.Is(op.Err, syscall.EINVAL) {
		w.Skipf("the file system has no direct I/O: %v", op.Err)
	}
	if op.Err != nil {
		w.Fatal(op.Err)
	}
	return op.Handle
}

func fileDirect(w *world) {
	h := w.direct()
	buf := alignedBlocks(4)
	for i := range buf {
		buf[i] = byte(i / block)
	}
	if op := w.must(&driver.Op{Code: driver.WriteAt, Handle: h, Buf: buf, Off: block}); op.N != len(buf) {
		w.Fatalf("wrote %d", op.N)
	}
	w.must(&driver.Op{Code: driver.Truncate, Handle: h, Args: &driver.Args{Size: 4*block + 1000}})
	for _, c := range []struct {
		block, n int
		first    byte
	}{{2, 2 * block, 1}, {3, block + 1000, 2}, {4, 1000, 3}, {5, 0, 0}, {500, 0, 0}} {
		got := alignedBlocks(2)
		op := w.must(&driver.Op{Code: driver.ReadAt, Handle: h, Buf: got, Off: int64(c.block) * block})
		if op.N != c.n || c.n > 0 && got[0] != c.first {
			w.Errorf("read at block %d: %d bytes that begin with %d, want %d and %d", c.block, op.N, got[0], c.n, c.first)
		}
	}
	w.must(&driver.Op{Code: driver.Datasync, Handle: h})
	w.shut(h)
}

// What is not aligned fails with EINVAL, unless the file system takes it; then
// it is right.
func fileMisaligned(w *world) {
	h := w.direct()
	w.must(&driver.Op{Code: driver.WriteAt, Handle: h, Buf: alignedBlocks(4)})
	for i, c := range []struct {
		buf []byte
		off int64
	}{
		{alignedBlocks(1), 100},
		{alignedBlocks(1)[:100], 0},
		{alignedBlocks(2)[1:][:block], 0},
	} {
		for _, code := range []driver.Code{driver.ReadAt, driver.WriteAt} {
			op := &driver.Op{Code: code, Handle: h, Buf: c.buf, Off: c.off}
			w.wait(op)
			if op.Err != nil {
				w.wantErr(op.Err, syscall.EINVAL)
			} else if op.N != len(c.buf) {
				w.Errorf("case %d: %s took %d bytes of %d", i, code, op.N, len(c.buf))
			}
		}
	}
	read := w.must(&driver.Op{Code: driver.ReadAt, Handle: h, Buf: alignedBlocks(4)})
	for i, b := range read.Buf[:read.N] {
		if b != 0 {
			w.Fatalf("byte %d is %s", i, strconv.Itoa(int(b)))
		}
	}
	w.shut(h)
}
