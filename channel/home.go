package channel

import (
	"context"
	"unsafe"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/internal/atomics"
)

// home is the executor that a local channel belongs to. The zero home is none
// yet.
type home struct {
	// key is what tells executors apart at the price of one comparison: the
	// address of the home, 0 while there is none. It is written twice in a
	// channel's life, and it is atomic only because ctx forms read it from
	// anywhere: who finds it set may read the rest.
	key  atomics.Uintptr
	exec rouse.Executor
	loop *rouse.Loop // nil if exec has none
}

// binding is the key while somebody writes exec and loop.
const binding = 1

// keyOf returns the data word of an interface value. exec keeps it from being
// used again. Executors that are no pointers have another key in each copy:
// they take the slow way, and are right.
func keyOf(ex rouse.Executor) uintptr {
	return uintptr((*[2]unsafe.Pointer)(unsafe.Pointer(&ex))[1])
}

// enter must begin every poll: it binds the channel, or checks that it is
// polled where it belongs. A bare Context without executor, as tests make them,
// is good while there is no home.
func (h *home) enter(cx *rouse.Context) {
	if h.key.Load() != keyOf(cx.Executor()) { // pairs with the Store in bind
		h.enterUnusual(cx)
	}
}

//go:noinline
func (h *home) enterUnusual(cx *rouse.Context) {
	ex := cx.Executor()
	if ex == nil {
		panic("rouse: channel: a local channel was polled with a Context without executor, but it belongs to one; poll it there")
	}
	h.bind(ex)
}

// bound reports whether there is a home.
func (h *home) bound() bool { return h.key.Load() > binding }

// bind makes ex the home, unless there is another.
func (h *home) bind(ex rouse.Executor) {
	if ex == nil {
		panic("rouse: channel: Bind to a nil executor")
	}
	if m, ok := ex.(interface{ MovesTasks() bool }); ok && m.MovesTasks() {
		panic("rouse: channel: a local channel can't be used on an executor that polls on several threads, such as executor.Shared; use channel.MPMC there")
	}
	var loop *rouse.Loop
	if l, ok := ex.(interface{ Home() *rouse.Home }); ok {
		loop = l.Home().Loop()
	}
	if h.key.CompareAndSwap(0, binding) {
		h.exec, h.loop = ex, loop
		h.key.Store(keyOf(ex)) // pairs with the Loads in enter and bound
		return
	}
	for h.key.Load() == binding { // another is between the two lines above
		atomics.Spinning()
	}
	if h.exec != ex {
		panic("rouse: channel: a local channel was polled by another executor than the one it belongs to; " +
			"use its ctx forms from there, or a channel made for several executors")
	}
}

// of returns the home, or where a channel that has none yet finds one: with the
// executor that ctx carries.
func (h *home) of(ctx context.Context) rouse.Executor {
	if h.bound() {
		return h.exec
	}
	ex := rouse.ExecutorFrom(ctx)
	if ex == nil {
		panic("rouse: channel: a local channel that belongs to no executor yet was used with a ctx that carries none; " +
			"call Bind, or pass a ctx of rouse.WithExecutor")
	}
	return ex
}

// fiber returns the calling fiber if it is one of the home: then the channel may
// be touched here and now. Else nil, also if ctx is not that fiber's: a call
// with the wrong ctx fails always and not only when it must wait.
func (h *home) fiber(ctx context.Context) rouse.Awaiter {
	if !h.bound() {
		return nil
	}
	if a := rouse.FiberOf(ctx); a != nil && keyOf(a.Executor()) == h.key.Load() { // pairs with the Store in bind
		return a
	}
	return nil
}

// unbind lets the next poll bind again. Nobody else may use the channel then.
func (h *home) unbind() {
	h.exec, h.loop = nil, nil
	h.key.Store(0)
}
