package portable

import (
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"sync"
	"time"

	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/driver/internal/ring"
)

// maxDatagram is more than one can carry.
const maxDatagram = 64 << 10

var datagramBuffers = sync.Pool{New: func() any { return new([maxDatagram]byte) }}

// A packet is a datagram socket and its two bridges. While a RecvMsgs waits, a
// goroutine receives one datagram; SendMsgs copies datagrams for a goroutine
// that sends them, so an error of sending is told by a later operation, once.
type packet struct {
	d         *Driver
	pc        *net.UDPConn
	connected bool
	bridge

	// The loop's.
	ring.Sides

	mu      sync.Mutex // guards what follows, between loop and goroutines
	reading bool       // a goroutine receives
	in      *arrival
	readErr error

	out     []outgoing
	size    int // bytes of out, and of what the goroutine sends
	writing bool
	wanted  bool // somebody waits for room
	closing bool
	sendErr error
}

// An arrival is a datagram that was received and not yet asked for.
type arrival struct {
	buf  *[maxDatagram]byte
	n    int
	from netip.AddrPort
}

type outgoing struct {
	data []byte
	to   netip.AddrPort
}

func (d *Driver) listenPacket(op *driver.Op) error {
	a := op.Args
	op.Handle, a.Handle = 0, 0
	switch a.Network {
	case "udp", "udp4", "udp6":
	default:
		return fmt.Errorf("rouse: driver: network %q is none of udp, udp4 and udp6", a.Network)
	}
	if runtime.GOOS == "js" || runtime.GOOS == "wasip1" {
		// Package net imitates them there, but not well.
		return fmt.Errorf("rouse: portable: datagrams: %w", driver.ErrNotSupported)
	}
	if a.ReusePort {
		return fmt.Errorf("rouse: portable: ReusePort: %w", driver.ErrNotSupported)
	}
	var local *net.UDPAddr
	if a.Addr.Addr().IsValid() || a.Addr.Port() != 0 {
		local = udpAddr(a.Addr)
	}
	p := &packet{d: d, connected: a.Peer.IsValid()}
	var err error
	if p.connected {
		p.pc, err = net.DialUDP(a.Network, local, udpAddr(a.Peer))
	} else {
		p.pc, err = net.ListenUDP(a.Network, local)
	}
	if err != nil {
		return err
	}
	p.bridge.reap = p.reap
	i, s := d.slots.Add()
	s.packet = p
	op.Handle = d.slots.Handle(i)
	a.Handle = op.Handle
	return nil
}

func udpAddr(at netip.AddrPort) *net.UDPAddr {
	if !at.Addr().IsValid() {
		return &net.UDPAddr{Port: int(at.Port())}
	}
	return net.UDPAddrFromAddrPort(netip.AddrPortFrom(at.Addr().Unmap(), at.Port()))
}

// messages serves RecvMsgs and SendMsgs.
func (d *Driver) messages(op *driver.Op) bool {
	i, s := d.slots.Get(op.Handle)
	switch {
	case s == nil:
		return op.FinishNow(0, driver.ErrClosed)
	case s.packet == nil:
		return op.FinishNow(0, driver.ErrKind)
	case len(op.Args.Msgs) == 0:
		return op.FinishNow(0, driver.ErrNoMessages)
	}
	p := s.packet
	op.Slot = i
	if op.Code == driver.RecvMsgs {
		if done, err := p.take(&op.Args.Msgs[0]); err != nil {
			return op.FinishNow(0, closedError(err))
		} else if done {
			return op.FinishNow(1, nil)
		}
		p.Wait(op)
		return false
	}
	n, err := p.give(op.Args.Msgs)
	if n > 0 || err != nil {
		return op.FinishNow(n, closedError(err))
	}
	p.Wait(op)
	return false
}

// take hands out the datagram there is. If there is none it sees to it that a
// goroutine receives one.
func (p *packet) take(m *driver.Message) (bool, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if g := p.in; g != nil {
		m.N, m.Addr = copy(m.Buf, g.buf[:g.n]), g.from
		m.Truncated = m.N < g.n
		datagramBuffers.Put(g.buf)
		p.in = nil
		return true, nil
	}
	if err := p.readErr; err != nil {
		p.readErr = nil
		return false, err
	}
	if !p.reading {
		p.reading = true
		p.d.spawn(p.receive)
	}
	return false, nil
}

// receive runs on a goroutine, for one datagram.
func (p *packet) receive() {
	buf := datagramBuffers.Get().(*[maxDatagram]byte)
	n, from, err := p.pc.ReadFromUDPAddrPort(buf[:])
	p.mu.Lock()
	p.reading = false
	if err != nil {
		p.readErr = err
		datagramBuffers.Put(buf)
	} else {
		p.in = &arrival{buf, n, netip.AddrPortFrom(from.Addr().Unmap(), from.Port())}
	}
	p.mu.Unlock()
	p.d.post(&p.bridge)
}

// reap tells those who wait that the bridges have changed.
func (p *packet) reap() int {
	p.mu.Lock()
	come := p.in != nil || p.readErr != nil
	room := p.size < outLen || p.sendErr != nil
	p.mu.Unlock()
	n := 0
	if come {
		n += ring.Settle(&p.Rd, driver.ErrAgain)
	}
	if room {
		n += ring.Settle(&p.Wr, driver.ErrAgain)
	}
	return n
}

// close ends who waits, and the socket once what was taken is sent.
func (p *packet) close(linger time.Duration) error {
	waiting := p.Take()
	p.mu.Lock()
	p.closing = true
	sending := p.writing
	p.mu.Unlock()
	var err error
	if sending {
		// The goroutine that sends closes when it has done so.
		now := time.Now()
		p.pc.SetWriteDeadline(now.Add(linger))
		p.pc.SetReadDeadline(now)
	} else {
		err = p.pc.Close()
	}
	waiting.Finish(driver.ErrClosed)
	return err
}

// control serves the operations that finish at once.
func (p *packet) control(op *driver.Op) error {
	a := op.Args
	switch op.Code {
	case driver.Query:
		a.Local, a.LocalPath = fromAddr(p.pc.LocalAddr())
		a.Addr, a.Path = fromAddr(p.pc.RemoteAddr())
		return nil
	case driver.SetOption:
		switch a.Option {
		case driver.RecvBuffer:
			return closedError(p.pc.SetReadBuffer(a.Value))
		case driver.SendBuffer:
			return closedError(p.pc.SetWriteBuffer(a.Value))
		}
		return fmt.Errorf("rouse: portable: socket option %d: %w", a.Option, driver.ErrNotSupported)
	}
	return driver.ErrKind
}
