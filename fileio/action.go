package fileio

import (
	"context"
	"fmt"
	"io/fs"
	"os"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/internal/owner"
)

// An Action is an operation that moves no bytes, on its way: a
// rouse.Future[T], polled by one executor. One on a file is polled at the file's
// home, others where you like, on an executor that has a driver. After its
// result it may be used again by [Action.Reset].
//
// One that is dropped while it is under way is given up: whether it takes place
// is not known.
type Action[T any] struct {
	file     *File // nil for one by path
	home     owner.Owner
	name     string
	path, to string
	op       *driver.Op
	args     driver.Args
	off      int64
	code     driver.Code
	take     func(*driver.Args) T
	over     bool
}

// Reset makes a that has had its result, or was dropped, ready to be done again.
func (a *Action[T]) Reset() {
	if a.op != nil && a.op.InFlight() {
		a.op = nil // the driver's until it ends
	}
	a.over = false
}

// Poll returns the result of the operation.
func (a *Action[T]) Poll(cx *rouse.Context) (T, error) {
	var none T
	if a.over {
		panic(fmt.Sprintf("rouse: %T polled after its result; call Reset to do it again", a))
	}
	if err := a.start(cx); err != nil {
		a.over = true
		return none, a.fail(err)
	}
	for {
		idle := !a.op.InFlight() && !a.op.Done()
		if idle && !cx.Spend() {
			return none, rouse.Pending
		}
		if !a.op.Poll(cx, a.home.Drv) {
			if idle {
				cx.Refund()
			}
			return none, rouse.Pending
		}
		err := a.op.Err
		a.op.Reset()
		if interrupted(err) {
			continue
		}
		a.over = true
		if err != nil {
			return none, a.fail(err)
		}
		return a.take(&a.args), nil
	}
}

// start checks where we are, and makes the op ready.
func (a *Action[T]) start(cx *rouse.Context) error {
	if a.file != nil {
		a.file.mustOwn(cx)
		if a.file.closed.Load() && (a.op == nil || !a.op.InFlight()) { // pairs with the Swap in Close
			return driver.ErrClosed
		}
		a.home = a.file.home
	} else if a.op == nil || !a.op.InFlight() {
		a.home = owner.Here("fileio", cx)
	} else if cx.Executor() != a.home.Ex {
		panic("rouse: fileio: an Action was begun on one executor and polled on another; a future stays where it is first polled")
	}
	if a.op == nil {
		a.op = &driver.Op{Code: a.code, Args: &a.args}
	}
	if !a.op.InFlight() && a.file != nil {
		a.op.Handle, a.op.Off = a.file.on, a.off
	}
	return nil
}

func (a *Action[T]) fail(err error) error {
	if a.code == driver.Rename {
		return &os.LinkError{Op: a.name, Old: a.path, New: a.to, Err: cause(err)}
	}
	return pathError(a.name, a.path, err)
}

// Drop gives the operation up.
func (a *Action[T]) Drop() {
	a.over = true
	if a.op != nil {
		a.op.Abandon(a.home.Drv)
	}
}

// do is the ctx form of a, at the file's home or, without a file, at ctx's
// executor.
func (a *Action[T]) do(ctx context.Context) (T, error) {
	var ex rouse.Executor
	if a.file != nil {
		ex = a.file.home.Ex
	} else if ex = rouse.ExecutorFrom(ctx); ex == nil {
		var none T
		return none, a.fail(errNoExecutor)
	}
	v, err := rouse.AwaitOn[T](ctx, ex, a)
	if err != nil && shutDown(err) {
		err = a.fail(endedError{err})
	}
	return v, err
}

func nothing(*driver.Args) struct{} { return struct{}{} }

func info(a *driver.Args) fs.FileInfo {
	i := a.Info
	a.Info = nil
	return i
}

func entries(a *driver.Args) []fs.DirEntry {
	e := a.Entries
	a.Entries = nil
	return e
}
