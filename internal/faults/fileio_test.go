package faults_test

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/fileio"
	"github.com/rouse-go/rouse/internal/faults"
)

// files are the errors of files; those that a signal makes are for fileio to
// deal with.
var files = faults.Plan{Short: 0.4, Late: 0.3, Swap: 0.5, Fail: 0.2, Errors: map[driver.Code][]syscall.Errno{
	driver.Open:     {syscall.EMFILE, syscall.ENOMEM, syscall.EINTR},
	driver.ReadAt:   {syscall.EINTR, syscall.ENOMEM},
	driver.WriteAt:  {syscall.EINTR, syscall.ENOMEM, syscall.ENOSPC},
	driver.Datasync: {syscall.EINTR, syscall.ENOMEM},
	driver.Stat:     {syscall.ENOMEM},
	driver.Rename:   {syscall.ENOMEM},
}}

// A log counts the errors that were told.
type log struct {
	mu   sync.Mutex
	seen map[string]int
}

// told checks that err names the operation and the path.
func (l *log) told(w *world, err error, op, path string) {
	w.Helper()
	var pe *fs.PathError
	var le *os.LinkError
	var errno syscall.Errno
	switch {
	case !errors.As(err, &errno):
		w.Errorf("no errno in %v", err)
	case !errors.As(err, &pe) && !errors.As(err, &le), !strings.HasPrefix(err.Error(), op+" "+path):
		w.Errorf("%v does not say that it is of %s %s", err, op, path)
	}
	l.mu.Lock()
	l.seen[faults.Name(errno)]++
	l.mu.Unlock()
}

// Files come out right: short transfers are continued, interrupted ones are made
// again, every other error is told with operation and path, and a write says how
// much of it went.
func TestFiles(t *testing.T) {
	onSome(t, driverUnderTest.hasFiles, files, []string{faults.Short, faults.Late, "EMFILE", "ENOMEM", "ENOSPC", "EINTR"}, func(w *world) {
		l := &log{seen: map[string]int{}}
		var waits []func() (int, error)
		dir := w.TempDir()
		for i := range 8 {
			waits = append(waits, async(w, func() (int, error) { return 0, oneFile(w, l, i, dir) }))
		}
		for _, wait := range waits {
			if _, err := wait(); err != nil {
				w.Error(err)
			}
		}
		w.set(faults.Plan{})
		made := w.d.Counts()
		for _, kind := range []string{"EMFILE", "ENOMEM", "ENOSPC"} {
			if made[kind] != l.seen[kind] {
				w.Errorf("%d errors %s were made, %d were told", made[kind], kind, l.seen[kind])
			}
		}
		if l.seen["EINTR"] != 0 {
			w.Errorf("%d interruptions were told", l.seen["EINTR"])
		}
	})
}

func oneFile(w *world, l *log, i int, dir string) error {
	path := filepath.Join(dir, string(rune('a'+i)))
	open := func() (*fileio.File, error) {
		for {
			f, err := fileio.OpenFile(w.ctx, path, os.O_RDWR|os.O_CREATE, 0o600)
			if err == nil {
				return f, nil
			}
			if l.told(w, err, "open", path); w.Failed() {
				return nil, err
			}
		}
	}
	for range 10 {
		f, err := open()
		if err == nil {
			err = f.Close()
		}
		if err != nil {
			return err
		}
	}
	f, err := open()
	if err != nil {
		return err
	}
	data := pattern(i, 30<<10)
	for off := 0; off < len(data) && !w.Failed(); {
		n, err := f.WriteAt(w.ctx, data[off:min(len(data), off+7000)], int64(off))
		if off += n; err != nil {
			l.told(w, err, "write", path)
		}
	}
	for !w.Failed() {
		err := f.Datasync(w.ctx)
		if err == nil {
			break
		}
		l.told(w, err, "datasync", path)
	}
	for !w.Failed() {
		info, err := f.Stat(w.ctx)
		if err == nil {
			if info.Size() != int64(len(data)) {
				w.Errorf("the file has %d bytes", info.Size())
			}
			break
		}
		l.told(w, err, "stat", path)
	}
	var got []byte
	for buf := make([]byte, 9000); !w.Failed(); {
		n, err := f.ReadAt(w.ctx, buf, int64(len(got)))
		if got = append(got, buf[:n]...); err == io.EOF {
			break
		} else if err != nil {
			l.told(w, err, "read", path)
		}
	}
	if !bytes.Equal(got, data) {
		w.Errorf("%d bytes were read of %d, or they are wrong", len(got), len(data))
	}
	if err := f.Close(); err != nil {
		return err
	}
	if _, err := f.ReadAt(w.ctx, make([]byte, 1), 0); !errors.Is(err, fs.ErrClosed) {
		w.Errorf("reading a closed file: %v", err)
	}
	for to := path + "-moved"; !w.Failed(); {
		err := fileio.Rename(w.ctx, path, to)
		if err == nil {
			path = to
			break
		}
		l.told(w, err, "rename", path)
	}
	if b, err := os.ReadFile(path); err != nil || !bytes.Equal(b, data) {
		w.Errorf("the file has %d bytes, %v", len(b), err)
	}
	return nil
}

// A Writer and a Reader, which work behind the caller's back, on files whose
// transfers are cut, delayed and interrupted.
func TestFileStreams(t *testing.T) {
	plan := faults.Plan{Short: 0.5, Late: 0.4, Swap: 0.8, Fail: 0.15, Errors: map[driver.Code][]syscall.Errno{
		driver.Open: {syscall.EINTR}, driver.ReadAt: {syscall.EINTR}, driver.WriteAt: {syscall.EINTR},
	}}
	onSome(t, driverUnderTest.hasFiles, plan, []string{faults.Short, faults.Late, "EINTR"}, func(w *world) {
		path := filepath.Join(w.TempDir(), "f")
		f, err := fileio.OpenFile(w.ctx, path, os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			w.Fatal(err)
		}
		wr, err := f.NewWriter(fileio.StreamConfig{})
		if err != nil {
			w.Fatal(err)
		}
		data := pattern(7, 600_000)
		for rest := data; len(rest) > 0; {
			k := min(len(rest), 70_001)
			if n, err := wr.Write(w.ctx, rest[:k]); n != k || err != nil {
				w.Fatalf("Write: %d of %d, %v", n, k, err)
			}
			rest = rest[k:]
		}
		if err := wr.Close(w.ctx); err != nil {
			w.Fatal(err)
		}
		r, err := f.NewReader(fileio.StreamConfig{})
		if err != nil {
			w.Fatal(err)
		}
		got, err := io.ReadAll(r.IOReader(w.ctx))
		if err != nil || !bytes.Equal(got, data) {
			w.Errorf("%d bytes were read of %d, or they are wrong, %v", len(got), len(data), err)
		}
		if err := errors.Join(r.Close(), f.Close()); err != nil {
			w.Error(err)
		}
	})
}
