package portable

import (
	"context"
	"fmt"
	"net"
	"sync"

	"github.com/rouse-go/rouse/driver"
)

// A dial is a Connect in flight.
type dial struct {
	d  *Driver
	op *driver.Op // the loop's
	bridge
	stop context.CancelFunc

	mu       sync.Mutex // guards what follows, between loop and goroutine
	nc       net.Conn
	err      error
	canceled bool
}

func (d *Driver) connect(op *driver.Op) bool {
	a := op.Args
	op.Handle, a.Handle = 0, 0
	address, err := at(a, a.Addr)
	if err != nil {
		return op.FinishNow(0, err)
	}
	dialer := net.Dialer{KeepAlive: -1} // as in the other drivers: off
	dialer.SetMultipathTCP(false)
	if a.Network != "unix" && (a.Local.Addr().IsValid() || a.Local.Port() != 0) {
		local, remote := a.Local.Addr().Unmap(), a.Addr.Addr().Unmap()
		if local.IsValid() && remote.IsValid() && local.Is4() != remote.Is4() {
			return op.FinishNow(0, fmt.Errorf("rouse: driver: Args.Local %v and Args.Addr are of different IP versions", a.Local))
		}
		dialer.LocalAddr = net.TCPAddrFromAddrPort(a.Local)
	}
	ctx, stop := context.WithCancel(context.Background())
	dl := &dial{d: d, op: op, stop: stop}
	dl.bridge.reap = dl.reap
	d.dials[op] = dl
	op.Start()
	network := a.Network // a is the caller's again once op is cancelled
	d.spawn(func() { dl.run(ctx, &dialer, network, address) })
	return false
}

// run runs on a goroutine.
func (dl *dial) run(ctx context.Context, dialer *net.Dialer, network, address string) {
	nc, err := dialer.DialContext(ctx, network, address)
	dl.mu.Lock()
	if dl.canceled {
		dl.mu.Unlock()
		if err == nil {
			nc.Close()
		}
		return
	}
	dl.nc, dl.err = nc, err
	dl.mu.Unlock()
	dl.d.post(&dl.bridge)
}

// cancel detaches the goroutine, which closes what it still gets.
func (dl *dial) cancel() {
	dl.stop()
	dl.mu.Lock()
	defer dl.mu.Unlock()
	dl.canceled = true
	if dl.nc != nil {
		dl.nc.Close()
		dl.nc = nil
	}
}

func (dl *dial) reap() int {
	dl.mu.Lock()
	nc, err, canceled := dl.nc, dl.err, dl.canceled
	dl.mu.Unlock()
	if canceled {
		return 0
	}
	dl.stop()
	op := dl.op
	delete(dl.d.dials, op)
	if err == nil {
		op.Handle = dl.d.addConn(nc)
		op.Args.Handle = op.Handle
	}
	op.Finish(0, err)
	return 1
}
