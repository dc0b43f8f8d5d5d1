package netio

import (
	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/internal/owner"
)

// A home is the executor that a listener or connection belongs to. Connections
// of one listener share it.
type home struct {
	owner.Owner

	network     string // tcp, tcp4, tcp6 or unix
	local, peer string // names of unix sockets
}

// here returns a home for a poll form.
func here(cx *rouse.Context, network string) *home {
	return &home{Owner: owner.Here("netio", cx), network: network}
}

// mustOwn panics if a thing of h is polled elsewhere: its driver may be touched
// by h's loop only.
func (h *home) mustOwn(cx *rouse.Context, what string) {
	if cx.Executor() != h.Ex {
		panic("rouse: netio: " + what + " polled outside the executor that it belongs to; spawn the task on the executor that accepted, dialled or listened, or use the form with a context.Context")
	}
}

func (h *home) setOption(on driver.Handle, option driver.Option, value int) error {
	r := owner.NewRequest(driver.SetOption, on)
	defer r.Free()
	r.Args.Option, r.Args.Value = option, value
	return r.Submit(h.Drv)
}

func (h *home) shutdown(on driver.Handle, how int) error {
	r := owner.NewRequest(driver.Shutdown, on)
	defer r.Free()
	r.Args.How = how
	return r.Submit(h.Drv)
}

// query returns what the driver knows of the ends of on. A peer that is gone
// has no address any more, but ours stands in Args all the same.
func (h *home) query(on driver.Handle) driver.Args {
	r := owner.NewRequest(driver.Query, on)
	defer r.Free()
	_ = r.Submit(h.Drv)
	return r.Args
}
