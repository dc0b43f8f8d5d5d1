package drivertest

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/rouse-go/rouse/driver"
)

// What is done to files as a whole, by Handle and by path.
var filesysCases = []testCase{
	{"File/Open", []Feature{Files}, fileOpen},
	{"File/OpenDirectory", []Feature{Files}, fileOpenDirectory},
	{"File/Truncate", []Feature{Files}, fileTruncate},
	{"File/Allocate", []Feature{Files}, fileAllocate},
	{"File/Stat", []Feature{Files}, fileStat},
	{"File/WrongKind", []Feature{Files, Network}, fileWrongKind},
}

// byPath does an operation on a path, and returns its error.
func (w *world) byPath(code driver.Code, path string) error {
	w.Helper()
	op := &driver.Op{Code: code, Args: &driver.Args{Path: path}}
	w.wait(op)
	return op.Err
}

// wantPathErr fails unless err says which path could not be had, and why.
func (w *world) wantPathErr(err error, path string, want ...error) {
	w.Helper()
	var p *fs.PathError
	if !errors.As(err, &p) || p.Path != path {
		w.Errorf("error is %v (%T), want a *fs.PathError of %s", err, err, path)
	}
	for _, target := range want {
		if errors.Is(err, target) {
			return
		}
	}
	if len(want) > 0 {
		w.Errorf("error is %v, want one of %v", err, want)
	}
}

// touch makes a file with this content.
func (w *world) touch(path, content string) string {
	w.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		w.Fatal(err)
	}
	return path
}

func fileOpen(w *world) {
	dir := w.dir()
	there := w.touch(filepath.Join(dir, "there"), "content")
	for _, c := range []struct {
		path  string
		flags int
		want  []error
	}{
		{filepath.Join(dir, "none"), os.O_RDONLY, []error{fs.ErrNotExist}},
		{filepath.Join(dir, "none", "x"), os.O_RDWR | os.O_CREATE, []error{fs.ErrNotExist}},
		{there, os.O_RDWR | os.O_CREATE | os.O_EXCL, []error{fs.ErrExist}},
		{filepath.Join(there, "x"), os.O_RDONLY, []error{syscall.ENOTDIR, fs.ErrNotExist}},
		{dir, os.O_RDWR, []error{syscall.EISDIR, syscall.EACCES, syscall.Errno(6)}}, // 6: a handle of windows
		{there, os.O_RDWR | os.O_APPEND, nil},                                       // WriteAt says where
		{"", os.O_RDONLY, nil},
	} {
		op := &driver.Op{Code: driver.Open, Args: &driver.Args{Path: c.path, Flags: c.flags, Perm: 0o600}}
		w.wait(op)
		w.wantPathErr(op.Err, c.path, c.want...)
		if op.Handle != 0 || op.Args.Handle != 0 {
			w.Errorf("an Open that failed yields Handle %#x", op.Handle)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "none")); err == nil {
		w.Error("an Open that failed has made a file")
	}
	op := w.must(&driver.Op{Code: driver.Open, Args: &driver.Args{Path: there, Flags: os.O_RDWR | os.O_TRUNC}})
	if op.Handle == 0 || op.Args.Handle != op.Handle {
		w.Errorf("Open yields Handles %#x and %#x", op.Handle, op.Args.Handle)
	}
	if st, err := os.Stat(there); err != nil || st.Size() != 0 {
		w.Error("O_TRUNC left something")
	}
	w.shut(op.Handle)
}

// A directory can be opened for reading, and synced: so a rename is made
// durable.
func fileOpenDirectory(w *world) {
	dir := w.dir()
	op := &driver.Op{Code: driver.Open, Args: &driver.Args{Path: dir}}
	w.wait(op)
	if op.Err != nil {
		w.Skipf("this system opens no directories: %v", op.Err)
	}
	sync := &driver.Op{Code: driver.Sync, Handle: op.Handle}
	if w.wait(sync); sync.Err != nil {
		w.Logf("this system syncs no directories: %v", sync.Err)
	}
	read := &driver.Op{Code: driver.ReadAt, Handle: op.Handle, Buf: make([]byte, 8)}
	if w.wait(read); read.Err == nil {
		w.Error("ReadAt of a directory reported no error")
	}
	w.shut(op.Handle)
}

func fileTruncate(w *world) {
	path := w.touch(filepath.Join(w.dir(), "f"), "0123456789")
	h := w.openFile(path, os.O_RDWR)
	for _, c := range []struct {
		size int64
		want string
	}{{4, "0123"}, {7, "0123\x00\x00\x00"}, {7, "0123\x00\x00\x00"}, {0, ""}} {
		w.must(&driver.Op{Code: driver.Truncate, Handle: h, Args: &driver.Args{Size: c.size}})
		if got, err := os.ReadFile(path); err != nil || string(got) != c.want {
			w.Errorf("truncated to %d: %q, %v", c.size, got, err)
		}
	}
	bad := &driver.Op{Code: driver.Truncate, Handle: h, Args: &driver.Args{Size: -1}}
	if w.wait(bad); bad.Err == nil {
		w.Error("Truncate to a negative size reported no error")
	}
	w.shut(h)
	h = w.openFile(path, os.O_RDONLY)
	op := &driver.Op{Code: driver.Truncate, Handle: h, Args: &driver.Args{Size: 5}}
	if w.wait(op); op.Err == nil {
		w.Error("Truncate of a file opened for reading reported no error")
	}
	w.shut(h)
}

