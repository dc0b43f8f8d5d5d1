package manual

import (
	"fmt"
	"net/netip"
	"os"
	"syscall"

	"github.com/rouse-go/rouse/driver"
)

// stream returns the slot of a connection, or why there is none.
func (d *Driver) stream(h driver.Handle) (uint32, *slot, error) {
	i, s := d.slots.Get(h)
	switch {
	case s == nil:
		return 0, nil, driver.ErrClosed
	case s.kind != kindStream:
		return 0, nil, driver.ErrKind
	}
	return i, s, nil
}

func (d *Driver) recv(op *driver.Op) bool {
	i, s, err := d.stream(op.Handle)
	if err != nil {
		return op.FinishNow(0, err)
	}
	if len(op.Buf) == 0 {
		return op.FinishNow(0, driver.ErrNoBuffer)
	}
	p := s.in
	switch {
	case p.reset:
		return op.FinishNow(0, os.NewSyscallError("read", syscall.ECONNRESET))
	case p.len > 0:
		n := p.read(op.Buf)
		d.touch(p.writer)
		return op.FinishNow(n, nil)
	case p.readable():
		return op.FinishNow(0, nil) // the end
	}
	return s.wait(i, op)
}

func (d *Driver) send(op *driver.Op) bool {
	i, s, err := d.stream(op.Handle)
	if err != nil {
		return op.FinishNow(0, err)
	}
	one := [1][]byte{op.Buf}
	vec := one[:]
	if len(op.Vec) > 0 {
		vec = op.Vec
	}
	p := s.out
	want, n := 0, 0
	for _, b := range vec {
		want += len(b)
	}
	switch {
	case p.reset || s.in.reset:
		return op.FinishNow(0, os.NewSyscallError("write", syscall.ECONNRESET))
	case p.ended || p.gone:
		return op.FinishNow(0, os.NewSyscallError("write", syscall.EPIPE))
	case p.discard:
		return op.FinishNow(want, nil)
	}
	for _, b := range vec {
		n += p.write(b)
	}
	if n == 0 && want > 0 {
		return s.wait(i, op)
	}
	d.touch(p.reader)
	return op.FinishNow(n, nil)
}

func (d *Driver) shutdown(op *driver.Op) error {
	_, s, err := d.stream(op.Handle)
	if err != nil {
		return err
	}
	how := op.Args.How
	if how < 0 || how > 2 {
		return fmt.Errorf("rouse: driver: Args.How is %d; it must be 0, 1 or 2", how)
	}
	if how != 0 {
		s.out.ended = true
		d.touch(s.out.reader)
		d.touch(s.out.writer)
	}
	if how != 1 {
		s.in.discard = true
		d.touch(s.in.reader)
		d.touch(s.in.writer)
	}
	return nil
}

func (d *Driver) query(op *driver.Op) error {
	_, s := d.slots.Get(op.Handle)
	if s == nil {
		return driver.ErrClosed
	}
	a := op.Args
	a.Local, a.Addr, a.LocalPath, a.Path = s.local, netip.AddrPort{}, "", ""
	if s.kind == kindStream || s.kind == kindPacket {
		a.Addr = s.peer
	}
	return nil
}

// setOption takes every option there is; those that mean nothing here are
// without effect.
func (d *Driver) setOption(op *driver.Op) error {
	_, s := d.slots.Get(op.Handle)
	if s == nil {
		return driver.ErrClosed
	}
	v := op.Args.Value
	switch op.Args.Option {
	case driver.NoDelay, driver.KeepAlive, driver.KeepAliveIdle:
	case driver.Linger:
		s.abort = v == 0
	case driver.RecvBuffer:
		if s.in != nil {
			s.in.limit = max(1, v)
		}
		if s.mail != nil {
			s.mail.limit = max(1, v)
		}
	case driver.SendBuffer:
		if s.out != nil {
			s.out.limit = max(1, v)
		}
	default:
		return fmt.Errorf("rouse: manual: unknown socket option %d: %w", op.Args.Option, driver.ErrNotSupported)
	}
	return nil
}
