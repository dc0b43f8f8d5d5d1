package drivertest

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"syscall"
	"time"

	"github.com/rouse-go/rouse"
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

func datagramWaits(w *world) {
	a, at := w.local()
	b, bt := w.local()
	n, cx := counted()
	op := recvMsgs(b, room(3, 10)...)
	for i := range int64(10) {
		if op.Poll(cx, w.d) {
			w.Fatalf("RecvMsgs of a silent socket is done: %v", op.Err)
		}
		w.sendAll(a, messageTo(bt, "x"))
		w.until("the completion", op.Done)
		if op.N != 0 || op.Err != driver.ErrAgain {
			w.Fatalf("a completion after waiting says %d, %v", op.N, op.Err)
		}
		w.settle()
		if n.n.Load() != i+1 {
			w.Fatalf("after %d completions RecvMsgs woke %d times", i+1, n.n.Load())
		}
		if !op.Poll(cx, w.d) || op.N != 1 || op.Args.Msgs[0].Addr != at {
			w.Fatalf("got %d, %v, from %v", op.N, op.Err, op.Args.Msgs[0].Addr)
		}
		op.Reset()
	}
}

// A tag is a waker that notes that it was woken.
type tag struct {
	name int
	in   *[]int
}

func (t *tag) WakeByRef() { *t.in = append(*t.in, t.name) }

// Those who wait are told in their order, each once.
func datagramOrder(w *world) {
	a, _ := w.local()
	b, bt := w.local()
	var woken []int
	var ops []*driver.Op
	for i := range 5 {
		op := recvMsgs(b, room(1, 10)...)
		if op.Poll(rouse.NewContext(rouse.NewWaker(&tag{i, &woken})), w.d) {
			w.Fatalf("RecvMsgs of a silent socket is done: %v", op.Err)
		}
		ops = append(ops, op)
	}
	w.d.Cancel(ops[1])
	w.until("the cancelled op", ops[1].Done)
	w.wantErr(ops[1].Err, driver.ErrCanceled)
	w.sendAll(a, messageTo(bt, "for one"))
	w.until("the completions", func() bool {
		return !slices.ContainsFunc(ops, func(op *driver.Op) bool { return op.InFlight() })
	})
	if want := []int{1, 0, 2, 3, 4}; !slices.Equal(woken, want) {
		w.Errorf("woken were %v, want %v", woken, want)
	}
	if !ops[0].Poll(w.cx, w.d) || ops[0].N != 1 {
		w.Errorf("the first got %d, %v", ops[0].N, ops[0].Err)
	}
	if ops[2].Poll(w.cx, w.d) {
		w.Errorf("the second got %d, %v though there was one datagram", ops[2].N, ops[2].Err)
	}
}

// After Submit the driver does not look at the messages of a RecvMsgs that
// waits, nor at those that SendMsgs took.
func datagramBufferIsFree(w *world) {
	a, at := w.local()
	b, bt := w.local()
	msgs := room(2, 9)
	copy(msgs[0].Buf, "untouched")
	op := recvMsgs(b, msgs...)
	if op.Poll(w.cx, w.d) {
		w.Fatalf("RecvMsgs of a silent socket is done: %v", op.Err)
	}
	op.Args.Msgs = nil
	out := messageTo(bt, "overwrite")
	w.sendAll(a, out)
	clear(out.Buf)
	w.until("the completion", op.Done)
	if string(msgs[0].Buf) != "untouched" || msgs[0].Addr.IsValid() {
		w.Errorf("the message was written to behind our back: %q, %v", msgs[0].Buf, msgs[0].Addr)
	}
	w.wantOne(b, "overwrite", at)
}

