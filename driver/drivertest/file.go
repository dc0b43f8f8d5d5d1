package drivertest

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/rouse-go/rouse/driver"
)

var fileCases = []testCase{
	{"File/ReadWrite", []Feature{Files}, fileReadWrite},
	{"File/Errors", []Feature{Files}, fileErrors},
	{"File/Many", []Feature{Files}, fileMany},
	{"File/Cancel", []Feature{Files}, fileCancel},
	{"File/CloseInFlight", []Feature{Files}, fileCloseInFlight},
	{"File/AbandonOpen", []Feature{Files}, fileAbandonOpen},
	{"File/CloseDriver", []Feature{Files}, fileCloseDriver},
	{"File/Wakes", []Feature{Files}, fileWakes},
}

func (w *world) openFile(path string, flags int) driver.Handle {
	w.Helper()
	return w.must(&driver.Op{Code: driver.Open, Args: &driver.Args{Path: path, Flags: flags, Perm: 0o600}}).Handle
}

func (w *world) newFile() driver.Handle {
	w.Helper()
	return w.openFile(filepath.Join(w.dir(), "f"), os.O_RDWR|os.O_CREATE)
}

func fileReadWrite(w *world) {
	path := filepath.Join(w.dir(), "f")
	h := w.openFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL)
	text := []byte("the quick brown fox")
	if op := w.must(&driver.Op{Code: driver.WriteAt, Handle: h, Buf: text, Off: 100}); op.N != len(text) {
		w.Errorf("wrote %d bytes", op.N)
	}
	w.must(&driver.Op{Code: driver.Sync, Handle: h})
	for _, c := range []struct {
		off  int64
		size int
		want string
	}{
		{100, 9, "the quick"},
		{110, 50, "brown fox"}, // short at the end
		{119, 50, ""},          // at the end
		{5000, 50, ""},         // beyond it
		{98, 5, "\x00\x00the"},
		{100, 0, ""},
	} {
		op := w.must(&driver.Op{Code: driver.ReadAt, Handle: h, Buf: make([]byte, c.size), Off: c.off})
		if got := string(op.Buf[:op.N]); got != c.want {
			w.Errorf("%d bytes at %d are %q, want %q", c.size, c.off, got, c.want)
		}
	}
	w.shut(h)
	if data, err := os.ReadFile(path); err != nil || !bytes.HasSuffix(data, text) || len(data) != 100+len(text) {
		w.Errorf("the file has %d bytes, %v", len(data), err)
	}
	stale := &driver.Op{Code: driver.ReadAt, Handle: h, Buf: make([]byte, 1)}
	w.wait(stale)
	w.wantErr(stale.Err, driver.ErrClosed)
}

func fileErrors(w *world) {
	open := &driver.Op{Code: driver.Open, Args: &driver.Args{Path: filepath.Join(w.dir(), "none")}}
	w.wait(open)
	w.wantErr(open.Err, fs.ErrNotExist)
	var errno syscall.Errno
	if !errors.As(open.Err, &errno) {
		w.Errorf("no errno in %v", open.Err)
	}
	path := filepath.Join(w.dir(), "f")
	if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
		w.Fatal(err)
	}
	h := w.openFile(path, os.O_RDONLY)
	op := &driver.Op{Code: driver.WriteAt, Handle: h, Buf: []byte("y")}
	w.wait(op)
	if op.Err == nil {
		w.Error("writing a file opened for reading reported no error")
	}
	recv := &driver.Op{Code: driver.Recv, Handle: h, Buf: make([]byte, 1)}
	w.wait(recv)
	if recv.Err == nil {
		w.Error("Recv on a file reported no error")
	}
}

