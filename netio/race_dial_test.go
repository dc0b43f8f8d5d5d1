package netio_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/driver/manual"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/internal/leakcheck"
	"github.com/rouse-go/rouse/netio"
)

// A town is a world whose clock and network are of the test's making.
type town struct {
	*world
	d *manual.Driver
}

func newTown(t *testing.T) *town {
	w := &town{}
	w.world = newWorld(t, func() (driver.Driver, error) {
		var err error
		w.d, err = manual.New(manual.Config{})
		return w.d, err
	})
	return w
}

// at listens at ip, port 80.
func (w *town) at(ip string) *netio.Listener {
	w.t.Helper()
	l, err := netio.ListenConfig{Backlog: 1}.Listen(w.ctx, "tcp", net.JoinHostPort(ip, "80"))
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { l.Close() })
	return l
}

// silent has ip, port 80, answer nobody: its backlog is full.
func (w *town) silent(ip string) *netio.Listener {
	w.t.Helper()
	l := w.at(ip)
	c, err := netio.Dial(w.ctx, "tcp", net.JoinHostPort(ip, "80"))
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { c.Close() })
	return l
}

func (w *town) advance(by time.Duration) {
	w.settle()
	w.d.Advance(by)
	w.settle()
}

// A dialling is a task that dials, and says whether it is over.
type dialling struct {
	rouse.JoinHandle[*netio.Conn]
	*noted
}

type noted struct {
	*netio.Dialing
	over bool
}

func (n *noted) Poll(cx *rouse.Context) (*netio.Conn, error) {
	c, err := n.Dialing.Poll(cx)
	n.over = err != rouse.Pending
	return c, err
}

func (d dialling) done(w *town) bool {
	over, _ := task(w.world, func(*rouse.Context) (bool, error) { return d.over, nil })
	return over
}

// dial starts to dial a name that has the IPs. It returns when the name has
// been resolved.
func (w *town) dial(d netio.Dialer, list ...string) dialling {
	w.t.Helper()
	r, _ := fixed(ips(list...)...)
	d.Resolver = r
	if _, err := r.Resolve(w.ctx, "ip", "many.example"); err != nil {
		w.t.Fatal(err)
	}
	n := &noted{Dialing: d.NewDial("tcp", "many.example:80")}
	h := executor.Spawn[*netio.Conn](w.ex, n)
	w.settle()
	return dialling{h, n}
}

func (w *town) wantPeer(h dialling, ip string) {
	w.t.Helper()
	c, err := h.Join(w.ctx)
	if err != nil {
		w.t.Fatal(err)
	}
	if got := c.RemoteAddr().(*net.TCPAddr).AddrPort().Addr(); got != netip.MustParseAddr(ip) {
		w.t.Errorf("connected to %v, want %s", got, ip)
	}
	c.Close()
}

// The next IP is tried when the delay has passed and not before.
func TestDialStagger(t *testing.T) {
	for _, x := range []struct{ set, is time.Duration }{
		{0, 250 * time.Millisecond}, {time.Second, time.Second}, {1, 10 * time.Millisecond},
	} {
		t.Run(x.is.String(), func(t *testing.T) {
			w := newTown(t)
			w.silent("10.0.0.1")
			w.silent("fd00::2")
			w.at("10.0.0.3")
			h := w.dial(netio.Dialer{FallbackDelay: x.set}, "10.0.0.1", "10.0.0.3", "fd00::2")
			for range 2 { // fd00::2 is tried second, 10.0.0.3 third
				w.advance(x.is - time.Nanosecond)
				if h.done(w) {
					t.Fatal("connected too early")
				}
				w.advance(2 * time.Millisecond) // a tick of the timers
			}
			w.wantPeer(h, "10.0.0.3")
		})
	}
}

// The first that answers wins, also if it was not the last to be tried.
func TestDialFirstWins(t *testing.T) {
	w := newTown(t)
	one := w.silent("10.0.0.1")
	w.silent("10.0.0.2")
	three := w.at("10.0.0.3")
	h := w.dial(netio.Dialer{}, "10.0.0.1", "10.0.0.2", "10.0.0.3")
	w.advance(252 * time.Millisecond)
	if _, err := one.Accept(w.ctx); err != nil { // makes room in its backlog
		t.Fatal(err)
	}
	w.wantPeer(h, "10.0.0.1")
	// Nobody tries the third one any more.
	w.advance(time.Hour)
	ctx, cancel := context.WithCancel(w.ctx)
	third := async(t, func() (*netio.Conn, error) { return three.Accept(ctx) })
	w.settle()
	cancel()
	_, err := third()
	wantIs(t, err, context.Canceled)
}

