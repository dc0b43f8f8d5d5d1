package drivertest

import (
	"errors"
	"net"
	"net/netip"
	"syscall"

	"github.com/rouse-go/rouse/driver"
)

var netCases = []testCase{
	{"Net/Echo", []Feature{Network}, netEcho},
	{"Net/Addresses", []Feature{Network}, netAddresses},
	{"Net/Refused", []Feature{Network, Errno}, netRefused},
	{"Net/AcceptBurst", []Feature{Network}, netAcceptBurst},
	{"Net/Churn", []Feature{Network}, netChurn},
	{"Net/Options", []Feature{Network, SocketOptions}, netOptions},
	{"Net/DualStack", []Feature{Network, IPv6}, netDualStack},
	{"Net/ReusePort", []Feature{Network, ReusePort}, netReusePort},
	{"Net/AddressInUse", []Feature{Network, Errno}, netInUse},
}

func netEcho(w *world) {
	a, b := w.pair()
	for range 50 {
		w.echo(a, b, "hello")
		w.echo(b, a, "and back")
	}
}

func netAddresses(w *world) {
	l, addr := w.listen()
	if addr.Port() == 0 || !addr.Addr().IsLoopback() {
		w.Fatalf("the listener is at %v", addr)
	}
	acc := &driver.Op{Code: driver.Accept, Handle: l, Args: &driver.Args{}}
	con := w.must(&driver.Op{Code: driver.Connect, Args: &driver.Args{Network: "tcp4", Addr: addr, Local: localhost}})
	if con.Args.Handle != con.Handle {
		w.Errorf("Connect: Args.Handle is %#x, Handle %#x", con.Args.Handle, con.Handle)
	}
	w.must(acc)
	client, server := w.query(con.Handle), w.query(acc.Args.Handle)
	if client.Addr != addr || server.Local != addr {
		w.Errorf("listener at %v, client's peer %v, server's own %v", addr, client.Addr, server.Local)
	}
	if server.Addr != client.Local || acc.Args.Addr != client.Local {
		w.Errorf("client at %v, server's peer %v, Accept said %v", client.Local, server.Addr, acc.Args.Addr)
	}
}

func netRefused(w *world) {
	l, addr := w.listen()
	w.shut(l)
	for range 3 {
		con := &driver.Op{Code: driver.Connect, Args: &driver.Args{Network: "tcp", Addr: addr}}
		w.wait(con)
		w.wantErr(con.Err, syscall.ECONNREFUSED)
		var errno syscall.Errno
		if !errors.As(con.Err, &errno) {
			w.Errorf("no errno in %v", con.Err)
		}
	}
}

// Many waiting accepts and many connections that come at once.
func netAcceptBurst(w *world) {
	const many = 32
	l, addr := w.listen()
	var accepts, connects []*driver.Op
	for range many {
		accepts = append(accepts, &driver.Op{Code: driver.Accept, Handle: l, Args: &driver.Args{}})
	}
	allDone := func(ops []*driver.Op) bool {
		all := true
		for _, op := range ops {
			all = op.Poll(w.cx, w.d) && all
		}
		return all
	}
	for round := range 2 {
		if round == 0 && allDone(accepts) {
			w.Fatal("accepted nobody")
		}
		connects = connects[:0]
		for range many {
			connects = append(connects, &driver.Op{Code: driver.Connect, Args: &driver.Args{Network: "tcp", Addr: addr}})
		}
		w.until("the connects", func() bool { return allDone(connects) })
		w.until("the accepts", func() bool { return allDone(accepts) })
		seen := map[netip.AddrPort]bool{}
		for _, op := range accepts {
			if op.Err != nil {
				w.Fatal(op.Err)
			}
			seen[op.Args.Addr] = true
			w.shut(op.Args.Handle)
			op.Reset()
		}
		if len(seen) != many {
			w.Errorf("%d accepts gave %d connections", many, len(seen))
		}
		for _, op := range connects {
			if op.Err != nil {
				w.Fatal(op.Err)
			}
			w.wantEnd(op.Handle)
			w.shut(op.Handle)
		}
	}
}

