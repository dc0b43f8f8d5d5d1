package fileio

import (
	"context"
	"errors"
	"io/fs"
	"os"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/internal/owner"
)

// An Opener says how to open a file. The zero value opens one that exists, for
// reading.
type Opener struct {
	// Executor is where the file will belong. Nil means the one that the ctx
	// carries, or that polls.
	Executor rouse.Executor
	// Flags are those of os.OpenFile, but not os.O_APPEND: WriteAt says where
	// to write.
	Flags int
	// Perm is a new file's, before the umask.
	Perm fs.FileMode
	// Direct opens the file for direct I/O, past the page cache; see the
	// package comment. An error with driver.ErrNotSupported in it where the
	// system has no such thing, and with syscall.EINVAL where the file system
	// hasn't.
	Direct bool
}

// Open opens path for reading, at the executor that ctx carries.
func Open(ctx context.Context, path string) (*File, error) {
	return Opener{}.Open(ctx, path)
}

// Create opens path for reading and writing and makes it an empty file, with
// mode 0666 before the umask if it did not exist.
func Create(ctx context.Context, path string) (*File, error) {
	return OpenFile(ctx, path, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o666)
}

// OpenFile opens path as os.OpenFile does, at the executor that ctx carries.
func OpenFile(ctx context.Context, path string, flags int, perm fs.FileMode) (*File, error) {
	return Opener{Flags: flags, Perm: perm}.Open(ctx, path)
}

// NewOpen returns a future of [OpenFile]: the file belongs to the executor that
// polls.
func NewOpen(path string, flags int, perm fs.FileMode) *Opening {
	return Opener{Flags: flags, Perm: perm}.NewOpen(path)
}

var (
	errNoExecutor = errors.New("ctx carries no executor; take the ctx of a fiber, or one made by Local.Context")
	errAppend     = errors.New("O_APPEND makes no sense here; WriteAt says where to write")
	errPerm       = errors.New("the permissions have other bits than those of fs.ModePerm")
)

// Open opens path. If ctx ends first, Open gives up and returns ctx.Err().
//
// It may be called from any goroutine but that of a running executor. The
// executor has to be running: the work is done there.
func (o Opener) Open(ctx context.Context, path string) (*File, error) {
	ex := o.Executor
	if ex == nil {
		if ex = rouse.ExecutorFrom(ctx); ex == nil {
			return nil, pathError("open", path, errNoExecutor)
		}
	}
	f, err := rouse.AwaitOn[*File](ctx, ex, o.NewOpen(path))
	if err != nil && shutDown(err) {
		err = pathError("open", path, endedError{err})
	}
	return f, err
}

// NewOpen returns a future of the file. It belongs to the executor that polls
// the future, which must be o.Executor if that is set.
func (o Opener) NewOpen(path string) *Opening { return &Opening{opener: o, path: path} }

// An Opening is a file on its way: a rouse.Future[*File] that is polled by one
// executor. Dropping it closes what there is of the file.
type Opening struct {
	opener Opener
	path   string
	home   owner.Owner
	op     driver.Op
	args   driver.Args
	over   bool
}

// Poll returns the file, or why there is none: an *fs.PathError.
func (o *Opening) Poll(cx *rouse.Context) (*File, error) {
	if o.over {
		panic("rouse: *fileio.Opening polled after its result; make another with NewOpen")
	}
	if o.home.Ex == nil {
		if err := o.start(cx); err != nil {
			return o.fail(err)
		}
	}
	if cx.Executor() != o.home.Ex {
		panic("rouse: fileio: an Opening was begun on one executor and polled on another; a future stays where it is first polled")
	}
	for {
		idle := !o.op.InFlight() && !o.op.Done()
		if idle && !cx.Spend() {
			return nil, rouse.Pending
		}
		if !o.op.Poll(cx, o.home.Drv) {
			if idle {
				cx.Refund()
			}
			return nil, rouse.Pending
		}
		switch {
		case interrupted(o.op.Err):
			o.op.Reset()
			continue
		case o.op.Err != nil:
			return o.fail(o.op.Err)
		}
		o.over = true
		const access = os.O_RDONLY | os.O_WRONLY | os.O_RDWR
		return &File{
			home: o.home, on: o.op.Handle, path: o.path,
			direct: o.opener.Direct, blind: o.opener.Flags&access == os.O_WRONLY,
		}, nil
	}
}

func (o *Opening) start(cx *rouse.Context) error {
	if ex := o.opener.Executor; ex != nil && ex != cx.Executor() {
		panic("rouse: fileio: an Opening was polled outside its Opener.Executor; spawn it there")
	}
	switch {
	case o.opener.Flags&os.O_APPEND != 0:
		return errAppend
	case o.opener.Perm&^fs.ModePerm != 0:
		return errPerm
	}
	o.home = owner.Here("fileio", cx)
	o.args = driver.Args{Path: o.path, Flags: o.opener.Flags, Perm: uint32(o.opener.Perm), Direct: o.opener.Direct}
	o.op.Code, o.op.Args = driver.Open, &o.args
	return nil
}

func (o *Opening) fail(err error) (*File, error) {
	o.over = true
	return nil, pathError("open", o.path, err)
}

// Drop gives the file up.
func (o *Opening) Drop() {
	switch {
	case o.home.Ex == nil || o.over:
	case o.op.Done() && o.op.Err == nil:
		_ = o.home.CloseHandle(o.op.Handle) // nobody will have it
	default:
		o.op.Abandon(o.home.Drv)
	}
	o.over = true
}
