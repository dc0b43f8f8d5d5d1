//go:build linux

package epoll_test

import (
	"errors"
	"net/netip"
	"os"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/driver/epoll"
	"github.com/rouse-go/rouse/internal/faults"
)

// The kernel itself refuses calls for want of memory and buffers: each operation
// says so, with the call's name, and the connection is as good as before.
func TestKernelRefuses(t *testing.T) {
	counts := map[string]int{}
	// On a thread of its own, which ends with it: see Refuse.
	t.Run("", func(t *testing.T) {
		runtime.LockOSThread()
		d, err := epoll.New(epoll.Config{})
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		must := func(op *driver.Op) *driver.Op {
			t.Helper()
			for last := time.Now().Add(20 * time.Second); !d.Submit(op); {
				for op.InFlight() {
					if _, err := d.Park(d.Now() + 1e9); err != nil {
						t.Fatal(err)
					}
					if time.Now().After(last) {
						t.Fatalf("%v does not end", op.Code)
					}
				}
				if op.Err != driver.ErrAgain {
					break
				}
				op.Reset()
			}
			if op.Err != nil {
				t.Fatalf("%v: %v", op.Code, op.Err)
			}
			return op
		}
		local := netip.MustParseAddrPort("127.0.0.1:0")
		l := must(&driver.Op{Code: driver.Listen, Args: &driver.Args{Network: "tcp", Addr: local}}).Handle
		addr := must(&driver.Op{Code: driver.Query, Handle: l, Args: &driver.Args{}}).Args.Local
		pair := func() (a, b driver.Handle) {
			acc := &driver.Op{Code: driver.Accept, Handle: l, Args: &driver.Args{}}
			a = must(&driver.Op{Code: driver.Connect, Args: &driver.Args{Network: "tcp", Addr: addr}}).Handle
			return a, must(acc).Args.Handle
		}
		a, b := pair()
		for _, h := range []driver.Handle{a, b} { // who has waited once is registered
			op := &driver.Op{Code: driver.Recv, Handle: h, Buf: make([]byte, 1)}
			d.Submit(op)
			d.Cancel(op)
		}
		_, fresh := pair()
		// The sizes are marks that the filter knows the calls by.
		if err := faults.Refuse(false,
			faults.Refusal{Call: unix.SYS_WRITE, Arg: 2, Value: 7001, Errno: unix.ENOBUFS},
			faults.Refusal{Call: unix.SYS_WRITE, Arg: 2, Value: 7002, Errno: unix.ENOMEM},
			faults.Refusal{Call: unix.SYS_READ, Arg: 2, Value: 7003, Errno: unix.ENOMEM},
			faults.Refusal{Call: unix.SYS_READ, Arg: 2, Value: 7004, Errno: unix.ENOBUFS},
			faults.Refusal{Call: unix.SYS_EPOLL_CTL, Arg: 1, Value: unix.EPOLL_CTL_ADD, Errno: unix.ENOMEM},
			faults.Refusal{Call: unix.SYS_ACCEPT4, Arg: -1, Errno: unix.ENOBUFS},
			faults.Refusal{Call: unix.SYS_SOCKET, Arg: -1, Errno: unix.ENOMEM},
		); err != nil {
			t.Skip(err)
		}
		refused := func(op *driver.Op, call string, errno unix.Errno) {
			t.Helper()
			if !d.Submit(op) {
				t.Fatalf("%v is in flight", op.Code)
			}
			var se *os.SyscallError
			if !errors.As(op.Err, &se) || se.Syscall != call || se.Err != errno {
				t.Errorf("%v: %v; want %s: %v", op.Code, op.Err, call, errno)
			}
			counts[faults.Name(errno)]++
		}
		echo := func() {
			t.Helper()
			must(&driver.Op{Code: driver.Send, Handle: a, Buf: []byte("fine")})
			buf := make([]byte, 10)
			if op := must(&driver.Op{Code: driver.Recv, Handle: b, Buf: buf}); string(buf[:op.N]) != "fine" {
				t.Fatalf("got %q", buf[:op.N])
			}
		}
		for range 5 {
			refused(&driver.Op{Code: driver.Send, Handle: a, Buf: make([]byte, 7001)}, "write", unix.ENOBUFS)
			refused(&driver.Op{Code: driver.Send, Handle: a, Buf: make([]byte, 7002)}, "write", unix.ENOMEM)
			must(&driver.Op{Code: driver.Send, Handle: b, Buf: []byte("x")})
			must(&driver.Op{Code: driver.Recv, Handle: a, Buf: make([]byte, 1)})
			refused(&driver.Op{Code: driver.Recv, Handle: a, Buf: make([]byte, 7003)}, "read", unix.ENOMEM)
			refused(&driver.Op{Code: driver.Recv, Handle: a, Buf: make([]byte, 7004)}, "read", unix.ENOBUFS)
			refused(&driver.Op{Code: driver.Recv, Handle: fresh, Buf: make([]byte, 8)}, "epoll_ctl", unix.ENOMEM)
			refused(&driver.Op{Code: driver.Accept, Handle: l, Args: &driver.Args{}}, "accept4", unix.ENOBUFS)
			refused(&driver.Op{Code: driver.Connect, Args: &driver.Args{Network: "tcp", Addr: addr}}, "socket", unix.ENOMEM)
			refused(&driver.Op{Code: driver.Listen, Args: &driver.Args{Network: "tcp", Addr: local}}, "socket", unix.ENOMEM)
			echo()
		}
	})
	if len(counts) > 0 {
		faults.Report(t, "epoll", counts, "ENOBUFS", "ENOMEM")
	}
}
