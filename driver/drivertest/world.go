package drivertest

import (
	"errors"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/driver"
)

// patience bounds every wait. It is far beyond what any should take.
const patience = 60 * time.Second

// A world is one test: a driver and the loop that drives it.
type world struct {
	*testing.T
	d   driver.Driver
	opt Options
	cx  *rouse.Context
}

func newWorld(t *testing.T, d driver.Driver, opt Options) *world {
	return &world{T: t, d: d, opt: opt, cx: rouse.NewContext(rouse.NewWaker(new(counter)))}
}

func (w *world) close() {
	w.Helper()
	if err := w.d.Close(); err != nil {
		w.Errorf("Close: %v", err)
	}
}

// A counter is a waker that counts.
type counter struct{ n atomic.Int64 }

func (c *counter) WakeByRef() { c.n.Add(1) }

// counted returns a counter and a Context that lends it.
func counted() (*counter, *rouse.Context) {
	c := new(counter)
	return c, rouse.NewContext(rouse.NewWaker(c))
}

// until runs the loop until ready reports true, and fails if that takes too
// long. what says for the report what the test waited for.
func (w *world) until(what string, ready func() bool) {
	w.Helper()
	var late atomic.Bool
	watchdog := time.AfterFunc(patience, func() {
		late.Store(true)
		w.d.Unpark()
	})
	defer watchdog.Stop()
	for !ready() {
		if late.Load() {
			w.Fatalf("waited %v for %s", patience, what)
		}
		if _, err := w.d.Park(driver.Forever); err != nil {
			w.Fatalf("Park while waiting for %s: %v", what, err)
		}
	}
}

// wait runs the loop until op is done.
func (w *world) wait(op *driver.Op) {
	w.Helper()
	w.until(op.Code.String(), func() bool { return op.Poll(w.cx, w.d) })
}

// must runs the loop until op is done, and fails if op did.
func (w *world) must(op *driver.Op) *driver.Op {
	w.Helper()
	w.wait(op)
	if op.Err != nil {
		w.Fatalf("%s: %v", op.Code, op.Err)
	}
	return op
}

// settle lets the driver catch up with what the system still has to do.
func (w *world) settle() {
	w.Helper()
	for range 20 {
		if _, err := w.d.Park(0); err != nil {
			w.Fatalf("Park: %v", err)
		}
		time.Sleep(time.Millisecond)
	}
}

func (w *world) wantErr(err, want error) {
	w.Helper()
	if !errors.Is(err, want) {
		w.Errorf("got error %v, want %v", err, want)
	}
}

func (w *world) listen() (driver.Handle, netip.AddrPort) {
	w.Helper()
	l := w.must(&driver.Op{Code: driver.Listen, Args: &driver.Args{Network: "tcp", Addr: localhost}})
	return l.Handle, w.query(l.Handle).Local
}

var localhost = netip.MustParseAddrPort("127.0.0.1:0")

func (w *world) query(h driver.Handle) *driver.Args {
	w.Helper()
	return w.must(&driver.Op{Code: driver.Query, Handle: h, Args: &driver.Args{}}).Args
}

// connect returns both ends of a new connection to the listener.
func (w *world) connect(l driver.Handle, addr netip.AddrPort) (client, server driver.Handle) {
	w.Helper()
	acc := &driver.Op{Code: driver.Accept, Handle: l, Args: &driver.Args{}}
	con := &driver.Op{Code: driver.Connect, Args: &driver.Args{Network: "tcp", Addr: addr}}
	w.must(con)
	w.must(acc)
	return con.Handle, acc.Args.Handle
}

// pair returns both ends of a connection.
func (w *world) pair() (client, server driver.Handle) {
	w.Helper()
	l, addr := w.listen()
	client, server = w.connect(l, addr)
	w.shut(l)
	return client, server
}

func (w *world) shut(h driver.Handle) {
	w.Helper()
	w.must(&driver.Op{Code: driver.CloseHandle, Handle: h})
}

// send sends all of data.
func (w *world) send(h driver.Handle, data string) {
	w.Helper()
	op := &driver.Op{Code: driver.Send, Handle: h, Buf: []byte(data)}
	for len(op.Buf) > 0 {
		w.must(op)
		op.Buf = op.Buf[op.N:]
		op.Reset()
	}
}

// recv receives n bytes, or fewer if the stream ends.
func (w *world) recv(h driver.Handle, n int) string {
	w.Helper()
	buf := make([]byte, n)
	op := &driver.Op{Code: driver.Recv, Handle: h}
	got := 0
	for got < n {
		op.Buf = buf[got:]
		w.must(op)
		if op.N == 0 {
			break
		}
		got += op.N
		op.Reset()
	}
	return string(buf[:got])
}

// wantEnd fails unless the stream has ended.
func (w *world) wantEnd(h driver.Handle) {
	w.Helper()
	if s := w.recv(h, 1); s != "" {
		w.Errorf("got %q, want the end of the stream", s)
	}
}

// echo sends a message over the connection and back.
func (w *world) echo(client, server driver.Handle, msg string) {
	w.Helper()
	w.send(client, msg)
	if got := w.recv(server, len(msg)); got != msg {
		w.Fatalf("server got %q, want %q", got, msg)
	}
	w.send(server, msg)
	if got := w.recv(client, len(msg)); got != msg {
		w.Fatalf("client got %q, want %q", got, msg)
	}
}
