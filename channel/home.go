package channel

import (
	"context"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/internal/atomics"
)

// home is the executor that a local channel belongs to. The zero home is none
// yet.
type home struct {
	// word is written twice in a channel's life, and it is atomic only because
	// ctx forms read it from anywhere: who finds it bound may read the rest.
	word atomics.Uint32
	exec rouse.Executor
	loop *rouse.Loop // nil if exec has none
}

const (
	unbound uint32 = iota
	binding        // somebody writes exec and loop
	bound          // they stand until unbind
)

// enter must begin every poll: it binds the channel, or checks that it is
// polled where it belongs.
func (h *home) enter(cx *rouse.Context) {
	if h.word.Load() != bound || h.exec != cx.Executor() { // pairs with the Store in bind
		h.enterUnusual(cx.Executor())
	}
}

//go:noinline
func (h *home) enterUnusual(ex rouse.Executor) {
	if ex == nil {
		if h.word.Load() == unbound {
			return // a bare Context, as tests make them: no home to speak of
		}
		panic("rouse: channel: a local channel was polled with a Context without executor, but it belongs to one; poll it there")
	}
	h.bind(ex)
}

// bind makes ex the home, unless there is another.
func (h *home) bind(ex rouse.Executor) {
	if ex == nil {
		panic("rouse: channel: Bind to a nil executor")
	}
	var loop *rouse.Loop
	if l, ok := ex.(interface{ Home() *rouse.Home }); ok {
		loop = l.Home().Loop()
	}
	if h.word.CompareAndSwap(unbound, binding) {
		h.exec, h.loop = ex, loop
		h.word.Store(bound) // pairs with the Loads in enter, of and inFiber
		return
	}
	for h.word.Load() == binding { // another is between the two lines above
	}
	if h.exec != ex {
		panic("rouse: channel: a local channel was polled by another executor than the one it belongs to; " +
			"use its ctx forms from there, or a channel made for several executors")
	}
}

// of returns the home, or where a channel that has none yet finds one: with the
// executor that ctx carries.
func (h *home) of(ctx context.Context) rouse.Executor {
	if h.word.Load() == bound {
		return h.exec
	}
	ex := rouse.ExecutorFrom(ctx)
	if ex == nil {
		panic("rouse: channel: a local channel that belongs to no executor yet was used with a ctx that carries none; " +
			"call Bind, or pass a ctx of rouse.WithExecutor")
	}
	return ex
}

// inFiber reports whether the caller is a fiber of the home: then the channel
// may be touched here and now. The goroutine's identity decides; ctx must agree
// so that a call with the wrong ctx fails always and not only when it must wait.
func (h *home) inFiber(ctx context.Context) bool {
	return h.word.Load() == bound && h.loop != nil && h.loop.AtHome() && rouse.ExecutorFrom(ctx) == h.exec
}

// unbind lets the next poll bind again. Nobody else may use the channel then.
func (h *home) unbind() {
	h.exec, h.loop = nil, nil
	h.word.Store(unbound)
}
