package portable

import (
	"os"
	"syscall"

	"github.com/rouse-go/rouse/driver"
)

// give takes what there is room for; a datagram that can't be sent at all ends
// the batch before it.
func (p *packet) give(msgs []driver.Message) (n int, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.sendErr; err != nil {
		p.sendErr = nil
		return 0, err
	}
	for ; n < len(msgs); n++ {
		m := &msgs[n]
		if err = p.refuses(m); err != nil {
			break
		}
		if p.size > 0 && p.size+len(m.Buf) > outLen {
			p.wanted = n == 0
			break
		}
		p.out = append(p.out, outgoing{append([]byte(nil), m.Buf...), m.Addr})
		p.size += max(1, len(m.Buf))
	}
	if n == 0 {
		return 0, err
	}
	if !p.writing {
		p.writing = true
		p.d.spawn(p.sendAll)
	}
	return n, nil
}

// refuses says what is wrong with m.
func (p *packet) refuses(m *driver.Message) error {
	switch {
	case len(m.Buf) >= maxDatagram-8: // with its header
		return os.NewSyscallError("sendmsg", syscall.EMSGSIZE)
	case !p.connected && !m.Addr.IsValid():
		return os.NewSyscallError("sendmsg", syscall.EDESTADDRREQ)
	}
	return nil
}

// sendAll runs on a goroutine, until nothing is left to send.
func (p *packet) sendAll() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.out) > 0 {
		out := p.out
		p.out = nil
		p.mu.Unlock()
		var err error
		sent := 0
		for _, g := range out {
			var e error
			if p.connected {
				_, e = p.pc.Write(g.data)
			} else {
				_, e = p.pc.WriteToUDPAddrPort(g.data, g.to)
			}
			if err == nil {
				err = e
			}
			sent += max(1, len(g.data))
		}
		p.mu.Lock()
		p.size -= sent
		if err != nil {
			p.sendErr = err
		}
		if p.wanted {
			p.wanted = false
			p.d.post(&p.bridge)
		}
	}
	p.writing = false
	if p.closing {
		p.pc.Close()
	}
}
