package drivertest

import (
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/rouse-go/rouse/driver"
)

var systemFaultCases = []testCase{
	{"Fault/NoDescriptors", []Feature{Network, Limits}, faultNoDescriptors},
	{"Fault/Interrupted", []Feature{Network, Signals, RealClock}, faultInterrupted},
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

// Signals interrupt the thread all the time, asleep or at work: nothing is lost,
// nobody is told, and no sleep ends early because of it.
func faultInterrupted(w *world) {
	a, b := w.pair()
	h := w.newFile()
	pid, tid := os.Getpid(), unix.Gettid()
	var asleep, stop atomic.Bool
	var hits atomic.Int64
	var g sync.WaitGroup
	g.Go(func() {
		for !stop.Load() {
			sleeps := asleep.Load()
			// Go's own signal to itself; it has a handler, and means nothing.
			if unix.Tgkill(pid, tid, unix.SIGURG) == nil && sleeps {
				hits.Add(1)
			}
			time.Sleep(20 * time.Microsecond)
		}
	})
	w.Cleanup(func() { stop.Store(true); g.Wait() })
	for range 20 {
		until := w.d.Now() + int64(3*time.Millisecond)
		asleep.Store(true)
		for w.d.Now() < until {
			n, err := w.d.Park(until)
			if err != nil || n != 0 {
				w.Fatalf("Park: %d, %v", n, err)
			}
		}
		asleep.Store(false)
	}
	msg := strings.Repeat("interrupted", 9000)
	for i := range 20 {
		w.send(a, msg[i:1000+i])
		if got := w.recv(b, 1000); got != msg[i:1000+i] {
			w.Fatalf("got %d bytes, or they are wrong", len(got))
		}
		op := w.must(&driver.Op{Code: driver.WriteAt, Handle: h, Buf: []byte(msg), Off: int64(i)})
		if op.N != len(msg) {
			w.Errorf("wrote %d bytes", op.N)
		}
		w.must(&driver.Op{Code: driver.Sync, Handle: h})
		if op := w.must(&driver.Op{Code: driver.ReadAt, Handle: h, Buf: make([]byte, len(msg)), Off: int64(i)}); string(op.Buf[:op.N]) != msg {
			w.Errorf("read %d bytes, or they are wrong", op.N)
		}
		x, y := w.pair()
		w.echo(x, y, "new")
		w.shut(x)
		w.shut(y)
	}
	stop.Store(true)
	g.Wait()
	w.injected("EINTR", int(hits.Load()))
}