// More at once than there are workers.
func fileMany(w *world) {
	h := w.newFile()
	const many, size = 64, 3000
	ops := make([]*driver.Op, many)
	all := func() bool {
		done := true
		for _, op := range ops {
			done = op.Poll(w.cx, w.d) && done
		}
		return done
	}
	for i := range ops {
		ops[i] = &driver.Op{Code: driver.WriteAt, Handle: h, Off: int64(i * size), Buf: bytes.Repeat([]byte{byte(i)}, size)}
	}
	w.until("the writes", all)
	for i, op := range ops {
		if op.Err != nil || op.N != size {
			w.Fatalf("write %d: %d, %v", i, op.N, op.Err)
		}
		ops[i] = &driver.Op{Code: driver.ReadAt, Handle: h, Off: op.Off, Buf: make([]byte, size)}
	}
	w.until("the reads", all)
	for i, op := range ops {
		if op.Err != nil || !bytes.Equal(op.Buf, bytes.Repeat([]byte{byte(i)}, size)) {
			w.Errorf("read %d: %d, %v", i, op.N, op.Err)
		}
	}
}

// inFlight starts many reads of h.
func (w *world) inFlight(h driver.Handle) (ops []*driver.Op, n *counter) {
	n, cx := counted()
	for i := range 64 {
		op := &driver.Op{Code: driver.ReadAt, Handle: h, Off: int64(i), Buf: make([]byte, 1<<12)}
		if op.Poll(cx, w.d) {
			n.n.Add(1) // done at once, without a wake
		}
		ops = append(ops, op)
	}
	return ops, n
}

// ended waits for all of them and checks that each woke once, with its result
// or with want.
func (w *world) ended(ops []*driver.Op, n *counter, want error) {
	w.Helper()
	for _, op := range ops {
		w.until("the end of "+op.Code.String(), op.Done)
		if op.Err != nil {
			w.wantErr(op.Err, want)
		}
	}
	w.settle()
	if got := n.n.Load(); got != int64(len(ops)) {
		w.Errorf("%d ops woke %d times", len(ops), got)
	}
}

func fileCancel(w *world) {
	h := w.newFile()
	for range 5 {
		ops, n := w.inFlight(h)
		for i, op := range ops {
			if i%3 != 0 {
				w.d.Cancel(op)
				w.d.Cancel(op)
			}
		}
		w.ended(ops, n, driver.ErrCanceled)
	}
}

func fileCloseInFlight(w *world) {
	for range 5 {
		h := w.newFile()
		ops, n := w.inFlight(h)
		w.shut(h)
		w.ended(ops, n, driver.ErrClosed)
	}
}

func fileAbandonOpen(w *world) {
	path := filepath.Join(w.dir(), "f")
	var ops []*driver.Op
	for i := range 64 {
		op := &driver.Op{Code: driver.Open, Args: &driver.Args{Path: path, Flags: os.O_RDWR | os.O_CREATE, Perm: 0o600}}
		op.Poll(w.cx, w.d)
		if i%2 == 0 {
			w.d.Park(0)
		}
		if op.Done() {
			w.shut(op.Handle)
			continue
		}
		op.Abandon(w.d)
		ops = append(ops, op)
	}
	w.until("the end of the abandoned opens", func() bool {
		for _, op := range ops {
			if op.InFlight() {
				return false
			}
		}
		return true
	})
}

func fileCloseDriver(w *world) {
	h := w.newFile()
	ops, n := w.inFlight(h)
	open := &driver.Op{Code: driver.Open, Args: &driver.Args{Path: filepath.Join(w.dir(), "g"), Flags: os.O_RDWR | os.O_CREATE, Perm: 0o600}}
	open.Poll(w.cx, w.d)
	before := n.n.Load()
	w.close()
	for _, op := range append(ops, open) {
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

// Results of files end a Park that sleeps for ever; rounds enough to meet the
// moment between looking and sleeping.
func fileWakes(w *world) {
	h := w.newFile()
	op := &driver.Op{Code: driver.ReadAt, Handle: h, Buf: make([]byte, 16)}
	for range 1000 {
		w.must(op)
		op.Reset()
	}
}
