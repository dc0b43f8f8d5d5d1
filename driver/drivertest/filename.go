package drivertest

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"syscall"

	"github.com/rouse-go/rouse/driver"
)

// What is done to names.
var fileNameCases = []testCase{
	{"File/Rename", []Feature{Files}, fileRename},
	{"File/Remove", []Feature{Files}, fileRemove},
	{"File/ReadDir", []Feature{Files}, fileReadDir},
}

func fileRename(w *world) {
	dir := w.dir()
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	rename := func(from, to string) error {
		op := &driver.Op{Code: driver.Rename, Args: &driver.Args{Path: from, To: to}}
		w.wait(op)
		return op.Err
	}
	w.touch(a, "one")
	if err := rename(a, b); err != nil {
		w.Fatal(err)
	}
	w.touch(a, "two")
	if err := rename(a, b); err != nil { // replaces
		w.Fatal(err)
	}
	if got, err := os.ReadFile(b); string(got) != "two" {
		w.Errorf("%q, %v", got, err)
	}
	var link *os.LinkError
	var errno syscall.Errno
	if err := rename(a, b); !errors.As(err, &link) || link.Old != a || link.New != b || !errors.Is(err, fs.ErrNotExist) || !errors.As(err, &errno) {
		w.Errorf("rename of nothing: %v", err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "d", "sub"), 0o700); err != nil {
		w.Fatal(err)
	}
	if err := rename(b, filepath.Join(dir, "d")); !errors.As(err, &link) {
		w.Errorf("rename of a file onto a directory: %v", err)
	}
	if got, err := os.ReadFile(b); string(got) != "two" {
		w.Errorf("%q, %v after a rename that failed", got, err)
	}
	if err := rename(filepath.Join(dir, "d"), filepath.Join(dir, "e")); err != nil {
		w.Errorf("rename of a directory: %v", err)
	}
}

func fileRemove(w *world) {
	dir := w.dir()
	full := filepath.Join(dir, "full")
	if err := os.MkdirAll(filepath.Join(full, "empty"), 0o700); err != nil {
		w.Fatal(err)
	}
	f := w.touch(filepath.Join(full, "f"), "x")
	w.wantPathErr(w.byPath(driver.Remove, full), full, syscall.ENOTEMPTY, fs.ErrExist, syscall.Errno(145)) // 145: of windows
	for _, path := range []string{f, filepath.Join(full, "empty"), full} {
		if err := w.byPath(driver.Remove, path); err != nil {
			w.Error(err)
		}
		if _, err := os.Lstat(path); err == nil {
			w.Errorf("%s is still there", path)
		}
		w.wantPathErr(w.byPath(driver.Remove, path), path, fs.ErrNotExist)
	}
	if target, link := w.touch(filepath.Join(dir, "t"), "x"), filepath.Join(dir, "l"); os.Symlink(target, link) == nil {
		if err := w.byPath(driver.Remove, link); err != nil {
			w.Error(err)
		}
		if _, err := os.Stat(target); err != nil {
			w.Error("Remove of a link has removed what it points to")
		}
	}
}

func fileReadDir(w *world) {
	dir := w.dir()
	list := func() []fs.DirEntry {
		w.Helper()
		return w.must(&driver.Op{Code: driver.ReadDir, Args: &driver.Args{Path: dir}}).Args.Entries
	}
	if got := list(); len(got) != 0 {
		w.Errorf("an empty directory has %d entries", len(got))
	}
	const many = 500 // more than a call of the system returns
	for i := range many {
		w.touch(filepath.Join(dir, "f"+strconv.Itoa((i*7)%many)), "")
	}
	if err := os.Mkdir(filepath.Join(dir, "d"), 0o700); err != nil {
		w.Fatal(err)
	}
	got := list()
	if len(got) != many+1 || got[0].Name() != "d" || !got[0].IsDir() || got[1].IsDir() || !got[1].Type().IsRegular() {
		w.Fatalf("%d entries", len(got))
	}
	for i := range got[1:] {
		if got[i].Name() >= got[i+1].Name() {
			w.Fatalf("%s comes before %s", got[i].Name(), got[i+1].Name())
		}
	}
	if st, err := got[1].Info(); err != nil || st.Name() != got[1].Name() || st.Size() != 0 {
		w.Errorf("Info: %v, %v", st, err)
	}
	none, f := filepath.Join(dir, "none"), filepath.Join(dir, "f1")
	w.wantPathErr(w.byPath(driver.ReadDir, none), none, fs.ErrNotExist)
	op := &driver.Op{Code: driver.ReadDir, Args: &driver.Args{Path: f}}
	w.wait(op)
	w.wantPathErr(op.Err, f, syscall.ENOTDIR, fs.ErrNotExist)
	if op.Args.Entries != nil {
		w.Error("entries and an error")
	}
}