// A cancelled RecvMsgs ends once and loses no datagram.
func datagramCancel(w *world) {
	a, at := w.local()
	b, bt := w.local()
	for i := range 50 {
		n, cx := counted()
		op := recvMsgs(b, room(2, 100)...)
		if op.Poll(cx, w.d) {
			w.Fatalf("RecvMsgs of a silent socket is done: %v", op.Err)
		}
		text := fmt.Sprint("datagram ", i)
		if i%3 != 0 {
			w.sendAll(a, messageTo(bt, text))
		}
		if i%3 == 2 {
			w.d.Park(0)
		}
		w.d.Cancel(op)
		w.d.Cancel(op)
		w.until("the cancelled RecvMsgs", op.Done)
		if op.Err != driver.ErrAgain {
			w.wantErr(op.Err, driver.ErrCanceled)
		}
		if i%10 == 0 {
			w.settle()
		}
		if n.n.Load() != 1 {
			w.Errorf("a cancelled RecvMsgs woke %d times", n.n.Load())
		}
		if i%3 == 0 {
			w.sendAll(a, messageTo(bt, text))
		}
		w.wantOne(b, text, at)
	}
}

func datagramAbandon(w *world) {
	a, at := w.local()
	b, bt := w.local()
	for i := range 20 {
		n, cx := counted()
		op := recvMsgs(b, room(1, 10)...)
		if op.Poll(cx, w.d) {
			w.Fatalf("RecvMsgs of a silent socket is done: %v", op.Err)
		}
		if i%2 == 0 {
			w.sendAll(a, messageTo(bt, "x"))
		}
		op.Abandon(w.d)
		w.until("the end of the abandoned RecvMsgs", func() bool { return !op.InFlight() })
		if n.n.Load() != 0 {
			w.Error("an abandoned op woke its waker")
		}
		if i%2 == 1 {
			w.sendAll(a, messageTo(bt, "x"))
		}
		w.wantOne(b, "x", at)
	}
}

func datagramCloseInFlight(w *world) {
	a, at := w.local()
	n, cx := counted()
	ops := []*driver.Op{recvMsgs(a, room(1, 10)...), recvMsgs(a, room(1, 10)...)}
	for _, op := range ops {
		if op.Poll(cx, w.d) {
			w.Fatalf("RecvMsgs of a silent socket is done: %v", op.Err)
		}
	}
	w.shut(a)
	if n.n.Load() != 2 {
		w.Errorf("two ops in flight were woken %d times before CloseHandle returned", n.n.Load())
	}
	for _, op := range ops {
		if !op.Done() {
			w.Fatal("an op is in flight on a closed handle")
		}
		w.wantErr(op.Err, driver.ErrClosed)
	}
	w.settle()
	if n.n.Load() != 2 {
		w.Errorf("two ops were woken %d times", n.n.Load())
	}
	// What SendMsgs took before CloseHandle is sent.
	b, bt := w.local()
	c, ct := w.local()
	w.sendAll(c, messageTo(bt, "last words"))
	w.shut(c)
	w.wantOne(b, "last words", ct)
	// And the address is free.
	w.eventually("the address to be free", func() bool {
		op := &driver.Op{Code: driver.ListenPacket, Args: &driver.Args{Network: "udp", Addr: at}}
		w.wait(op)
		return op.Err == nil
	})
}

func datagramCloseDriver(w *world) {
	a, _ := w.local()
	n, cx := counted()
	op := recvMsgs(a, room(1, 10)...)
	op.Poll(cx, w.d)
	w.close()
	if !op.Done() || n.n.Load() != 0 {
		w.Fatalf("after Close done is %v, and it woke %d times", op.Done(), n.n.Load())
	}
	w.wantErr(op.Err, driver.ErrClosed)
}

// A connected socket needs no address and hears only its peer.
func datagramConnected(w *world) {
	a, at := w.local()
	stranger, st := w.local()
	c, ct := w.packet("udp", netip.AddrPort{}, at)
	if q := w.query(c); q.Addr != at || !ct.Addr().IsLoopback() || ct.Port() == 0 {
		w.Fatalf("the connected socket is at %v, its peer %v; want peer %v", ct, q.Addr, at)
	}
	w.sendAll(stranger, messageTo(ct, "psst"))
	w.sendAll(c, driver.Message{Buf: []byte("hello")})
	w.wantOne(a, "hello", ct)
	w.sendAll(c, messageTo(st, "the address is not looked at"))
	w.wantOne(a, "the address is not looked at", ct)
	w.sendAll(a, messageTo(ct, "back"))
	w.wantOne(c, "back", at)
	// From an address of ours.
	free, ft := w.local()
	w.shut(free)
	d, dt := w.packet("udp4", ft, at)
	if dt != ft {
		w.Errorf("the socket is at %v, want %v", dt, ft)
	}
	w.sendAll(d, driver.Message{Buf: []byte("x")})
	w.wantOne(a, "x", ft)
}

