package rouse

import (
	"runtime"
	"strconv"
	"unsafe"

	"github.com/rouse-go/rouse/internal/atomics"
)

// header is the part of a task's memory that does not depend on its types. It
// stands first in every cell, so a *header is the address of the cell.
//
// The columns say who may touch a field of a local task; for an atomic task
// read "the holder of the Runnable" for home.
type header struct {
	state  state          // home          the state word; atomic kind: not used
	refs   refs           // home          wakers counted at home, see refs.go
	remote atomics.Uint64 // anybody       local: the remote word; atomic: the state word
	home   *Home          // constant      nil for the atomic kind
	itab   uintptr        // constant      which cell type this is, see ops
	next   *header        // holder        run queue, free list: of whoever holds the Runnable
	links                 //               atomic kind: sharedPart, see shared
	wants  Waker          // home          the awaiter; atomic kind: see await
	abroad foreignRefs    // anybody       wakers counted elsewhere
	site   uint32         // home          where it was spawned, see site.go
}

// links is what only a local task has in its header.
type links struct {
	mail  *header // pusher, home  inbox, see remote.go
	older *header // home          list of live tasks
	newer *header // home
}

// slot is what a JoinHandle[T] knows of a cell, whatever its future.
type slot[T any] struct {
	header
	out T     // written by the runner before finish, read by the handle after
	err error // likewise
}

// ops are the operations of a cell that depend on its types.
type ops interface {
	poll(cx *Context) bool  // true: the result stands in the slot
	letGo()                 // forget the future, which has returned its result
	drop()                  // drop the future, which has not, and forget it
	fail(err error)         // put err where the result would stand
	failure() error         // what stands there
	clear()                 // forget result and error
	future() unsafe.Pointer // the address of the future; nil when it is gone
}

// iface is the memory of a non-empty interface value.
type iface struct {
	itab uintptr
	data unsafe.Pointer
}

// itabOf returns the first word of an interface value. It is the same for all
// values of one concrete type, and never collected or moved: a one-word,
// per-type name that generic code can have without a lookup.
func itabOf(o ops) uintptr { return (*iface)(unsafe.Pointer(&o)).itab }

// ops returns h as an interface value: eight bytes a task instead of sixteen.
func (h *header) ops() ops {
	i := iface{h.itab, unsafe.Pointer(h)}
	return *(*ops)(unsafe.Pointer(&i))
}

// slotOf returns the typed view of h. T must be that of the cell.
func slotOf[T any](h *header) *slot[T] { return (*slot[T])(unsafe.Pointer(h)) }

func (s *slot[T]) fail(err error) {
	var none T
	s.out, s.err = none, err
}

func (s *slot[T]) failure() error { return s.err }
func (s *slot[T]) clear()         { s.fail(nil) }

// settle stores what a poll returned and reports whether that is a result.
func (s *slot[T]) settle(v T, err error, f any) bool {
	if err != nil {
		if isPending(err) {
			return false
		}
		mustNotWrapPending(err, f)
	}
	s.out, s.err = v, err
	return true
}

// cell is a task, of either kind, whose future stands in another object. With a
// result of one word it fills two cache lines: all that another worker has to
// fetch in order to run it.
type cell[T any] struct {
	slot[T]
	fut Future[T]
}

func (c *cell[T]) poll(cx *Context) bool {
	v, err := c.fut.Poll(cx)
	if err == nil {
		c.out = v
		return true
	}
	return c.settle(v, err, c.fut)
}

func (c *cell[T]) letGo()                 { c.fut = nil }
func (c *cell[T]) future() unsafe.Pointer { return (*iface)(unsafe.Pointer(&c.fut)).data }

func (c *cell[T]) drop() {
	f := c.fut
	c.fut = nil
	dropFuture(f)
}

// A FutureOf is a pointer to F that is a Future[T]: what lets a task hold the
// future's value itself, in one object with its state.
type FutureOf[T, F any] interface {
	*F
	Future[T]
}

// valueCell is a local task that holds its future's value.
type valueCell[T, F any, P FutureOf[T, F]] struct {
	slot[T]
	fut F
}

func (c *valueCell[T, F, P]) poll(cx *Context) bool {
	v, err := P(&c.fut).Poll(cx)
	if err == nil {
		c.out = v
		return true
	}
	return c.settle(v, err, P(&c.fut))
}

func (c *valueCell[T, F, P]) letGo() {
	var none F
	c.fut = none
}

func (c *valueCell[T, F, P]) future() unsafe.Pointer { return unsafe.Pointer(&c.fut) }

func (c *valueCell[T, F, P]) drop() {
	defer c.letGo() // also if Drop panics
	dropFuture(P(&c.fut))
}

// dropFuture drops h's future; a panic in its Drop is returned, not passed on.
func (h *header) dropFuture() (err *PanicError) {
	returned := false
	defer func() {
		if v := recover(); v != nil && !returned {
			err = h.panicError(v)
		}
	}()
	h.ops().drop()
	returned = true
	return nil
}

// panicError describes a panic of h's future; call it while panicking. A panic
// that was caught on another stack, a fiber's, brings value and stack with it.
func (h *header) panicError(v any) *PanicError {
	e := &PanicError{Value: v, Site: h.spawnSite()}
	if caught, ok := v.(interface{ Caught() (any, []byte) }); ok {
		e.Value, e.Stack = caught.Caught()
	} else {
		stack := make([]byte, 16<<10)
		e.Stack = stack[:runtime.Stack(stack, false)]
	}
	if h.home != nil {
		e.Name = h.home.name
	} else if name := h.shared().name; name != nil {
		e.Name = *name
	}
	return e
}

// printPanic renders a panic's value without fmt, which would import os.
func printPanic(v any) string {
	switch v := v.(type) {
	case error:
		return v.Error()
	case string:
		return v
	case interface{ String() string }:
		return v.String()
	case int:
		return strconv.Itoa(v)
	case bool:
		return strconv.FormatBool(v)
	default:
		return "(" + typeName(v) + ")"
	}
}
