package drivertest

import (
	"bytes"
	"fmt"
	"net/netip"
	"time"

	"github.com/rouse-go/rouse/driver"
)

var datagramCases = []testCase{
	{"Datagram/Echo", []Feature{Datagrams}, datagramEcho},
	{"Datagram/Many", []Feature{Datagrams}, datagramMany},
	{"Datagram/Batch", []Feature{Datagrams, DatagramBatches}, datagramBatch},
	{"Datagram/Truncated", []Feature{Datagrams}, datagramTruncated},
	{"Datagram/Empty", []Feature{Datagrams}, datagramEmpty},
	{"Datagram/Waits", []Feature{Datagrams}, datagramWaits},
	{"Datagram/WaitingInOrder", []Feature{Datagrams}, datagramOrder},
	{"Datagram/BufferIsFree", []Feature{Datagrams}, datagramBufferIsFree},
	{"Datagram/Cancel", []Feature{Datagrams}, datagramCancel},
	{"Datagram/Abandon", []Feature{Datagrams}, datagramAbandon},
	{"Datagram/CloseInFlight", []Feature{Datagrams}, datagramCloseInFlight},
	{"Datagram/CloseDriver", []Feature{Datagrams}, datagramCloseDriver},
	{"Datagram/Connected", []Feature{Datagrams}, datagramConnected},
	{"Datagram/Refused", []Feature{Datagrams, Errno}, datagramRefused},
	{"Datagram/TooLong", []Feature{Datagrams, Errno}, datagramTooLong},
	{"Datagram/NoAddress", []Feature{Datagrams}, datagramNoAddress},
	{"Datagram/WrongKind", []Feature{Datagrams, Network}, datagramWrongKind},
	{"Datagram/BadAddress", []Feature{Datagrams}, datagramBadAddress},
	{"Datagram/Stale", []Feature{Datagrams}, datagramStale},
	{"Datagram/Options", []Feature{Datagrams}, datagramOptions},
	{"Datagram/DualStack", []Feature{Datagrams, IPv6}, datagramDualStack},
	{"Datagram/Zone", []Feature{Datagrams, IPv6, Errno}, datagramZone},
	{"Datagram/ReusePort", []Feature{Datagrams, ReusePort}, datagramReusePort},
	{"Datagram/AddressInUse", []Feature{Datagrams, Errno}, datagramInUse},
	{"Datagram/Alloc", []Feature{Datagrams, ZeroAlloc}, datagramAlloc},
}

// packet opens a datagram socket; peer may be zero.
func (w *world) packet(network string, at, peer netip.AddrPort) (driver.Handle, netip.AddrPort) {
	w.Helper()
	op := w.must(&driver.Op{Code: driver.ListenPacket, Args: &driver.Args{Network: network, Addr: at, Peer: peer}})
	if op.Args.Handle != op.Handle {
		w.Errorf("ListenPacket: Args.Handle is %#x, Handle %#x", op.Args.Handle, op.Handle)
	}
	return op.Handle, w.query(op.Handle).Local
}

func (w *world) local() (driver.Handle, netip.AddrPort) {
	w.Helper()
	return w.packet("udp", localhost, netip.AddrPort{})
}

func recvMsgs(h driver.Handle, msgs ...driver.Message) *driver.Op {
	return &driver.Op{Code: driver.RecvMsgs, Handle: h, Args: &driver.Args{Msgs: msgs}}
}

func sendMsgs(h driver.Handle, msgs ...driver.Message) *driver.Op {
	return &driver.Op{Code: driver.SendMsgs, Handle: h, Args: &driver.Args{Msgs: msgs}}
}

func messageTo(to netip.AddrPort, text string) driver.Message {
	return driver.Message{Buf: []byte(text), Addr: to}
}

// room returns n messages to receive into.
func room(n, size int) []driver.Message {
	msgs := make([]driver.Message, n)
	for i := range msgs {
		msgs[i].Buf = make([]byte, size)
	}
	return msgs
}

// sendAll sends all of msgs, in as many operations as it takes.
func (w *world) sendAll(h driver.Handle, msgs ...driver.Message) {
	w.Helper()
	op := sendMsgs(h, msgs...)
	for len(op.Args.Msgs) > 0 {
		if w.must(op); op.N < 1 || op.N > len(op.Args.Msgs) {
			w.Fatalf("SendMsgs of %d messages: %d", len(op.Args.Msgs), op.N)
		}
		op.Args.Msgs = op.Args.Msgs[op.N:]
		op.Reset()
	}
}

// recvAll receives n datagrams, in as many operations as it takes.
func (w *world) recvAll(h driver.Handle, n int) (got []driver.Message) {
	w.Helper()
	for len(got) < n {
		op := w.must(recvMsgs(h, room(n-len(got), 2000)...))
		if op.N < 1 || op.N > n-len(got) {
			w.Fatalf("RecvMsgs of %d messages: %d", n-len(got), op.N)
		}
		for _, m := range op.Args.Msgs[:op.N] {
			m.Buf = m.Buf[:m.N]
			got = append(got, m)
		}
	}
	return got
}

// wantOne receives one datagram and checks it.
func (w *world) wantOne(h driver.Handle, text string, from netip.AddrPort) {
	w.Helper()
	m := w.recvAll(h, 1)[0]
	if string(m.Buf) != text || m.Addr != from || m.Truncated {
		w.Fatalf("got %q from %v, truncated %v; want %q from %v", m.Buf, m.Addr, m.Truncated, text, from)
	}
}