// That nobody is there comes back as an error, once each time, and the socket
// is as good as before.
func datagramRefused(w *world) {
	a, at := w.local()
	w.shut(a)
	c, ct := w.packet("udp", netip.AddrPort{}, at)
	// To one who waits to receive.
	op := recvMsgs(c, room(1, 10)...)
	if op.Poll(w.cx, w.d) {
		w.Fatalf("RecvMsgs of a silent socket is done: %v", op.Err)
	}
	w.sendAll(c, driver.Message{Buf: []byte("anybody?")})
	w.wait(op)
	w.wantErr(op.Err, syscall.ECONNREFUSED)
	var errno syscall.Errno
	if !errors.As(op.Err, &errno) {
		w.Errorf("no errno in %v", op.Err)
	}
	op.Reset()
	if op.Poll(w.cx, w.d) {
		w.Fatalf("the error was told again: %v", op.Err)
	}
	w.d.Cancel(op)
	w.until("the cancelled RecvMsgs", op.Done)
	// To one who sends.
	s := sendMsgs(c, driver.Message{Buf: []byte("x")})
	w.eventually("an error of SendMsgs", func() bool {
		s.Reset()
		w.wait(s)
		return s.Err != nil
	})
	w.wantErr(s.Err, syscall.ECONNREFUSED)
	// Somebody comes.
	a, _ = w.packet("udp", at, netip.AddrPort{})
	in := recvMsgs(a, room(1, 10)...)
	in.Poll(w.cx, w.d)
	w.eventually("a datagram to arrive", func() bool {
		s.Reset()
		w.wait(s) // may tell what is left of errors
		return in.Done() || in.Poll(w.cx, w.d)
	})
	if w.must(in); in.N != 1 || in.Args.Msgs[0].Addr != ct {
		w.Fatalf("got %d from %v", in.N, in.Args.Msgs[0].Addr)
	}
	w.sendAll(a, messageTo(ct, "welcome"))
	back := recvMsgs(c, room(1, 10)...)
	for w.wait(back); back.Err != nil; w.wait(back) {
		w.wantErr(back.Err, syscall.ECONNREFUSED) // that was left
		back.Reset()
	}
	if got := back.Args.Msgs[0]; string(got.Buf[:got.N]) != "welcome" {
		w.Errorf("got %q", got.Buf[:got.N])
	}
}

// A message that can't go ends the batch before it; when it comes first, the
// error is its own.
func datagramTooLong(w *world) {
	a, at := w.local()
	b, bt := w.local()
	op := sendMsgs(a, messageTo(bt, "one"), messageTo(bt, "two"),
		driver.Message{Buf: make([]byte, 70_000), Addr: bt}, messageTo(bt, "three"))
	for sent := 0; sent < 2; {
		w.must(op)
		if sent += op.N; sent > 2 {
			w.Fatalf("%d messages went; the third can't", sent)
		}
		op.Args.Msgs = op.Args.Msgs[op.N:]
		op.Reset()
	}
	w.wait(op)
	w.wantErr(op.Err, syscall.EMSGSIZE)
	op.Args.Msgs = op.Args.Msgs[1:]
	op.Reset()
	w.must(op)
	for _, text := range []string{"one", "two", "three"} {
		w.wantOne(b, text, at)
	}
	// The longest that goes.
	big := bytes.Repeat([]byte("big"), 65507/3)
	w.must(&driver.Op{Code: driver.SetOption, Handle: b, Args: &driver.Args{Option: driver.RecvBuffer, Value: 1 << 18}})
	w.sendAll(a, driver.Message{Buf: big, Addr: bt})
	in := w.must(recvMsgs(b, driver.Message{Buf: make([]byte, 1<<16)}))
	if m := in.Args.Msgs[0]; !bytes.Equal(m.Buf[:m.N], big) || m.Truncated {
		w.Errorf("got %d bytes of %d, truncated %v", m.N, len(big), m.Truncated)
	}
}

