package drivertest

import (
	"bytes"
	"errors"
	"net/netip"
	"syscall"

	"github.com/rouse-go/rouse/driver"
)

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
