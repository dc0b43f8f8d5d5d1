//go:build linux

package epoll

import (
	"net/netip"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/driver/internal/sock"
)

func listenPacket(t *testing.T, d *Driver) (driver.Handle, netip.AddrPort) {
	t.Helper()
	op := &driver.Op{Code: driver.ListenPacket, Args: &driver.Args{Network: "udp4", Addr: netip.MustParseAddrPort("127.0.0.1:0")}}
	run(t, d, op)
	q := &driver.Op{Code: driver.Query, Handle: op.Handle, Args: &driver.Args{}}
	run(t, d, q)
	return op.Handle, q.Args.Local
}

// Datagrams over loopback always find room. A socket of the unix family does
// not, and says so by the same calls.
func TestSendMsgsWaits(t *testing.T) {
	d := openDriver(t)
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(pair[1])
	d.packets = new(sock.Packets)
	i, s := d.add(pair[0], kindPacket, readable|writable)
	s.ext = &extra{dest: sock.Peer}
	h := d.slots.Handle(i)
	op := &driver.Op{Code: driver.SendMsgs, Handle: h, Args: &driver.Args{Msgs: make([]driver.Message, 50)}}
	for k := range op.Args.Msgs {
		op.Args.Msgs[k].Buf = []byte{byte(k)}
	}
	for range 3 {
		for sent := 0; d.Submit(op); sent += op.N {
			if op.Err != nil || op.N < 1 || sent > 100_000 {
				t.Fatalf("SendMsgs: %d after %d, %v", op.N, sent, op.Err)
			}
			op.Reset()
		}
		if s.flags&sending == 0 {
			t.Error("a send waits and EPOLLOUT is not watched")
		}
		for err := error(nil); err == nil; { // until it is empty
			_, err = unix.Read(pair[1], make([]byte, 8))
		}
		for deadline := d.Now() + 1e10; !op.Done(); {
			if d.Park(deadline); d.Now() > deadline {
				t.Fatal("nobody told that there is room")
			}
		}
		if op.Err != driver.ErrAgain || s.flags&sending != 0 {
			t.Errorf("the send ended with %v, EPOLLOUT watched: %v", op.Err, s.flags&sending != 0)
		}
		op.Reset()
	}
}

// What a socket sends does not come back as events that nobody asked for.
func TestSendingMakesNoEvents(t *testing.T) {
	d := openDriver(t)
	a, at := listenPacket(t, d)
	b, _ := listenPacket(t, d)
	r := &driver.Op{Code: driver.RecvMsgs, Handle: b, Args: &driver.Args{Msgs: make([]driver.Message, 1)}}
	if d.Submit(r) {
		t.Fatal(r.Err)
	}
	for range 20 {
		run(t, d, &driver.Op{Code: driver.SendMsgs, Handle: b, Args: &driver.Args{Msgs: []driver.Message{{Buf: []byte("x"), Addr: at}}}})
		run(t, d, &driver.Op{Code: driver.RecvMsgs, Handle: a, Args: &driver.Args{Msgs: make([]driver.Message, 1)}})
		if n, errno := d.poll(); n != 0 || errno != 0 {
			t.Fatalf("%d events, %v: %#x", n, errno, d.events[0].Events)
		}
	}
}

// One call brings what is there, and a short count spares the one that would
// say that no more is.
func TestShortRecvMsgs(t *testing.T) {
	d := openDriver(t)
	a, at := listenPacket(t, d)
	msgs := make([]driver.Message, 100)
	for k := range msgs {
		msgs[k] = driver.Message{Buf: []byte("x"), Addr: at}
	}
	send := run(t, d, &driver.Op{Code: driver.SendMsgs, Handle: a, Args: &driver.Args{Msgs: msgs}})
	if send.N != sock.MaxMsgs {
		t.Errorf("one call sent %d, want %d", send.N, sock.MaxMsgs)
	}
	_, s := d.slots.Get(a)
	for _, want := range []struct {
		room, got int
		more      bool
	}{{10, 10, true}, {100, 54, false}} {
		r := run(t, d, &driver.Op{Code: driver.RecvMsgs, Handle: a, Args: &driver.Args{Msgs: make([]driver.Message, want.room)}})
		if r.N != want.got || (s.flags&readable != 0) != want.more {
			t.Errorf("got %d of %d, believed readable: %v", r.N, want.room, s.flags&readable != 0)
		}
	}
}
