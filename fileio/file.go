package fileio

import (
	"context"
	"io/fs"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/internal/atomics"
	"github.com/rouse-go/rouse/internal/owner"
)

// A File is an open file that belongs to one executor. It comes from [Open],
// [Create], [OpenFile] or an [Opener].
//
// The poll forms (NewRead, NewSync, …) make futures for tasks of that executor;
// a poll elsewhere panics. The forms with a ctx may be called from anywhere: in
// a fiber they suspend it, on a goroutine they block that, and in both cases the
// work is done at home. Any number of operations may be under way at once.
// There is no position: each read and write says where.
//
// A File must be closed: there is no finalizer.
type File struct {
	home   owner.Owner
	on     driver.Handle
	path   string
	direct bool
	blind  bool         // opened for writing only
	closed atomics.Bool // no operation begins any more; at home CloseHandle follows
	gate   gate         // of a direct file, see direct.go
}

// Name returns the path that the file was opened with. From any goroutine.
func (f *File) Name() string { return f.path }

// Executor returns the executor that the file belongs to.
func (f *File) Executor() rouse.Executor { return f.home.Ex }

// Direct reports whether the file was opened for direct I/O.
func (f *File) Direct() bool { return f.direct }

// Close closes the file. It may be called from any goroutine, any number of
// times, and returns without waiting: from then on no operation begins, and
// those under way end when they end. At home the descriptor is given up when
// Close returns; from elsewhere in the executor's next turn. It makes nothing
// durable: [File.Sync] does.
func (f *File) Close() error {
	if f.closed.Swap(true) { // pairs with the Loads in Poll methods
		return nil
	}
	var err error
	if f.home.IsHere() {
		err = f.home.CloseHandle(f.on)
	} else {
		// An error of Do says that the driver has been closed, and the
		// descriptor with it.
		_ = f.home.Do(func() { _ = f.home.CloseHandle(f.on) })
	}
	return pathError("close", f.path, err)
}

func (f *File) mustOwn(cx *rouse.Context) {
	if cx.Executor() != f.home.Ex {
		panic("rouse: fileio: a File was polled outside the executor that it belongs to; spawn the task on the executor that opened it, or use the form with a context.Context")
	}
}

// newAction returns an Action on f.
func newAction[T any](f *File, name string, code driver.Code, take func(*driver.Args) T) *Action[T] {
	return &Action[T]{file: f, name: name, path: f.path, code: code, take: take}
}

// NewSync returns a future of [File.Sync].
func (f *File) NewSync() *Action[struct{}] { return newAction(f, "sync", driver.Sync, nothing) }

// Sync makes all that was written before durable: writes that have had their
// result when Sync begins.
func (f *File) Sync(ctx context.Context) error {
	_, err := f.NewSync().do(ctx)
	return err
}

// NewDatasync returns a future of [File.Datasync].
func (f *File) NewDatasync() *Action[struct{}] {
	return newAction(f, "datasync", driver.Datasync, nothing)
}

// Datasync is Sync for the bytes and what is needed to find them, such as the
// file's size, but not for its times.
func (f *File) Datasync(ctx context.Context) error {
	_, err := f.NewDatasync().do(ctx)
	return err
}

// NewAllocate returns a future of [File.Allocate].
func (f *File) NewAllocate(off, size int64) *Action[struct{}] {
	a := newAction(f, "allocate", driver.Allocate, nothing)
	a.off, a.args.Size = off, size
	return a
}

// Allocate reserves size bytes from off, so that writing there can't fail for
// want of room; the file grows if it ends before. Where the system can't, the
// error has driver.ErrNotSupported or errors.ErrUnsupported in it.
func (f *File) Allocate(ctx context.Context, off, size int64) error {
	_, err := f.NewAllocate(off, size).do(ctx)
	return err
}

// NewTruncate returns a future of [File.Truncate].
func (f *File) NewTruncate(size int64) *Action[struct{}] {
	a := newAction(f, "truncate", driver.Truncate, nothing)
	a.args.Size = size
	return a
}

// Truncate makes the file size bytes long.
func (f *File) Truncate(ctx context.Context, size int64) error {
	_, err := f.NewTruncate(size).do(ctx)
	return err
}

// NewStat returns a future of [File.Stat].
func (f *File) NewStat() *Action[fs.FileInfo] { return newAction(f, "stat", driver.Stat, info) }

// Stat tells about the file.
func (f *File) Stat(ctx context.Context) (fs.FileInfo, error) { return f.NewStat().do(ctx) }
