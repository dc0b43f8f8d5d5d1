package fileio_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/fileio"
)

// inFolder runs body in a fiber, with a folder of its own.
func inFolder(body func(ctx context.Context, dir string) error) {
	dir, err := os.MkdirTemp("", "rouse")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	if err := executor.Run(func(ctx context.Context) error { return body(ctx, dir) }); err != nil {
		fmt.Println(err)
	}
}

// In direct style: write a file so that after a crash there is the old one or
// the new one, whole.
func Example() {
	inFolder(func(ctx context.Context, dir string) error {
		path := filepath.Join(dir, "settings")
		if err := replace(ctx, path, []byte("colour = blue\n")); err != nil {
			return err
		}
		f, err := fileio.Open(ctx, path)
		if err != nil {
			return err
		}
		defer f.Close()
		buf := make([]byte, 100)
		n, err := f.ReadAt(ctx, buf, 0)
		fmt.Printf("%q %v\n", buf[:n], err)
		return nil
	})
	// Output: "colour = blue\n" EOF
}

func replace(ctx context.Context, path string, content []byte) error {
	f, err := fileio.Create(ctx, path+".new")
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := f.WriteAt(ctx, content, 0); err != nil {
		return err
	}
	if err := f.Sync(ctx); err != nil {
		return err
	}
	if err := fileio.Rename(ctx, path+".new", path); err != nil {
		return err
	}
	dir, err := fileio.Open(ctx, filepath.Dir(path))
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Sync(ctx) // the new name, too
}

// In poll form: a task that sums a file's bytes, with one Buffer and one
// Transfer that are used again and again.
func Example_pollForm() {
	path := filepath.Join(os.TempDir(), fmt.Sprint("rouse-example-", os.Getpid()))
	if err := os.WriteFile(path, []byte("abcdefghij"), 0o600); err != nil {
		fmt.Println(err)
		return
	}
	defer os.Remove(path)
	ex, err := executor.New(executor.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer ex.Close()
	f, err := executor.RunUntil[*fileio.File](ex, fileio.NewOpen(path, os.O_RDONLY, 0))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer f.Close()
	sum, err := executor.RunUntil[int](ex, newSum(f))
	fmt.Println(sum, err)
	// Output: 1015 <nil>
}

type sum struct {
	buf   *fileio.Buffer
	read  *fileio.Transfer
	off   int64
	total int
}

func newSum(f *fileio.File) *sum {
	buf := fileio.NewBuffer(4)
	return &sum{buf: buf, read: f.NewRead(buf, 0)}
}

func (s *sum) Poll(cx *rouse.Context) (int, error) {
	for {
		n, err := s.read.Poll(cx)
		if err != nil && err != io.EOF {
			return 0, err // also rouse.Pending
		}
		for _, b := range s.buf.Bytes()[:n] {
			s.total += int(b)
		}
		if err == io.EOF {
			s.buf.Free()
			return s.total, nil
		}
		s.off += int64(n)
		s.read.Reset(s.buf, s.off)
	}
}

// Drop gives up the read and, with it, the Buffer.
func (s *sum) Drop() { s.read.Drop() }

func ExampleOpener_direct() {
	inFolder(func(ctx context.Context, dir string) error {
		direct := fileio.Opener{Flags: os.O_RDWR | os.O_CREATE, Perm: 0o600, Direct: true}
		f, err := direct.Open(ctx, filepath.Join(dir, "data"))
		if err != nil { // no direct I/O here: through the page cache, then
			direct.Direct = false
			if f, err = direct.Open(ctx, filepath.Join(dir, "data")); err != nil {
				return err
			}
		}
		defer f.Close()
		// Not aligned at all, and handled.
		if _, err := f.WriteAt(ctx, []byte("hello, disk"), 4090); err != nil {
			return err
		}
		st, err := f.Stat(ctx)
		fmt.Println(st.Size(), err)
		return nil
	})
	// Output: 4101 <nil>
}

func ExampleReader() {
	inFolder(func(ctx context.Context, dir string) error {
		f, err := fileio.Create(ctx, filepath.Join(dir, "lines"))
		if err != nil {
			return err
		}
		defer f.Close()
		w, err := f.NewWriter(fileio.StreamConfig{})
		if err != nil {
			return err
		}
		for i := range 3 {
			if _, err := fmt.Fprintf(w.IOWriter(ctx), "line %d\n", i); err != nil {
				return err
			}
		}
		if err := w.Close(ctx); err != nil { // flushes
			return err
		}
		r, err := f.NewReader(fileio.StreamConfig{})
		if err != nil {
			return err
		}
		defer r.Close()
		for lines := bufio.NewScanner(r.IOReader(ctx)); lines.Scan(); {
			fmt.Println(lines.Text())
		}
		return nil
	})
	// Output:
	// line 0
	// line 1
	// line 2
}

func ExampleBulk() {
	inFolder(func(ctx context.Context, dir string) error {
		f, err := fileio.Create(ctx, filepath.Join(dir, "words"))
		if err != nil {
			return err
		}
		defer f.Close()
		if _, err := f.WriteAt(ctx, []byte("one two three four"), 0); err != nil {
			return err
		}
		// Two reads of the system: what lies within 10 bytes goes together, up
		// to 12 bytes.
		b, err := f.NewBulk([]fileio.Range{{Off: 4, Len: 3}, {Off: 0, Len: 3}, {Off: 14, Len: 4}}, fileio.BulkConfig{MaxGap: 10, MaxMerged: 12})
		if err != nil {
			return err
		}
		defer b.Close()
		for {
			word, err := b.Next(ctx)
			if err == io.EOF {
				return nil
			}
			if err != nil {
				return err
			}
			fmt.Println(string(word))
		}
	})
	// Output:
	// two
	// one
	// four
}

func ExampleOffsetError() {
	inFolder(func(ctx context.Context, dir string) error {
		path := filepath.Join(dir, "f")
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			return err
		}
		f, err := fileio.Open(ctx, path) // for reading only
		if err != nil {
			return err
		}
		defer f.Close()
		_, err = f.WriteAt(ctx, []byte("x"), 42)
		var where *fileio.OffsetError
		var file *fs.PathError
		fmt.Println(errors.As(err, &where) && where.Off == 42, errors.As(err, &file) && file.Path == path)
		return nil
	})
	// Output: true true
}

func ExampleReadDir() {
	inFolder(func(ctx context.Context, dir string) error {
		for _, name := range []string{"b", "a"} {
			f, err := fileio.Create(ctx, filepath.Join(dir, name))
			if err != nil {
				return err
			}
			f.Close()
		}
		if err := fileio.Remove(ctx, filepath.Join(dir, "b")); err != nil {
			return err
		}
		list, err := fileio.ReadDir(ctx, dir)
		for _, entry := range list {
			fmt.Println(entry.Name())
		}
		_, gone := fileio.Stat(ctx, filepath.Join(dir, "b"))
		fmt.Println(errors.Is(gone, fs.ErrNotExist))
		return err
	})
	// Output:
	// a
	// true
}