// One that fails does not wait for the delay; all errors are told, in order.
func TestDialAllFail(t *testing.T) {
	w := newTown(t)
	h := w.dial(netio.Dialer{}, "fd00::1", "fd00::2", "10.0.0.1", "10.0.0.2")
	_, err := h.Join(w.ctx) // the clock stands still
	wantIs(t, err, syscall.ECONNREFUSED)
	wantOp(t, err, "dial", "tcp")
	at := -1
	for _, addr := range []string{"[fd00::1]:80", "10.0.0.1:80", "[fd00::2]:80", "10.0.0.2:80"} {
		if k := strings.Index(err.Error(), addr); k <= at {
			t.Errorf("%q comes at %d, after %d, in %v", addr, k, at, err)
		} else {
			at = k
		}
	}
	// With one IP it is the error of that.
	_, err = w.dial(netio.Dialer{}, "10.0.0.1").Join(w.ctx)
	if op := wantOp(t, err, "dial", "tcp"); op.Addr == nil || op.Addr.String() != "10.0.0.1:80" {
		t.Error(op)
	}
	// And if no IP fits.
	_, err = w.dial(netio.Dialer{LocalAddress: "[::1]:0"}, "10.0.0.1").Join(w.ctx)
	if err == nil || !strings.Contains(err.Error(), "Dialer.LocalAddress") {
		t.Error(err)
	}
	r := &netio.Resolver{Lookup: func(_ context.Context, network, host string) ([]netip.Addr, error) {
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}}
	_, err = netio.Dialer{Resolver: r}.Dial(w.ctx, "tcp4", "none.example:80")
	var dns *net.DNSError
	if wantOp(t, err, "dial", "tcp4"); !errors.As(err, &dns) || dns.Name != "none.example" {
		t.Error(err)
	}
}

// One that fails while another is under way is replaced at once, and not when
// the delay has passed.
func TestDialReplacesAtOnce(t *testing.T) {
	w := newTown(t)
	w.silent("10.0.0.1")
	w.at("10.0.0.3")
	h := w.dial(netio.Dialer{}, "10.0.0.1", "10.0.0.2", "10.0.0.3")
	w.advance(252 * time.Millisecond) // 10.0.0.2 refuses
	if !h.done(w) {
		t.Error("10.0.0.3 waits for the delay")
		w.advance(252 * time.Millisecond)
	}
	w.wantPeer(h, "10.0.0.3")
}

// A negative delay: one after the other.
func TestDialWithoutFallback(t *testing.T) {
	w := newTown(t)
	one := w.silent("10.0.0.1")
	w.at("10.0.0.2")
	h := w.dial(netio.Dialer{FallbackDelay: -1}, "10.0.0.1", "10.0.0.2")
	w.advance(time.Hour)
	if h.done(w) {
		t.Fatal("the second was tried though the first has not failed")
	}
	one.Close() // refuses who still connects
	w.wantPeer(h, "10.0.0.2")
}

// A dial that is given up, with any number of attempts under way, leaves
// nothing in the driver.
func TestDialGivenUp(t *testing.T) {
	for tries := range 4 {
		w := newTown(t)
		var silent []*netio.Listener
		for i := range 3 {
			silent = append(silent, w.silent(fmt.Sprint("10.0.0.", i+1)))
		}
		h := w.dial(netio.Dialer{}, "10.0.0.1", "10.0.0.2", "10.0.0.3")
		for range tries {
			w.advance(252 * time.Millisecond)
		}
		h.Abort()
		if _, err := h.Join(w.ctx); !errors.Is(err, rouse.ErrCanceled) {
			t.Fatal(err)
		}
		// Those who waited at the full backlogs are gone: there is the one
		// who filled it, and then us.
		for i, l := range silent {
			if _, err := l.Accept(w.ctx); err != nil {
				t.Fatal(err)
			}
			c, err := netio.Dial(w.ctx, "tcp", fmt.Sprintf("10.0.0.%d:80", i+1))
			if err != nil {
				t.Fatal(err)
			}
			s, err := l.Accept(w.ctx)
			if err != nil {
				t.Fatal(err)
			}
			if s.RemoteAddr().String() != c.LocalAddr().String() {
				t.Errorf("%d tries: somebody else was in the backlog of %d", tries, i+1)
			}
		}
	}
}

// By name over the system's network: one IP refuses, the other one answers; and
// given up at any moment no descriptor is left.
func TestDialByName(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		if !w.realNetwork() {
			t.Skip("no system underneath")
		}
		l := w.listen()
		port := strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
		r, n := fixed(ips("::1", "127.0.0.1")...)
		for range 3 {
			c, err := netio.Dialer{Resolver: r}.Dial(w.ctx, "tcp", "two.example:"+port)
			if err != nil {
				t.Fatal(err)
			}
			if c.RemoteAddr().String() != l.Addr().String() {
				t.Errorf("connected to %v", c.RemoteAddr())
			}
			c.Close()
			if c, err = l.Accept(w.ctx); err != nil {
				t.Fatal(err)
			}
			c.Close()
		}
		if n.Load() != 1 {
			t.Errorf("%d look-ups", n.Load())
		}
		slow := &netio.Resolver{MaxAge: -1, Lookup: func(ctx context.Context, _, _ string) ([]netip.Addr, error) {
			select {
			case <-ctx.Done():
				return nil, ctx.Err()
			case <-time.After(time.Duration(rand.IntN(300)) * time.Microsecond):
				return ips("::1", "127.0.0.1", "127.0.0.2", "::1"), nil
			}
		}}
		w.settle()
		files := leakcheck.Descriptors()
		for i := range 100 {
			ctx, cancel := context.WithTimeout(w.ctx, time.Duration(i*10)*time.Microsecond)
			c, err := netio.Dialer{Resolver: slow}.Dial(ctx, "tcp", "slow.example:"+port)
			cancel()
			if err == nil {
				c.Close()
			} else if !errors.Is(err, context.DeadlineExceeded) {
				t.Error(err)
			}
		}
		w.settle()
		for { // some drivers accept ahead, here what was given up after it was connected
			ctx, cancel := context.WithTimeout(w.ctx, 100*time.Millisecond)
			c, err := l.Accept(ctx)
			cancel()
			if err != nil {
				break
			}
			c.Close()
		}
		w.settle()
		noLeak(t, "descriptors", files, leakcheck.Descriptors) // while the driver is open
	})
}
