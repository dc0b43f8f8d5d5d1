package netio

import (
	"fmt"
	"sync"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/driver"
)

// A home is the executor that a listener or connection belongs to: the one
// whose driver holds the descriptor. Connections of one listener share it.
type home struct {
	ex  rouse.Executor
	drv driver.Driver

	network     string // tcp, tcp4, tcp6 or unix
	local, peer string // names of unix sockets
}

// at returns a home at ex.
func at(ex rouse.Executor, network string) *home {
	host, ok := ex.(driver.Host)
	if !ok {
		panic(fmt.Sprintf("rouse: netio needs an executor that has a driver, as executor.Local has; %T is no driver.Host: run the task on a Local, and await its handle where you like", ex))
	}
	return &home{ex: ex, drv: host.Driver(), network: network}
}

// here is at for a poll form.
func here(cx *rouse.Context, network string) *home {
	if cx.Executor() == nil {
		panic("rouse: netio: the Context has no executor; poll in a task of an executor that has a driver, such as executor.Local")
	}
	return at(cx.Executor(), network)
}

// mustOwn panics if a thing of h is polled elsewhere: its driver may be touched
// by h's loop only.
func (h *home) mustOwn(cx *rouse.Context, what string) {
	if cx.Executor() != h.ex {
		panic("rouse: netio: " + what + " polled outside the executor that it belongs to; spawn the task on the executor that accepted, dialled or listened, or use the form with a context.Context")
	}
}

// do calls fn at home: here and now if the caller is there, else soon. What was
// handed over before, by the same goroutine, is done before. An error means
// that the executor is gone; then its driver has closed everything already.
func (h *home) do(fn func()) error {
	if h.isHere() {
		fn()
		return nil
	}
	return h.ex.Inject(func(*rouse.Context) { fn() })
}

// isHere reports whether the caller is at home. It may say no where that can't
// be found out.
func (h *home) isHere() bool {
	switch ex := h.ex.(type) {
	case interface{ AtHome() bool }:
		return ex.AtHome()
	case interface{ Home() *rouse.Home }:
		return ex.Home().Loop().AtHome()
	}
	return false
}

// A request is an operation that finishes at once, so that its memory is free
// again when Submit returns.
type request struct {
	op   driver.Op
	args driver.Args
}

var requests = sync.Pool{New: func() any { return new(request) }}

// newRequest returns a request whose args are still to be filled in. After
// submit, free gives it back.
func newRequest(code driver.Code, on driver.Handle) *request {
	r := requests.Get().(*request)
	r.op.Code, r.op.Handle, r.op.Args = code, on, &r.args
	return r
}

func (r *request) submit(d driver.Driver) error {
	if !d.Submit(&r.op) {
		panic(fmt.Sprintf("rouse: netio: driver %s left operation %d in flight, which finishes at once by contract", d.Name(), r.op.Code))
	}
	return r.op.Err
}

func (r *request) free() {
	*r = request{}
	requests.Put(r)
}

// closeHandle closes on. That it was closed before is no error.
func (h *home) closeHandle(on driver.Handle) error {
	r := newRequest(driver.CloseHandle, on)
	defer r.free()
	if err := r.submit(h.drv); err != nil && err != driver.ErrClosed {
		return err
	}
	return nil
}

func (h *home) setOption(on driver.Handle, option driver.Option, value int) error {
	r := newRequest(driver.SetOption, on)
	defer r.free()
	r.args.Option, r.args.Value = option, value
	return r.submit(h.drv)
}

func (h *home) shutdown(on driver.Handle, how int) error {
	r := newRequest(driver.Shutdown, on)
	defer r.free()
	r.args.How = how
	return r.submit(h.drv)
}

// query returns what the driver knows of the ends of on. A peer that is gone
// has no address any more, but ours stands in Args all the same.
func (h *home) query(on driver.Handle) driver.Args {
	r := newRequest(driver.Query, on)
	defer r.free()
	_ = r.submit(h.drv)
	return r.args
}