func datagramNoAddress(w *world) {
	a, at := w.local()
	b, bt := w.local()
	op := sendMsgs(a, driver.Message{Buf: []byte("to nobody")}, messageTo(bt, "fine"))
	w.wait(op)
	if op.Err == nil || errors.Is(op.Err, driver.ErrClosed) {
		w.Errorf("a message without an address: %v", op.Err)
	}
	op.Reset()
	op.Args.Msgs = op.Args.Msgs[1:]
	w.must(op)
	w.wantOne(b, "fine", at)
	for _, op := range []*driver.Op{recvMsgs(a), sendMsgs(a)} {
		w.wait(op)
		w.wantErr(op.Err, driver.ErrNoMessages)
	}
	for _, op := range []*driver.Op{{Code: driver.RecvMsgs, Handle: a}, {Code: driver.SendMsgs, Handle: a}} {
		w.wait(op)
		w.wantErr(op.Err, driver.ErrNoArgs)
	}
}

func datagramWrongKind(w *world) {
	a, _ := w.local()
	l, _ := w.listen()
	c, _ := w.pair()
	for _, op := range []*driver.Op{
		{Code: driver.Recv, Handle: a, Buf: make([]byte, 1)},
		{Code: driver.Send, Handle: a, Buf: make([]byte, 1)},
		{Code: driver.Accept, Handle: a, Args: &driver.Args{}},
		{Code: driver.Shutdown, Handle: a, Args: &driver.Args{}},
		recvMsgs(l, room(1, 1)...),
		recvMsgs(c, room(1, 1)...),
		sendMsgs(l, room(1, 1)...),
		sendMsgs(c, room(1, 1)...),
	} {
		w.wait(op)
		w.wantErr(op.Err, driver.ErrKind)
	}
}

func datagramBadAddress(w *world) {
	six := netip.MustParseAddrPort("[::1]:0")
	for _, a := range []driver.Args{
		{Network: "tcp", Addr: localhost},
		{Network: "unix", Path: "x"},
		{Network: "udp5", Addr: localhost},
		{Network: "udp4", Addr: six},
		{Network: "udp6", Addr: localhost},
		{Network: "udp", Addr: localhost, Peer: netip.MustParseAddrPort("[::1]:9")},
	} {
		op := &driver.Op{Code: driver.ListenPacket, Args: &a}
		if w.wait(op); op.Err == nil {
			w.Errorf("ListenPacket at %s %v, peer %v, reported no error", a.Network, a.Addr, a.Peer)
		}
	}
	for _, code := range []driver.Code{driver.Listen, driver.Connect} {
		op := &driver.Op{Code: code, Args: &driver.Args{Network: "udp", Addr: localhost}}
		if w.wait(op); op.Err == nil {
			w.Errorf("%s of network udp reported no error", code)
		}
	}
}

func datagramStale(w *world) {
	var old []driver.Handle
	for range 3 {
		a, _ := w.local()
		w.shut(a)
		old = append(old, a)
	}
	a, at := w.local()
	for _, h := range append(old, 0) {
		for _, op := range []*driver.Op{
			recvMsgs(h, room(1, 1)...),
			sendMsgs(h, messageTo(at, "x")),
			{Code: driver.Query, Handle: h, Args: &driver.Args{}},
			{Code: driver.CloseHandle, Handle: h},
		} {
			w.wait(op)
			w.wantErr(op.Err, driver.ErrClosed)
		}
	}
	w.sendAll(a, messageTo(at, "to myself"))
	w.wantOne(a, "to myself", at)
}