// eventually tries again until try reports true, for what no operation waits
// for.
func (w *world) eventually(what string, try func() bool) {
	w.Helper()
	for end := time.Now().Add(patience); !try(); w.settle() {
		if time.Now().After(end) {
			w.Fatalf("waited %v for %s", patience, what)
		}
	}
}

func datagramEcho(w *world) {
	a, at := w.local()
	b, bt := w.local()
	if at.Port() == 0 || !at.Addr().IsLoopback() || at == bt {
		w.Fatalf("the sockets are at %v and %v", at, bt)
	}
	if q := w.query(a); q.Addr.IsValid() {
		w.Errorf("a socket without a peer has %v", q.Addr)
	}
	for i := range 50 {
		text := fmt.Sprint("message ", i)
		w.sendAll(a, messageTo(bt, text))
		w.wantOne(b, text, at)
		w.sendAll(b, messageTo(at, text))
		w.wantOne(a, text, bt)
	}
}

// More datagrams in one operation than any driver may take at once; their
// bounds and their order stay.
func datagramMany(w *world) {
	a, at := w.local()
	b, bt := w.local()
	const many = 150
	var msgs []driver.Message
	for i := range many {
		msgs = append(msgs, driver.Message{Buf: bytes.Repeat([]byte{byte(i)}, i), Addr: bt})
	}
	for range 3 {
		w.sendAll(a, msgs...)
		for i, m := range w.recvAll(b, many) {
			if !bytes.Equal(m.Buf, msgs[i].Buf) || m.Addr != at || m.Truncated {
				w.Fatalf("datagram %d: %d bytes from %v, truncated %v", i, len(m.Buf), m.Addr, m.Truncated)
			}
		}
	}
}

// What is there comes in one operation, and only so much of Msgs is changed.
func datagramBatch(w *world) {
	a, _ := w.local()
	b, bt := w.local()
	op := sendMsgs(a, messageTo(bt, "one"), messageTo(bt, "two"), messageTo(bt, "three"))
	if w.must(op); op.N != 3 {
		w.Fatalf("SendMsgs sent %d of 3", op.N)
	}
	w.settle()
	in := recvMsgs(b, room(5, 10)...)
	if w.must(in); in.N != 3 {
		w.Fatalf("RecvMsgs got %d of 3", in.N)
	}
	for _, m := range in.Args.Msgs[3:] {
		if m.N != 0 || m.Addr.IsValid() || m.Truncated {
			w.Errorf("a message beyond N was filled in: %+v", m)
		}
	}
}

func datagramTruncated(w *world) {
	a, at := w.local()
	b, bt := w.local()
	w.sendAll(a, messageTo(bt, "a long one"), messageTo(bt, "fits"), messageTo(bt, "gone"), messageTo(bt, "last"))
	for _, want := range []struct {
		size      int
		text      string
		truncated bool
	}{{6, "a long", true}, {4, "fits", false}, {0, "", true}} {
		op := w.must(recvMsgs(b, driver.Message{Buf: make([]byte, want.size), Truncated: !want.truncated}))
		m := op.Args.Msgs[0]
		if string(m.Buf[:m.N]) != want.text || m.Truncated != want.truncated || m.Addr != at {
			w.Errorf("got %q from %v, truncated %v; want %q, %v", m.Buf[:m.N], m.Addr, m.Truncated, want.text, want.truncated)
		}
	}
	w.wantOne(b, "last", at)
}

// A datagram without bytes is one.
func datagramEmpty(w *world) {
	a, at := w.local()
	b, bt := w.local()
	w.sendAll(a, driver.Message{Addr: bt}, driver.Message{Buf: []byte{}, Addr: bt}, messageTo(bt, "x"))
	w.wantOne(b, "", at)
	w.wantOne(b, "", at)
	w.wantOne(b, "x", at)
}

func datagramAlloc(w *world) {
	for _, ip := range []string{"127.0.0.1:0", "[::1]:0"} {
		if ip[0] == '[' {
			w.needIPv6()
		}
		a, _ := w.packet("udp", netip.MustParseAddrPort(ip), netip.AddrPort{})
		b, bt := w.packet("udp", netip.MustParseAddrPort(ip), netip.AddrPort{})
		s := sendMsgs(a, messageTo(bt, "one"), messageTo(bt, "two"), messageTo(bt, "three"))
		r := recvMsgs(b, room(8, 10)...)
		w.wantNoAllocs("a batch sent and received", func() {
			s.Reset()
			if !s.Poll(w.cx, w.d) || s.Err != nil {
				w.Fatalf("SendMsgs: %v", s.Err)
			}
			for got := 0; got < s.N; got += r.N {
				r.Reset()
				for !r.Poll(w.cx, w.d) {
					w.d.Park(driver.Forever)
				}
				if r.Err != nil {
					w.Fatal(r.Err)
				}
			}
		})
		s.Args.Msgs = s.Args.Msgs[:1]
		w.wantNoAllocs("a RecvMsgs that waits", func() {
			s.Reset()
			r.Reset()
			for r.Poll(w.cx, w.d) { // what the last round left
				r.Reset()
			}
			if !s.Poll(w.cx, w.d) {
				w.Fatal("SendMsgs waits")
			}
			for !r.Poll(w.cx, w.d) {
				w.d.Park(driver.Forever)
			}
		})
		w.wantNoAllocs("a cancelled RecvMsgs", func() {
			r.Reset()
			r.Poll(w.cx, w.d)
			w.d.Cancel(r)
		})
	}
}
