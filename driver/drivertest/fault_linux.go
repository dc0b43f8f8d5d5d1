package drivertest

import (
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/rouse-go/rouse/driver"
)

var systemFaultCases = []testCase{
	{"Fault/NoDescriptors", []Feature{Network, Limits}, faultNoDescriptors},
}

// exhaust takes every descriptor that this process may still open, and returns
// what gives them back.
func exhaust(w *world) (release func()) {
	w.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		w.Fatal(err)
	}
	highest := 0
	for _, e := range entries {
		if n, err := strconv.Atoi(e.Name()); err == nil {
			highest = max(highest, n)
		}
	}
	var before unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &before); err != nil {
		w.Fatal(err)
	}
	low := before
	low.Cur = uint64(highest + 1)
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &low); err != nil {
		w.Fatal(err)
	}
	var taken []int
	release = sync.OnceFunc(func() {
		for _, fd := range taken {
			unix.Close(fd)
		}
		if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &before); err != nil {
			w.Error(err)
		}
	})
	w.Cleanup(release)
	for {
		fd, err := unix.Open("/dev/null", unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err == unix.EMFILE {
			return release
		} else if err != nil {
			w.Fatal(err)
		}
		taken = append(taken, fd)
	}
}

// When descriptors run out, each operation that needs one says so, what needs
// none goes on, and afterwards everything works: the connections that could not
// be accepted are there.
func faultNoDescriptors(w *world) {
	refused := 0
	l, addr := w.listen()
	a, b := w.connect(l, addr)
	path := filepath.Join(w.dir(), "f")
	w.touch(path, "x")
	const early = 3
	clients, accepted := map[netip.AddrPort]driver.Handle{}, 0
	for range early {
		c := w.must(&driver.Op{Code: driver.Connect, Args: &driver.Args{Network: "tcp", Addr: addr}}).Handle
		clients[w.query(c).Local] = c
	}
	release := exhaust(w)
	for range 3 {
		for _, c := range []struct {
			op   *driver.Op
			call string
		}{
			{&driver.Op{Code: driver.Accept, Handle: l, Args: &driver.Args{}}, "accept"},
			{&driver.Op{Code: driver.Connect, Args: &driver.Args{Network: "tcp", Addr: addr}}, "socket"},
			{&driver.Op{Code: driver.Listen, Args: &driver.Args{Network: "tcp", Addr: localhost}}, "socket"},
			{&driver.Op{Code: driver.ListenPacket, Args: &driver.Args{Network: "udp", Addr: localhost}}, "socket"},
			{&driver.Op{Code: driver.Open, Args: &driver.Args{Path: path, Flags: os.O_RDWR}}, "open"},
		} {
			w.wait(c.op)
			if c.op.Err == nil && c.op.Code == driver.Accept && accepted < early {
				accepted++ // one that was taken from the kernel when there was room
				continue
			}
			w.wantCall(c.op.Err, unix.EMFILE, c.call)
			refused++
		}
		w.echo(a, b, "goes on")
	}
	release()
	for ; accepted < early; accepted++ {
		acc := w.must(&driver.Op{Code: driver.Accept, Handle: l, Args: &driver.Args{}})
		w.echo(clients[acc.Args.Addr], acc.Args.Handle, "after all")
	}
	w.must(&driver.Op{Code: driver.Open, Args: &driver.Args{Path: path, Flags: os.O_RDWR}})
	w.injected("EMFILE", refused)
}