func datagramOptions(w *world) {
	a, at := w.local()
	for _, o := range []driver.Option{driver.RecvBuffer, driver.SendBuffer} {
		w.must(&driver.Op{Code: driver.SetOption, Handle: a, Args: &driver.Args{Option: o, Value: 64 << 10}})
	}
	bad := &driver.Op{Code: driver.SetOption, Handle: a, Args: &driver.Args{Option: 99}}
	w.wait(bad)
	w.wantErr(bad.Err, driver.ErrNotSupported)
	w.sendAll(a, messageTo(at, "after options"))
	w.wantOne(a, "after options", at)
}

// needIPv6 skips on a machine without it.
func (w *world) needIPv6() {
	if pc, err := net.ListenPacket("udp6", "[::1]:0"); err != nil {
		w.Skipf("this machine has no IPv6: %v", err)
	} else {
		pc.Close()
	}
}

// A socket without an IP serves both versions of it; an IPv4 address is one at
// both ends.
func datagramDualStack(w *world) {
	w.needIPv6()
	a, at := w.packet("udp", netip.AddrPort{}, netip.AddrPort{})
	for _, ip := range []string{"127.0.0.1", "::1"} {
		me := netip.AddrPortFrom(netip.MustParseAddr(ip), at.Port())
		b, bt := w.packet("udp", netip.AddrPortFrom(me.Addr(), 0), netip.AddrPort{})
		w.sendAll(b, messageTo(me, "ping"))
		w.wantOne(a, "ping", bt)
		w.sendAll(a, messageTo(bt, "pong"))
		w.wantOne(b, "pong", me)
	}
	only4, _ := w.packet("udp4", netip.AddrPort{}, netip.AddrPort{})
	if ip := w.query(only4).Local.Addr(); !ip.Is4() {
		w.Errorf("udp4 listens at %v", ip)
	}
	op := sendMsgs(only4, messageTo(netip.AddrPortFrom(netip.IPv6Loopback(), at.Port()), "x"))
	w.eventually("an error for an IPv6 address", func() bool {
		op.Reset()
		w.wait(op)
		return op.Err != nil
	})
	only6, _ := w.packet("udp6", netip.AddrPort{}, netip.AddrPort{})
	if ip := w.query(only6).Local.Addr(); !ip.Is6() {
		w.Errorf("udp6 listens at %v", ip)
	}
}

// linkLocal returns an address of this machine that has a zone, if there is one.
func linkLocal() netip.Addr {
	interfaces, _ := net.Interfaces()
	for _, ifi := range interfaces {
		addrs, _ := ifi.Addrs()
		for _, a := range addrs {
			if p, err := netip.ParsePrefix(a.String()); err == nil && p.Addr().Is6() && p.Addr().IsLinkLocalUnicast() {
				return p.Addr().WithZone(ifi.Name)
			}
		}
	}
	return netip.Addr{}
}

// The zone of a link-local address comes out by name.
func datagramZone(w *world) {
	w.needIPv6()
	ip := linkLocal()
	if !ip.IsValid() {
		w.Skip("this machine has no link-local address")
	}
	a, at := w.packet("udp6", netip.AddrPortFrom(ip, 0), netip.AddrPort{})
	b, bt := w.packet("udp", netip.AddrPortFrom(ip, 0), netip.AddrPort{})
	if at.Addr() != ip || bt.Addr() != ip {
		w.Fatalf("the sockets are at %v and %v, want %v", at, bt, ip)
	}
	w.sendAll(a, messageTo(bt, "near"))
	w.wantOne(b, "near", at)
}

func datagramReusePort(w *world) {
	first := w.must(&driver.Op{Code: driver.ListenPacket, Args: &driver.Args{Network: "udp", Addr: localhost, ReusePort: true}}).Handle
	addr := w.query(first).Local
	w.must(&driver.Op{Code: driver.ListenPacket, Args: &driver.Args{Network: "udp", Addr: addr, ReusePort: true}})
}

func datagramInUse(w *world) {
	_, at := w.local()
	op := &driver.Op{Code: driver.ListenPacket, Args: &driver.Args{Network: "udp", Addr: at}}
	w.wait(op)
	w.wantErr(op.Err, syscall.EADDRINUSE)
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
