package fileio_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/fiber"
	"github.com/rouse-go/rouse/fileio"
)

// everything does every operation once, in ctx form.
func everything(ctx context.Context, w *world) error {
	f, err := fileio.Create(ctx, w.path("a"))
	if err != nil {
		return err
	}
	defer f.Close()
	data := pattern(10_000)
	if n, err := f.WriteAt(ctx, data, 5); n != len(data) || err != nil {
		return errors.Join(errors.New("WriteAt"), err)
	}
	if err := errors.Join(f.Sync(ctx), f.Datasync(ctx)); err != nil {
		return err
	}
	got := make([]byte, len(data)+10)
	if n, err := f.ReadAt(ctx, got, 5); n != len(data) || err != io.EOF || !bytes.Equal(got[:n], data) {
		return errors.Join(errors.New("ReadAt"), err)
	}
	if n, err := f.ReadAt(ctx, got[:100], 5); n != 100 || err != nil {
		return errors.Join(errors.New("ReadAt of a part"), err)
	}
	if err := f.Truncate(ctx, 1000); err != nil {
		return err
	}
	if err := f.Allocate(ctx, 0, 3000); err != nil && !errors.Is(err, driver.ErrNotSupported) && !errors.Is(err, errors.ErrUnsupported) {
		return err
	} else if err != nil {
		f.Truncate(ctx, 3000)
	}
	if st, err := f.Stat(ctx); err != nil || st.Size() != 3000 {
		return errors.Join(errors.New("Stat of a File"), err)
	}
	if err := fileio.Rename(ctx, w.path("a"), w.path("b")); err != nil {
		return err
	}
	if st, err := fileio.Stat(ctx, w.path("b")); err != nil || st.Size() != 3000 || st.Name() != "b" {
		return errors.Join(errors.New("Stat of a path"), err)
	}
	if err := os.WriteFile(w.path("aa"), nil, 0o600); err != nil {
		return err
	}
	list, err := fileio.ReadDir(ctx, w.dir)
	if err != nil || len(list) != 2 || list[0].Name() != "aa" || list[1].Name() != "b" {
		return errors.Join(errors.New("ReadDir"), err)
	}
	for _, e := range list {
		if err := fileio.Remove(ctx, w.path(e.Name())); err != nil {
			return err
		}
	}
	_, err = fileio.Stat(ctx, w.path("b"))
	if !errors.Is(err, fs.ErrNotExist) {
		return errors.Join(errors.New("Stat of what was removed"), err)
	}
	return nil
}

func TestEverything(t *testing.T) {
	onEach(t, func(w *world) {
		if err := everything(w.ctx, w); err != nil {
			w.Error("on a goroutine:", err)
		}
		h := fiber.Go(w.ctx, func(ctx context.Context) (int, error) { return 0, everything(ctx, w) })
		if _, err := h.Join(w.ctx); err != nil {
			w.Error("in a fiber:", err)
		}
		other := newWorld(w, drivers[0].Open, nil)
		h = fiber.Go(other.ctx, func(ctx context.Context) (int, error) {
			f, err := fileio.Opener{Executor: w.ex, Flags: os.O_RDWR | os.O_CREATE, Perm: 0o600}.Open(ctx, w.path("x"))
			if err != nil {
				return 0, err
			}
			defer f.Close()
			if n, err := f.WriteAt(ctx, []byte("far away"), 0); n != 8 || err != nil {
				return 0, err
			}
			buf := make([]byte, 4)
			n, err := f.ReadAt(ctx, buf, 4)
			if string(buf) != "away" {
				err = errors.Join(err, errors.New(string(buf)))
			}
			return n, err
		})
		if n, err := h.Join(w.ctx); n != 4 || err != nil {
			w.Error("in a fiber of another executor:", n, err)
		}
	})
}

