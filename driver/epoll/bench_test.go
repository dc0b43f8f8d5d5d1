//go:build linux

package epoll_test

import (
	"net/netip"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/driver/epoll"
)

// pair returns both ends of a connection, over TCP or a unix socket.
func pair(tb testing.TB, d driver.Driver, network string) (a, b driver.Handle) {
	at := &driver.Args{Network: network, Addr: netip.MustParseAddrPort("127.0.0.1:0")}
	if network == "unix" {
		at.Path = "@rouse-" + strconv.FormatInt(time.Now().UnixNano(), 36)
	}
	l := &driver.Op{Code: driver.Listen, Args: at}
	do(tb, d, l)
	q := &driver.Op{Code: driver.Query, Handle: l.Handle, Args: &driver.Args{}}
	do(tb, d, q)
	acc := &driver.Op{Code: driver.Accept, Handle: l.Handle, Args: &driver.Args{}}
	d.Submit(acc)
	con := &driver.Op{Code: driver.Connect, Args: &driver.Args{Network: network, Addr: q.Args.Local, Path: at.Path}}
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

// A write and a read of 64 bytes through the driver: over TCP without epoll,
// since the bytes are there when Recv asks. Compare BenchmarkCalls.
func BenchmarkSendRecv(b *testing.B) {
	for _, network := range []string{"tcp", "unix"} {
		b.Run(network, func(b *testing.B) {
			d := open(b)
			x, y := pair(b, d, network)
			var buf [64]byte
			s := &driver.Op{Code: driver.Send, Handle: x}
			r := &driver.Op{Code: driver.Recv, Handle: y}
			b.ReportAllocs()
			for b.Loop() {
				sendRecv(d, s, r, buf[:])
			}
		})
	}
}

func sendRecv(d driver.Driver, s, r *driver.Op, buf []byte) {
	s.Reset()
	s.Buf = buf
	d.Submit(s)
	for {
		r.Reset()
		r.Buf = buf
		if d.Submit(r) {
			return
		}
		for !r.Done() {
			d.Park(driver.Forever)
		}
	}
}

// The same with a Recv that waits first: as a server and its client do.
func BenchmarkWaitSendRecv(b *testing.B) {
	for _, network := range []string{"tcp", "unix"} {
		b.Run(network, func(b *testing.B) {
			d := open(b)
			x, y := pair(b, d, network)
			var buf [64]byte
			s := &driver.Op{Code: driver.Send, Handle: x, Buf: buf[:]}
			r := &driver.Op{Code: driver.Recv, Handle: y, Buf: buf[:]}
			b.ReportAllocs()
			for b.Loop() {
				r.Reset()
				d.Submit(r)
				s.Reset()
				d.Submit(s)
				for !r.Done() {
					d.Park(driver.Forever)
				}
				r.Reset()
				d.Submit(r)
			}
		})
	}
}

// The bare calls.
func BenchmarkCalls(b *testing.B) {
	b.Run("unix", func(b *testing.B) {
		fd, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_NONBLOCK, 0)
		if err != nil {
			b.Fatal(err)
		}
		defer unix.Close(fd[0])
		defer unix.Close(fd[1])
		var buf [64]byte
		for b.Loop() {
			unix.Write(fd[0], buf[:])
			unix.Read(fd[1], buf[:])
		}
	})
}

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

// A deadline of a microsecond: what a timer costs beyond its time.
func BenchmarkParkTimed(b *testing.B) {
	d := open(b)
	b.ReportAllocs()
	for b.Loop() {
		d.Park(d.Now() + 1000)
	}
}

func BenchmarkNow(b *testing.B) {
	d := open(b)
	for b.Loop() {
		d.Now()
	}
}
