package netio_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/driver/manual"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/netio"
)

func ips(list ...string) (addrs []netip.Addr) {
	for _, ip := range list {
		addrs = append(addrs, netip.MustParseAddr(ip))
	}
	return addrs
}

// fixed returns a Resolver that finds addrs for every name, and counts.
func fixed(addrs ...netip.Addr) (*netio.Resolver, *atomic.Int64) {
	n := new(atomic.Int64)
	return &netio.Resolver{Lookup: func(context.Context, string, string) ([]netip.Addr, error) {
		n.Add(1)
		return slices.Clone(addrs), nil
	}}, n
}

// What is an IP, or localhost, never leaves the loop: it is there at the first
// poll, and needs no executor that can block.
func TestResolveKnown(t *testing.T) {
	r := &netio.Resolver{Lookup: func(context.Context, string, string) ([]netip.Addr, error) {
		panic("asked")
	}}
	cx := rouse.NewContext(rouse.Waker{})
	for _, x := range []struct{ network, host, ip, err string }{
		{"ip", "10.1.2.3", "10.1.2.3", ""},
		{"ip6", "::1", "::1", ""},
		{"ip", "::ffff:1.2.3.4", "1.2.3.4", ""},
		{"ip4", "::ffff:1.2.3.4", "1.2.3.4", ""},
		{"ip", "fe80::1%eth0", "fe80::1%eth0", ""},
		{"ip", "localhost", "127.0.0.1", ""},
		{"ip4", "localhost", "127.0.0.1", ""},
		{"ip6", "localhost", "::1", ""},
		{"ip6", "10.1.2.3", "", "not an address of network ip6"},
		{"ip4", "::1", "", "not an address of network ip4"},
		{"ip", "", "", "name is empty"},
		{"tcp", "10.1.2.3", "", "use ip, ip4 or ip6"},
	} {
		got, err := r.NewResolve(x.network, x.host).Poll(cx)
		if x.err != "" {
			if err == nil || !strings.Contains(err.Error(), x.err) {
				t.Errorf("%s %q: %v; want %q in it", x.network, x.host, err, x.err)
			}
		} else if err != nil || len(got) != 1 || got[0].String() != x.ip {
			t.Errorf("%s %q: %v, %v; want %s", x.network, x.host, got, err, x.ip)
		}
	}
}

// However many want one name, one look-up is under way, and another network or
// executor has another.
func TestResolveOnce(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		release := make(chan struct{})
		var n atomic.Int64
		r := &netio.Resolver{Lookup: func(ctx context.Context, network, host string) ([]netip.Addr, error) {
			n.Add(1)
			<-release
			return ips("10.0.0.1", "fd00::1", "10.0.0.1", "::ffff:10.0.0.2"), nil
		}}
		var joins []rouse.JoinHandle[[]netip.Addr]
		for range 20 {
			joins = append(joins, executor.Spawn[[]netip.Addr](w.ex, r.NewResolve("ip", "a.example")))
		}
		four := executor.Spawn[[]netip.Addr](w.ex, r.NewResolve("ip4", "a.example"))
		w.settle()
		close(release)
		for _, j := range joins {
			got, err := j.Join(w.ctx)
			if err != nil || !slices.Equal(got, ips("10.0.0.1", "fd00::1", "10.0.0.2")) {
				t.Fatal(got, err)
			}
			got[0] = netip.Addr{} // it is ours
		}
		if got, err := four.Join(w.ctx); err != nil || !slices.Equal(got, ips("10.0.0.1", "10.0.0.2")) {
			t.Error(got, err)
		}
		if n.Load() != 2 {
			t.Errorf("%d look-ups", n.Load())
		}
		if got, err := r.Resolve(w.ctx, "ip", "a.example"); err != nil || len(got) != 3 || n.Load() != 2 {
			t.Errorf("%v, %v after %d look-ups", got, err, n.Load())
		}
		other := newWorld(t, drivers[0].Open)
		if _, err := r.Resolve(other.ctx, "ip", "a.example"); err != nil || n.Load() != 3 {
			t.Errorf("%v, %d look-ups", err, n.Load())
		}
	})
}

// Answers and failures grow old by the executor's clock.
func TestResolveAge(t *testing.T) {
	for _, x := range []struct {
		maxAge     time.Duration
		fails      bool
		kept, gone time.Duration
	}{
		{0, false, 30*time.Second - 1, 1},
		{time.Minute, false, time.Minute - 1, 1},
		{0, true, time.Second - 1, 1},
		{time.Minute, true, time.Second - 1, 1},
		{-1, false, -1, 0},
		{-1, true, -1, 0},
	} {
		t.Run(fmt.Sprint(x.maxAge, " fails ", x.fails), func(t *testing.T) {
			var d *manual.Driver
			w := newWorld(t, func() (driver.Driver, error) {
				var err error
				d, err = manual.New(manual.Config{})
				return d, err
			})
			n := 0
			r := &netio.Resolver{MaxAge: x.maxAge, Lookup: func(ctx context.Context, network, host string) ([]netip.Addr, error) {
				n++
				if x.fails {
					return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
				}
				return ips("10.0.0.1"), nil
			}}
			ask := func(want int) {
				t.Helper()
				_, err := r.Resolve(w.ctx, "ip", "a.example")
				var dns *net.DNSError
				if (err != nil) != x.fails || x.fails && !(errors.As(err, &dns) && dns.IsNotFound) {
					t.Fatal(err)
				}
				if n != want {
					t.Fatalf("%d look-ups, want %d", n, want)
				}
			}
			ask(1)
			if x.kept >= 0 {
				ask(1)
				d.Advance(x.kept)
				w.settle()
				ask(1)
			}
			d.Advance(x.gone)
			w.settle()
			ask(2)
		})
	}
}