func netChurn(w *world) {
	l, addr := w.listen()
	type conn struct{ a, b driver.Handle }
	var open []conn
	for i := range 300 {
		a, b := w.connect(l, addr)
		open = append(open, conn{a, b})
		w.echo(a, b, "churn")
		if i%3 != 0 {
			k := (i * 7) % len(open)
			c := open[k]
			open[k] = open[len(open)-1]
			open = open[:len(open)-1]
			// Sometimes with a Recv in flight at the other end.
			r := &driver.Op{Code: driver.Recv, Handle: c.b, Buf: make([]byte, 4)}
			if i%2 == 0 && r.Poll(w.cx, w.d) {
				w.Fatal("Recv of a silent connection is done")
			}
			w.shut(c.a)
			if i%2 == 0 {
				if w.must(r); r.N != 0 {
					w.Errorf("got %d bytes, want the end", r.N)
				}
			}
			w.shut(c.b)
		}
	}
	for _, c := range open {
		w.echo(c.a, c.b, "last")
	}
}

func netOptions(w *world) {
	a, b := w.pair()
	for o, v := range map[driver.Option]int{
		driver.NoDelay: 0, driver.KeepAlive: 1, driver.KeepAliveIdle: 30,
		driver.RecvBuffer: 32 << 10, driver.SendBuffer: 32 << 10, driver.Linger: -1,
	} {
		w.must(&driver.Op{Code: driver.SetOption, Handle: a, Args: &driver.Args{Option: o, Value: v}})
	}
	w.must(&driver.Op{Code: driver.SetOption, Handle: a, Args: &driver.Args{Option: driver.NoDelay, Value: 1}})
	bad := &driver.Op{Code: driver.SetOption, Handle: a, Args: &driver.Args{Option: 99}}
	w.wait(bad)
	w.wantErr(bad.Err, driver.ErrNotSupported)
	w.echo(a, b, "after options")
}

// A listener without an IP serves both versions of it.
func netDualStack(w *world) {
	if ln, err := net.Listen("tcp6", "[::1]:0"); err != nil {
		w.Skipf("this machine has no IPv6: %v", err)
	} else {
		ln.Close()
	}
	l := w.must(&driver.Op{Code: driver.Listen, Args: &driver.Args{Network: "tcp"}}).Handle
	port := w.query(l).Local.Port()
	for _, ip := range []string{"127.0.0.1", "::1"} {
		a, b := w.connect(l, netip.AddrPortFrom(netip.MustParseAddr(ip), port))
		if peer := w.query(b).Addr.Addr(); peer != netip.MustParseAddr(ip) {
			w.Errorf("the peer is %v, want %s", peer, ip)
		}
		w.echo(a, b, ip)
	}
	only4 := w.must(&driver.Op{Code: driver.Listen, Args: &driver.Args{Network: "tcp4"}}).Handle
	if ip := w.query(only4).Local.Addr(); !ip.Is4() {
		w.Errorf("tcp4 listens at %v", ip)
	}
	only6 := w.must(&driver.Op{Code: driver.Listen, Args: &driver.Args{Network: "tcp6"}}).Handle
	if ip := w.query(only6).Local.Addr(); !ip.Is6() {
		w.Errorf("tcp6 listens at %v", ip)
	}
}

func netReusePort(w *world) {
	first := w.must(&driver.Op{Code: driver.Listen, Args: &driver.Args{Network: "tcp", Addr: localhost, ReusePort: true}}).Handle
	addr := w.query(first).Local
	w.must(&driver.Op{Code: driver.Listen, Args: &driver.Args{Network: "tcp", Addr: addr, ReusePort: true}})
}

func netInUse(w *world) {
	_, addr := w.listen()
	op := &driver.Op{Code: driver.Listen, Args: &driver.Args{Network: "tcp", Addr: addr}}
	w.wait(op)
	w.wantErr(op.Err, syscall.EADDRINUSE)
}