// The same in poll form.
func TestPollForms(t *testing.T) {
	onEach(t, func(w *world) {
		f, err := future(w, fileio.NewOpen(w.path("a"), os.O_RDWR|os.O_CREATE, 0o600))
		if err != nil {
			w.Fatal(err)
		}
		defer f.Close()
		b := fileio.NewBuffer(0)
		b.Append(pattern(9000))
		wr := f.NewWrite(b, 100)
		if n, err := future(w, wr); n != 9000 || err != nil {
			w.Error("write:", n, err)
		}
		sync := f.NewSync()
		for range 3 {
			if _, err := future(w, sync); err != nil {
				w.Error("sync:", err)
			}
			sync.Reset()
		}
		clear(b.Bytes())
		rd := f.NewRead(b, 100)
		for range 3 {
			if n, err := future(w, rd); n != 9000 || err != nil || !bytes.Equal(b.Bytes(), pattern(9000)) {
				w.Error("read:", n, err)
			}
			rd.Reset(b, 100)
		}
		rd.Reset(b, 200)
		if n, err := future(w, rd); n != 8900 || err != io.EOF {
			w.Error("read beyond the end:", n, err)
		}
		b.Free()
		if _, err := future(w, f.NewTruncate(10)); err != nil {
			w.Error(err)
		}
		if st, err := future(w, f.NewStat()); err != nil || st.Size() != 10 {
			w.Error(err)
		}
		if _, err := future(w, fileio.NewRename(w.path("a"), w.path("b"))); err != nil {
			w.Error(err)
		}
		if st, err := future(w, fileio.NewStat(w.path("b"))); err != nil || st.Size() != 10 {
			w.Error(err)
		}
		if l, err := future(w, fileio.NewReadDir(w.dir)); err != nil || len(l) != 1 {
			w.Error(l, err)
		}
		if _, err := future(w, fileio.NewRemove(w.path("b"))); err != nil {
			w.Error(err)
		}
	})
}

func TestErrors(t *testing.T) {
	onEach(t, func(w *world) {
		_, err := fileio.Open(w.ctx, w.path("none"))
		wantPath(w, err, "open", w.path("none"), fs.ErrNotExist, syscall.ENOENT)
		_, err = fileio.OpenFile(w.ctx, w.path("none"), os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o600)
		wantPath(w, err, "open", w.path("none"))
		_, err = fileio.Open(context.Background(), w.path("none"))
		wantPath(w, err, "open", w.path("none"))
		_, err = fileio.Stat(w.ctx, w.path("none"))
		wantPath(w, err, "stat", w.path("none"), fs.ErrNotExist)
		wantPath(w, fileio.Remove(w.ctx, w.path("none")), "remove", w.path("none"), fs.ErrNotExist)
		_, err = fileio.ReadDir(w.ctx, w.path("none"))
		wantPath(w, err, "readdir", w.path("none"), fs.ErrNotExist)
		err = fileio.Rename(w.ctx, w.path("none"), w.path("other"))
		var link *os.LinkError
		if !errors.As(err, &link) || link.Old != w.path("none") || link.New != w.path("other") {
			w.Errorf("rename: %v", err)
		}
		wantIs(w, err, fs.ErrNotExist, syscall.ENOENT)
		if err := fileio.Remove(context.Background(), w.path("none")); err == nil || !strings.Contains(err.Error(), "no executor") {
			w.Error(err)
		}

		f := w.open(fileio.Opener{}, "r", pattern(10))
		_, err = f.WriteAt(w.ctx, []byte("x"), 7)
		var off *fileio.OffsetError
		if !errors.As(err, &off) || off.Off != 7 || !strings.Contains(err.Error(), "offset 7") {
			w.Errorf("write of a file opened for reading: %v", err)
		}
		wantPath(w, err, "write", w.path("r"))
		if _, err = f.ReadAt(w.ctx, make([]byte, 1), -1); !errors.As(err, &off) || off.Off != -1 {
			w.Error(err)
		}
		if n, err := f.ReadAt(w.ctx, nil, 0); n != 0 || err != nil {
			w.Error(n, err)
		}
		f.Close()
		if err := f.Close(); err != nil {
			w.Error(err)
		}
		_, err = f.ReadAt(w.ctx, make([]byte, 1), 0)
		wantIs(w, err, fileio.ErrClosed, fs.ErrClosed)
		wantIs(w, f.Sync(w.ctx), fileio.ErrClosed)
		w.stop()
		_, err = fileio.Open(w.ctx, w.path("r"))
		wantIs(w, err, fileio.ErrClosed, rouse.ErrCanceled)
		wantIs(w, f.Sync(w.ctx), fileio.ErrClosed)
	})
}

func wantPath(t testing.TB, err error, op, path string, targets ...error) {
	t.Helper()
	var p *fs.PathError
	if !errors.As(err, &p) || p.Op != op || p.Path != path {
		t.Errorf("error is %v (%T); want a *fs.PathError of %s %s", err, err, op, path)
	}
	wantIs(t, err, targets...)
}
