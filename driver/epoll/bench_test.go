//go:build linux

package epoll_test

import (
	"net/netip"
	"testing"

	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/driver/epoll"
)

// pair returns both ends of a connection over loopback.
func pair(tb testing.TB, d driver.Driver) (a, b driver.Handle) {
	l := &driver.Op{Code: driver.Listen, Args: &driver.Args{Network: "tcp", Addr: netip.MustParseAddrPort("127.0.0.1:0")}}
	do(tb, d, l)
	q := &driver.Op{Code: driver.Query, Handle: l.Handle, Args: &driver.Args{}}
	do(tb, d, q)
	acc := &driver.Op{Code: driver.Accept, Handle: l.Handle, Args: &driver.Args{}}
	d.Submit(acc)
	con := &driver.Op{Code: driver.Connect, Args: &driver.Args{Network: "tcp", Addr: q.Args.Local}}
	do(tb, d, con)
	finish(tb, d, acc)
	do(tb, d, &driver.Op{Code: driver.CloseHandle, Handle: l.Handle})
	return con.Handle, acc.Args.Handle
}

func do(tb testing.TB, d driver.Driver, op *driver.Op) {
	d.Submit(op)
	finish(tb, d, op)
}

func finish(tb testing.TB, d driver.Driver, op *driver.Op) {
	for !op.Done() {
		if _, err := d.Park(driver.Forever); err != nil {
			tb.Fatal(err)
		}
	}
	if op.Err != nil {
		tb.Fatal(op.Err)
	}
}

func open(tb testing.TB) *epoll.Driver {
	d, err := epoll.New(epoll.Config{})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := d.Close(); err != nil {
			tb.Error(err)
		}
	})
	return d
}

// The bytes are there when Recv asks for them: a write and a read, no epoll.
func BenchmarkSendRecv(b *testing.B) {
	d := open(b)
	x, y := pair(b, d)
	var buf [64]byte
	s := &driver.Op{Code: driver.Send, Handle: x, Buf: buf[:]}
	r := &driver.Op{Code: driver.Recv, Handle: y}
	b.ReportAllocs()
	for b.Loop() {
		s.Reset()
		d.Submit(s)
		for {
			r.Reset()
			r.Buf = buf[:]
			if d.Submit(r) {
				break
			}
			for !r.Done() {
				d.Park(driver.Forever)
			}
		}
	}
}

// The same pair of calls without a driver.
func BenchmarkParkNothing(b *testing.B) {
	d := open(b)
	b.ReportAllocs()
	for b.Loop() {
		d.Park(0)
	}
}

func BenchmarkUnparkPark(b *testing.B) {
	d := open(b)
	b.ReportAllocs()
	for b.Loop() {
		d.Unpark()
		d.Park(driver.Forever)
	}
}
