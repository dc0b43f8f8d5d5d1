package drivertest

import (
	"errors"
	"net/netip"

	"github.com/rouse-go/rouse/driver"
)

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
