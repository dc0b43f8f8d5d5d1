package portable

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"sync"

	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/driver/internal/ring"
)

// A listener accepts on a goroutine while somebody waits.
type listener struct {
	d  *Driver
	ln net.Listener
	bridge

	waiting *driver.Op // ring; the loop's
	want    int        // its length; changed by the loop, under the lock

	mu        sync.Mutex // guards what follows, between loop and goroutine
	ready     []net.Conn // accepted for somebody who may have gone since
	err       error      // of an accept; for one who waits
	accepting bool       // the goroutine exists
	closed    bool
}

// at returns what package net calls the address of an operation.
func at(a *driver.Args, addr netip.AddrPort) (string, error) {
	switch a.Network {
	case "unix":
		if a.Path == "" {
			return "", fmt.Errorf("rouse: driver: Args.Path is empty; a unix socket needs a path or \"@name\"")
		}
		return a.Path, nil
	case "tcp", "tcp4", "tcp6":
		if !addr.Addr().IsValid() {
			return ":" + strconv.Itoa(int(addr.Port())), nil
		}
		return netip.AddrPortFrom(addr.Addr().Unmap(), addr.Port()).String(), nil
	}
	return "", fmt.Errorf("rouse: driver: network %q is none of tcp, tcp4, tcp6 and unix", a.Network)
}

func (d *Driver) listen(op *driver.Op) error {
	a := op.Args
	address, err := at(a, a.Addr)
	if err != nil {
		return err
	}
	if a.ReusePort {
		return fmt.Errorf("rouse: portable: ReusePort: %w", driver.ErrNotSupported)
	}
	lc := net.ListenConfig{KeepAlive: -1} // as in the other drivers: off
	lc.SetMultipathTCP(false)
	ln, err := lc.Listen(context.Background(), a.Network, address)
	if err != nil {
		return err
	}
	l := &listener{d: d, ln: ln}
	l.bridge.reap = l.reap
	i, s := d.slots.Add()
	s.listener = l
	op.Handle = d.slots.Handle(i)
	a.Handle = op.Handle
	return nil
}

func (d *Driver) accept(op *driver.Op) bool {
	i, s := d.slots.Get(op.Handle)
	if s == nil {
		return op.FinishNow(0, driver.ErrClosed)
	}
	l := s.listener
	if l == nil {
		return op.FinishNow(0, driver.ErrKind)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.waiting == nil && len(l.ready) > 0 {
		d.accepted(op.Args, l.pop())
		return op.FinishNow(0, nil)
	}
	op.Start()
	op.Slot = i
	l.waiting = ring.Push(l.waiting, op)
	l.want++
	if !l.accepting {
		l.accepting = true
		d.spawn(l.serve)
	}
	return false
}

// pop takes the oldest connection. The caller holds the lock.
func (l *listener) pop() net.Conn {
	nc := l.ready[0]
	l.ready[0] = nil
	l.ready = l.ready[1:]
	return nc
}

func (d *Driver) accepted(a *driver.Args, nc net.Conn) {
	a.Addr, a.Path = fromAddr(nc.RemoteAddr())
	a.Handle = d.addConn(nc)
}

func (l *listener) unwait(op *driver.Op) {
	l.waiting = ring.Remove(l.waiting, op)
	l.mu.Lock()
	l.want--
	l.mu.Unlock()
}

// serve runs on a goroutine: it accepts as many as wait. If they are cancelled
// meanwhile, what it accepts is there for the next.
func (l *listener) serve() {
	for {
		l.mu.Lock()
		if l.closed || l.err != nil || len(l.ready) >= l.want {
			l.accepting = false
			l.mu.Unlock()
			return
		}
		l.mu.Unlock()
		nc, err := l.ln.Accept()
		l.mu.Lock()
		switch {
		case l.closed:
			if err == nil {
				nc.Close()
			}
		case err != nil:
			l.err = err
		default:
			l.ready = append(l.ready, nc)
		}
		l.mu.Unlock()
		l.d.post(&l.bridge)
	}
}

// reap serves those who wait, in their order.
func (l *listener) reap() int {
	n := 0
	for {
		l.mu.Lock()
		var nc net.Conn
		err := l.err
		if l.closed || l.waiting == nil || err == nil && len(l.ready) == 0 {
			if l.waiting == nil {
				l.err = nil // of nobody
			}
			if l.want > len(l.ready) && !l.accepting && !l.closed {
				l.accepting = true
				l.d.spawn(l.serve)
			}
			l.mu.Unlock()
			return n
		}
		if len(l.ready) > 0 {
			nc, err = l.pop(), nil
		} else {
			l.err = nil
		}
		l.want--
		l.mu.Unlock()
		op := l.waiting
		l.waiting = ring.Remove(l.waiting, op)
		if err == nil {
			l.d.accepted(op.Args, nc)
		}
		op.Finish(0, closedError(err))
		n++
	}
}

func (l *listener) kill() {
	ring.Kill(l.waiting)
	l.waiting = nil
}

func (l *listener) close() error {
	waiting := l.waiting
	l.waiting = nil
	l.mu.Lock()
	l.closed = true
	for _, nc := range l.ready {
		nc.Close()
	}
	l.ready = nil
	l.mu.Unlock()
	err := l.ln.Close()
	ring.Finish(waiting, driver.ErrClosed)
	return err
}

func (l *listener) query(a *driver.Args) error {
	a.Addr, a.Path = netip.AddrPort{}, ""
	a.Local, a.LocalPath = fromAddr(l.ln.Addr())
	return nil
}

// fromAddr turns an address of package net into an IP and port, or a path.
func fromAddr(addr net.Addr) (netip.AddrPort, string) {
	switch addr := addr.(type) {
	case *net.TCPAddr:
		ap := addr.AddrPort()
		return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port()), ""
	case *net.UDPAddr:
		if addr == nil { // not connected
			return netip.AddrPort{}, ""
		}
		ap := addr.AddrPort()
		return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port()), ""
	case *net.UnixAddr:
		if addr == nil || addr.Name == "@" { // a socket without a name
			return netip.AddrPort{}, ""
		}
		return netip.AddrPort{}, addr.Name
	}
	return netip.AddrPort{}, ""
}
