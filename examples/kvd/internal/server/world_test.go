package server

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/driver/manual"
	"github.com/rouse-go/rouse/examples/kvd/internal/crashdisk"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/netio"
)

// A world is a server and its clients on one executor, with a network in memory
// and a clock that the test moves. Nothing runs but in settle, on the test's
// goroutine, and nothing ever blocks.
type world struct {
	t   *testing.T
	drv *faulty
	dsk *crashdisk.Driver // nil without a disk
	ex  *executor.Local
	srv *Server
	log bytes.Buffer

	// With several shards each is a world of its own, and this is also the
	// first of them.
	cluster *Cluster
	shards  []*world
	whole   *world // of a shard's world
}

// faulty is a driver whose next accepts fail, and whose wall clock is wrong.
type faulty struct {
	*manual.Driver
	failures int
	failed   int
	wrong    time.Duration
	events   atomic.Int64 // operations begun or done, and wakes from other executors
}

func (d *faulty) Unpark() {
	d.events.Add(1)
	d.Driver.Unpark()
}

func (d *faulty) Park(until int64) (int, error) {
	n, err := d.Driver.Park(until)
	d.events.Add(int64(n))
	return n, err
}

func (d *faulty) Wall() time.Time { return d.Driver.Wall().Add(d.wrong) }

func (d *faulty) Submit(op *driver.Op) bool {
	d.events.Add(1)
	if op.Code == driver.Accept && d.failures > 0 {
		d.failures--
		d.failed++
		return op.FinishNow(0, syscall.EMFILE)
	}
	if op.Code == driver.Listen && op.Args != nil {
		op.Args.ReusePort = false // each driver has a network of its own
	}
	return d.Driver.Submit(op)
}

func newWorld(t *testing.T, cfg Config) *world {
	t.Helper()
	w, err := startWorld(t, cfg, nil)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// startWorld is newWorld with a disk under the data directory, and may fail.
func startWorld(t *testing.T, cfg Config, disk *crashdisk.Disk) (*world, error) {
	t.Helper()
	return startWorldUntil(context.Background(), t, cfg, disk)
}

// startWorldUntil is startWorld whose start ctx may end.
func startWorldUntil(ctx context.Context, t *testing.T, cfg Config, disk *crashdisk.Disk) (*world, error) {
	t.Helper()
	w := newWorldAlone(t, disk)
	cfg.Log = w.slog()
	cfg.Address = "127.0.0.1:6390"
	var err error
	if w.srv, err = Start(ctx, w.ex, cfg); err != nil {
		return w, err
	}
	t.Cleanup(w.unlock)
	w.settle()
	return w, nil
}

// newWorldAlone returns a world without a server.
func newWorldAlone(t *testing.T, disk *crashdisk.Disk) *world {
	t.Helper()
	m, err := manual.New(manual.Config{Buffer: 4 << 10})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, drv: &faulty{Driver: m}}
	drv := driver.Driver(w.drv)
	if disk != nil {
		w.dsk = crashdisk.NewDriver(drv, disk)
		drv = w.dsk
	}
	w.ex, err = executor.New(executor.Config{Driver: drv, Log: w.slog()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.ex.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

func (w *world) slog() *slog.Logger { return slog.New(slog.NewTextHandler(&w.log, nil)) }

// settle runs all that can run without the clock.
func (w *world) settle() {
	w.t.Helper()
	if w.whole != nil {
		w.whole.settle()
		return
	}
	if w.shards != nil {
		w.settleAll()
		return
	}
	if err := w.ex.RunUntilIdle(); err != nil {
		w.t.Fatal(err)
	}
}

// advance moves the clock, in the steps of the executor's timers.
func (w *world) advance(by time.Duration) {
	w.t.Helper()
	w.each(func(w *world) { w.drv.Advance(by) })
	w.settle()
}

// do runs a task of the client side, which must not wait.
func (w *world) do(what string, poll func(cx *rouse.Context) error) {
	w.t.Helper()
	err := rouse.Pending
	executor.SpawnDetached(w.ex, rouse.Future[struct{}](rouse.FutureFunc[struct{}](func(cx *rouse.Context) (struct{}, error) {
		err = poll(cx)
		return struct{}{}, err
	})))
	w.settle()
	if err != nil {
		w.t.Fatalf("%s: %v", what, err)
	}
}

// A peer is a client's end of a connection, and the session at the other.
type peer struct {
	w       *world
	conn    *netio.Conn
	session *session // nil if it was refused
	ended   bool     // the server hung up
}

func (w *world) connect() *peer {
	w.t.Helper()
	known := map[*session]bool{}
	for _, s := range w.srv.sessions {
		known[s] = true
	}
	p := &peer{w: w}
	d := netio.Dialer{}.NewDial("tcp", w.srv.Addr().String())
	w.do("dial", func(cx *rouse.Context) (err error) {
		p.conn, err = d.Poll(cx)
		return err
	})
	for _, s := range w.srv.sessions {
		if !known[s] {
			p.session = s
		}
	}
	return p
}

// send writes what the connection takes at once, and returns the rest.
func (p *peer) send(text string) (rest string) {
	p.w.t.Helper()
	b := []byte(text)
	p.w.do("send", func(cx *rouse.Context) error {
		err := p.conn.PollWriteAll(cx, &b)
		if err == rouse.Pending {
			p.conn.ForgetWrite()
			return nil
		}
		return err
	})
	return string(b)
}

// take returns what the server has sent.
func (p *peer) take() string {
	p.w.t.Helper()
	var all []byte
	buf := make([]byte, 16<<10)
	for got := true; got && !p.ended; {
		got = false
		p.w.do("receive", func(cx *rouse.Context) error {
			n, err := p.conn.PollRead(cx, buf)
			switch err {
			case nil:
				got = true
				all = append(all, buf[:n]...)
			case rouse.Pending:
				p.conn.ForgetRead()
			case io.EOF:
				p.ended = true
			default:
				return err
			}
			return nil
		})
	}
	return string(all)
}

// ask sends a request of any size, and takes replies meanwhile.
func (p *peer) ask(text string) string {
	p.w.t.Helper()
	var replies strings.Builder
	for rest := p.send(text); ; rest = p.send(rest) {
		replies.WriteString(p.take())
		if rest == "" {
			return replies.String()
		}
	}
}

func (p *peer) expect(request, reply string) {
	p.w.t.Helper()
	if got := p.ask(request); got != reply {
		p.w.t.Errorf("%.100q: got %.200q, want %.200q", request, got, reply)
	}
}

func (p *peer) close() {
	p.conn.Close()
	p.w.settle()
}

// atRest demands that a session owns no buffer.
func (p *peer) atRest(when string) {
	p.w.t.Helper()
	if s := p.session; s.in != nil || s.unsent != nil {
		p.w.t.Errorf("%s, an idle session owns %d bytes of input and %d of output", when, cap(s.in), cap(s.unsent))
	}
}

func request(args ...string) string {
	b := "*" + strconv.Itoa(len(args)) + "\r\n"
	for _, a := range args {
		b += bulk(a)
	}
	return b
}

func bulk(s string) string { return "$" + strconv.Itoa(len(s)) + "\r\n" + s + "\r\n" }

// size is the number of keys, without looking at any.
func (w *world) size(via *peer) string {
	w.t.Helper()
	return strings.TrimSuffix(via.ask("DBSIZE\r\n"), "\r\n")
}
