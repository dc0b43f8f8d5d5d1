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
	args     driver.Args // what is asked for
	flight   *flight
	off      int64
	code     driver.Code
	take     func(*driver.Args) T
	over     bool
}

// A flight is what the driver has of an Action, perhaps longer than anybody
// waits for it.
type flight struct {
	op   driver.Op
	args driver.Args
}

// Reset makes a, which has had its result or was dropped, ready to be done
// again. It panics if a is under way.
func (a *Action[T]) Reset() {
	if a.inFlight() {
		if !a.over {
			panic(fmt.Sprintf("rouse: %T reset while under way; wait for its result, or drop it first", a))
		}
		a.flight = nil // the driver's until it ends
	}
	a.over = false
}

func (a *Action[T]) inFlight() bool { return a.flight != nil && a.flight.op.InFlight() }

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
	op := &a.flight.op
	for {
		idle := !op.InFlight() && !op.Done()
		if idle && !cx.Spend() {
			return none, rouse.Pending
		}
		if !op.Poll(cx, a.home.Drv) {
			if idle {
				cx.Refund()
			}
			return none, rouse.Pending
		}
		err := op.Err
		op.Reset()
		if interrupted(err) {
			continue
		}
		a.over = true
		if err != nil {
			return none, a.fail(err)
		}
		return a.take(&a.flight.args), nil
	}
}

// start checks where we are, and makes the op ready.
func (a *Action[T]) start(cx *rouse.Context) error {
	under := a.flight != nil && !a.flight.idle()
	switch {
	case a.file != nil:
		a.file.mustOwn(cx)
		if !under && a.file.closed.Load() { // pairs with the Swap in Close
			return driver.ErrClosed
		}
		a.home = a.file.home
	case !under:
		a.home = owner.Here("fileio", cx)
	case cx.Executor() != a.home.Ex:
		panic("rouse: fileio: an Action was begun on one executor and polled on another; a future stays where it is first polled")
	}
	if under {
		return nil
	}
	if a.flight == nil {
		a.flight = &flight{args: a.args}
		a.flight.op.Code, a.flight.op.Off, a.flight.op.Args = a.code, a.off, &a.flight.args
	}
	if a.file != nil {
		a.flight.op.Handle = a.file.on
	}
	return nil
}

// idle reports whether the op has not begun.
func (f *flight) idle() bool { return !f.op.InFlight() && !f.op.Done() }

func (a *Action[T]) fail(err error) error {
	if a.code == driver.Rename {
		return &os.LinkError{Op: a.name, Old: a.path, New: a.to, Err: cause(err)}
	}
	return pathError(a.name, a.path, err)
}

// Drop gives the operation up.
func (a *Action[T]) Drop() {
	a.over = true
	if a.flight != nil {
		a.flight.op.Abandon(a.home.Drv)
		if a.flight.op.Done() {
			a.flight.op.Reset() // nobody will look
		}
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