// A loop of names that are known at once lets others run.
func TestResolveYields(t *testing.T) {
	w := newWorld(t, drivers[0].Open)
	stop, told := false, false
	spinner := spawn(w, func(cx *rouse.Context) (int, error) {
		for !stop {
			if _, err := netio.NewResolve("ip", "localhost").Poll(cx); err != nil {
				return 0, err // rouse.Pending, now and then
			}
		}
		told = true
		return 0, nil
	})
	if _, err := task(w, func(*rouse.Context) (int, error) { stop = true; return 0, nil }); err != nil {
		t.Fatal(err)
	}
	if _, err := spinner.Join(w.ctx); err != nil || !told {
		t.Error(err, told)
	}
}

// A look-up goes on while somebody wants it, and is cancelled when nobody does.
func TestResolveCancel(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		begun, ended := make(chan struct{}, 10), make(chan struct{}, 10)
		release := make(chan struct{})
		r := &netio.Resolver{Lookup: func(ctx context.Context, network, host string) ([]netip.Addr, error) {
			begun <- struct{}{}
			select {
			case <-ctx.Done():
				ended <- struct{}{}
				return nil, ctx.Err()
			case <-release:
				return ips("10.0.0.1"), nil
			}
		}}
		wait := func(ch chan struct{}, what string) {
			t.Helper()
			select {
			case <-ch:
			case <-time.After(patience):
				t.Fatal("no look-up has", what)
			}
		}
		ctx, cancel := context.WithCancel(w.ctx)
		first := async(t, func() ([]netip.Addr, error) { return r.Resolve(ctx, "ip", "a.example") })
		second := executor.Spawn[[]netip.Addr](w.ex, r.NewResolve("ip", "a.example"))
		wait(begun, "begun")
		w.settle()
		cancel()
		_, err := first()
		wantIs(t, err, context.Canceled)
		w.settle()
		select {
		case <-ended:
			t.Fatal("a look-up was cancelled that somebody waits for")
		default:
		}
		second.Abort()
		if _, err := second.Join(w.ctx); !errors.Is(err, rouse.ErrCanceled) {
			t.Fatal(err)
		}
		wait(ended, "ended")
		// The next one asks again, and does not get what is left of the first.
		third := executor.Spawn[[]netip.Addr](w.ex, r.NewResolve("ip", "a.example"))
		wait(begun, "begun")
		close(release)
		if got, err := third.Join(w.ctx); err != nil || len(got) != 1 {
			t.Error(got, err)
		}
		// The end of the executor cancels, too.
		release = make(chan struct{})
		last := async(t, func() ([]netip.Addr, error) { return r.Resolve(w.ctx, "ip", "b.example") })
		wait(begun, "begun")
		w.stop()
		_, err = last()
		wantIs(t, err, net.ErrClosed)
		wait(ended, "ended")
	})
}

// A look-up that does not return as it should is an error for those who ask.
func TestResolvePanics(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		r := &netio.Resolver{Lookup: func(ctx context.Context, network, host string) ([]netip.Addr, error) {
			switch host {
			case "panic":
				panic("oh no")
			case "exit":
				runtime.Goexit()
			case "canceled":
				return nil, rouse.ErrCanceled
			}
			return nil, nil
		}}
		var p *rouse.PanicError
		if _, err := r.Resolve(w.ctx, "ip", "panic"); !errors.As(err, &p) || p.Value != "oh no" {
			t.Errorf("%v (%T)", err, err)
		}
		_, err := r.Resolve(w.ctx, "ip", "exit")
		wantIs(t, err, rouse.ErrGoexit)
		// What a look-up says is no word of the executor's end.
		if _, err := r.Resolve(w.ctx, "ip", "canceled"); err != rouse.ErrCanceled {
			t.Errorf("%v (%T); want the Lookup's own error", err, err)
		}
		var dns *net.DNSError
		if _, err := r.Resolve(w.ctx, "ip", "nothing"); !errors.As(err, &dns) || !dns.IsNotFound {
			t.Errorf("%v (%T)", err, err)
		}
	})
}

func TestResolveMisuse(t *testing.T) {
	w := newWorld(t, drivers[0].Open)
	if _, err := netio.Resolve(context.Background(), "ip", "a.example"); err == nil || !strings.Contains(err.Error(), "carries no executor") {
		t.Error(err)
	}
	func() {
		defer func() {
			if s, _ := recover().(string); !strings.Contains(s, "RunBlocking and Kept") {
				t.Error("panic:", s)
			}
		}()
		netio.NewResolve("ip", "a.example").Poll(rouse.NewContext(rouse.Waker{}))
	}()
	_, err := task(w, func(cx *rouse.Context) (int, error) {
		f := netio.NewResolve("ip", "localhost")
		f.Poll(cx)
		f.Poll(cx)
		return 0, nil
	})
	wantPanic(t, err, "polled after its result")
}