func fileAllocate(w *world) {
	path := w.touch(filepath.Join(w.dir(), "f"), "0123456789")
	h := w.openFile(path, os.O_RDWR)
	op := &driver.Op{Code: driver.Allocate, Handle: h, Off: 5, Args: &driver.Args{Size: 100_000}}
	w.wait(op)
	if errors.Is(op.Err, driver.ErrNotSupported) || errors.Is(op.Err, errors.ErrUnsupported) {
		w.Logf("not here: %v", op.Err)
	} else if op.Err != nil {
		w.Error(op.Err)
	} else if got, err := os.ReadFile(path); err != nil || len(got) != 100_005 || string(got[:11]) != "0123456789\x00" {
		w.Errorf("the file has %d bytes after Allocate, %v", len(got), err)
	}
	for _, c := range []struct{ off, size int64 }{{0, 0}, {0, -1}, {-1, 10}} {
		op := &driver.Op{Code: driver.Allocate, Handle: h, Off: c.off, Args: &driver.Args{Size: c.size}}
		if w.wait(op); op.Err == nil {
			w.Errorf("Allocate of %d bytes at %d reported no error", c.size, c.off)
		}
	}
	w.shut(h)
}

func fileStat(w *world) {
	dir := w.dir()
	path := w.touch(filepath.Join(dir, "f"), "0123456789")
	h := w.openFile(path, os.O_RDWR)
	for what, op := range map[string]*driver.Op{
		"Handle":            {Handle: h, Args: &driver.Args{}},
		"Handle and a Path": {Handle: h, Args: &driver.Args{Path: filepath.Join(dir, "none")}},
		"Path":              {Args: &driver.Args{Path: path}},
	} {
		op.Code = driver.Stat
		w.must(op)
		if st := op.Args.Info; st == nil || st.Name() != "f" || st.Size() != 10 || !st.Mode().IsRegular() || st.IsDir() || st.ModTime().IsZero() {
			w.Errorf("Stat by %s: %v", what, st)
		}
	}
	want, err := os.Stat(path)
	if err != nil {
		w.Fatal(err)
	}
	got := w.must(&driver.Op{Code: driver.Stat, Args: &driver.Args{Path: path}}).Args.Info
	if got.Mode() != want.Mode() || !got.ModTime().Equal(want.ModTime()) {
		w.Errorf("Stat says %v %v, os.Stat %v %v", got.Mode(), got.ModTime(), want.Mode(), want.ModTime())
	}
	if st := w.must(&driver.Op{Code: driver.Stat, Args: &driver.Args{Path: dir}}).Args.Info; !st.IsDir() || st.Mode().Type() != fs.ModeDir {
		w.Errorf("Stat of a directory: %v", st.Mode())
	}
	if link := filepath.Join(dir, "link"); os.Symlink(path, link) == nil {
		if st := w.must(&driver.Op{Code: driver.Stat, Args: &driver.Args{Path: link}}).Args.Info; st.Size() != 10 || !st.Mode().IsRegular() || st.Name() != "link" {
			w.Errorf("Stat of a link: %v", st)
		}
	}
	w.wantPathErr(w.byPath(driver.Stat, filepath.Join(dir, "none")), filepath.Join(dir, "none"), fs.ErrNotExist)
	w.wantPathErr(w.byPath(driver.Stat, filepath.Join(path, "x")), filepath.Join(path, "x"), syscall.ENOTDIR, fs.ErrNotExist)
	w.shut(h)
	stale := &driver.Op{Code: driver.Stat, Handle: h, Args: &driver.Args{Path: path}}
	w.wait(stale)
	w.wantErr(stale.Err, driver.ErrClosed)
}

// Operations of files on what is no file.
func fileWrongKind(w *world) {
	l, _ := w.listen()
	a, _ := w.pair()
	h := w.newFile()
	for _, code := range []driver.Code{
		driver.ReadAt, driver.WriteAt, driver.Sync, driver.Datasync, driver.Allocate, driver.Truncate, driver.Stat,
	} {
		for _, on := range []driver.Handle{l, a} {
			op := &driver.Op{Code: code, Handle: on, Buf: make([]byte, 1), Args: &driver.Args{Size: 1}}
			w.wait(op)
			w.wantErr(op.Err, driver.ErrKind)
		}
		if code == driver.ReadAt || code == driver.WriteAt || code == driver.Sync || code == driver.Datasync {
			continue
		}
		op := &driver.Op{Code: code, Handle: h}
		w.wait(op)
		w.wantErr(op.Err, driver.ErrNoArgs)
	}
	for _, code := range []driver.Code{driver.Recv, driver.Send, driver.Accept, driver.Shutdown, driver.Query, driver.SetOption} {
		op := &driver.Op{Code: code, Handle: h, Buf: make([]byte, 1), Args: &driver.Args{Option: driver.NoDelay, Value: 1}}
		w.wait(op)
		if op.Err == nil || errors.Is(op.Err, driver.ErrClosed) {
			w.Errorf("%s on a file: %v", code, op.Err)
		}
	}
	w.shut(h)
}
