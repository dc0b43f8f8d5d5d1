package netio_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rouse-go/rouse/fiber"
	"github.com/rouse-go/rouse/netio"
)

// dialView dials as http.Transport wants it.
func (w *world) dialView(ctx context.Context, network, addr string) (net.Conn, error) {
	c, err := netio.Dialer{Executor: w.ex}.Dial(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	return c.NetConn(w.ctx), nil // the connection outlives the request's ctx
}

// net/http on both ends, on goroutines, over the executor.
func TestHTTP(t *testing.T) {
	for _, secure := range []bool{false, true} {
		t.Run(fmt.Sprintf("tls=%v", secure), func(t *testing.T) {
			onEach(t, func(t *testing.T, w *world) { testHTTP(t, w, secure) })
		})
	}
}

func testHTTP(t *testing.T, w *world, secure bool) {
	l := w.listen()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/wait") {
			<-r.Context().Done() // the client goes away: the server sees it
			return
		}
		body, err := io.ReadAll(r.Body) // all of it before the answer, as HTTP/1 has it
		if err != nil {
			t.Error(err)
		}
		rw.Write(body)
	}))
	server.Listener.Close()
	server.Listener = l.NetListener(w.ctx)
	server.Config.ReadTimeout = patience
	server.Config.WriteTimeout = patience
	scheme := "http"
	if secure {
		server.StartTLS()
		scheme = "https"
	} else {
		server.Start()
	}
	defer server.Close()
	transport := &http.Transport{
		DialContext:     w.dialView,
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, // of a server on this machine
	}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Timeout: patience}
	url := scheme + "://" + l.Addr().String()
	var g sync.WaitGroup
	for i := range 8 {
		g.Go(func() {
			for k := range 10 {
				body := pattern(1 + i*k*1500)
				resp, err := client.Post(url+"/echo", "text/plain", bytes.NewReader(body))
				if err != nil {
					t.Error(err)
					return
				}
				got, err := io.ReadAll(resp.Body)
				resp.Body.Close()
				if err != nil || !bytes.Equal(got, body) {
					t.Errorf("%d of %d bytes, %v", len(got), len(body), err)
				}
			}
		})
	}
	g.Wait()
	ctx, cancel := context.WithTimeout(w.ctx, 50*time.Millisecond)
	defer cancel()
	req, _ := http.NewRequestWithContext(ctx, "GET", url+"/wait", nil)
	switch resp, err := client.Do(req); {
	case errors.Is(err, context.DeadlineExceeded):
	case err == nil && secure && ctx.Err() != nil:
		// A TLS client that gives up says so before it closes. If the server's
		// answer to that comes between the two, net/http delivers it.
		resp.Body.Close()
	default:
		t.Errorf("Do returned %v, and the context %v; want DeadlineExceeded", err, ctx.Err())
	}
}

// views returns both ends of a connection as net.Conn.
func (w *world) views() (a, b net.Conn) {
	c, d := w.pair()
	return c.NetConn(w.ctx), d.NetConn(w.ctx)
}

func wantTimeout(t testing.TB, err error) {
	t.Helper()
	wantIs(t, err, os.ErrDeadlineExceeded)
	var e net.Error
	if !errors.As(err, &e) || !e.Timeout() {
		t.Errorf("%v (%T) is no timeout of package net", err, err)
	}
	var op *net.OpError
	if !errors.As(err, &op) {
		t.Errorf("%v (%T) is no net.OpError", err, err)
	}
}

func TestDeadlineInThePast(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		c, d := w.pair()
		w.shrink(c, d)
		a, b := c.NetConn(w.ctx), d.NetConn(w.ctx)
		read := async(t, func() (int, error) { return a.Read(make([]byte, 1)) })
		write := async(t, func() (int, error) { return a.Write(make([]byte, tooMuch)) })
		if _, err := b.Read(make([]byte, 1)); err != nil { // it has begun
			t.Fatal(err)
		}
		if err := a.SetDeadline(time.Unix(1, 0)); err != nil {
			t.Fatal(err)
		}
		_, err := read()
		wantTimeout(t, err)
		n, err := write()
		wantTimeout(t, err)
		if n == 0 {
			t.Error("nothing was written")
		}
		// It stays so.
		_, err = a.Read(make([]byte, 1))
		wantTimeout(t, err)
		_, err = a.Write(make([]byte, 1))
		wantTimeout(t, err)
		// Also if bytes are there.
		if _, err := b.Write([]byte("x")); err != nil {
			t.Fatal(err)
		}
		_, err = a.Read(make([]byte, 1))
		wantTimeout(t, err)
		// And is lifted.
		if err := a.SetReadDeadline(time.Time{}); err != nil {
			t.Fatal(err)
		}
		if n, err := a.Read(make([]byte, 4)); n != 1 || err != nil {
			t.Error(n, err)
		}
		_, err = a.Write(make([]byte, 1))
		wantTimeout(t, err)
	})
}

func TestDeadlineToCome(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		if !w.realNetwork() {
			t.Skip("a clock of its own")
		}
		a, b := w.views()
		const d = 30 * time.Millisecond
		quickest := patience
		for range 3 {
			begin := time.Now()
			a.SetReadDeadline(begin.Add(d))
			_, err := a.Read(make([]byte, 1))
			wantTimeout(t, err)
			took := time.Since(begin)
			if took < d {
				t.Error("timed out after", took)
			}
			quickest = min(quickest, took) // the machine may be busy, but not always
		}
		if quickest > 50*d {
			t.Error("timed out after", quickest, "or more")
		}
		// One that is put off in time.
		for span := d; ; span *= 2 {
			at := time.Now().Add(span)
			a.SetReadDeadline(at)
			read := async(t, func() (int, error) { return a.Read(make([]byte, 4)) })
			w.settle()
			a.SetReadDeadline(time.Now().Add(time.Hour))
			w.settle()
			if !time.Now().Before(at) && span < patience { // it may not have been in time
				a.SetReadDeadline(time.Unix(1, 0))
				_, err := read()
				wantTimeout(t, err)
				continue
			}
			time.Sleep(time.Until(at) + d)
			b.Write([]byte("x"))
			if n, err := read(); n != 1 || err != nil {
				t.Error(n, err)
			}
			break
		}
		// One that is far away does not keep anything.
		a.SetDeadline(time.Now().Add(1 << 62))
		b.SetDeadline(time.Unix(1, 0))
		b.SetDeadline(time.Time{})
		a.Close()
		wantIs(t, a.SetDeadline(time.Time{}), net.ErrClosed)
	})
}

// Bytes that come after a read timed out are read by the next one.
func TestDeadlineLosesNothing(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		if !w.realNetwork() {
			t.Skip("a clock of its own")
		}
		a, b := w.pair()
		view := b.NetConn(w.ctx)
		defer view.Close() // disarms the deadline
		data := pattern(3000)
		write := async(t, func() (int, error) { return trickle(w, a, data) })
		var got []byte
		buf := make([]byte, 16)
		late, vain := 0, 0
		for {
			view.SetReadDeadline(time.Now().Add(soon(50*time.Microsecond, vain)))
			n, err := view.Read(buf)
			got = append(got, buf[:n]...)
			if err == io.EOF {
				break
			}
			if errors.Is(err, os.ErrDeadlineExceeded) {
				late++
				vain++
			} else if err != nil {
				t.Fatal(err)
			} else {
				vain = 0
			}
		}
		if !bytes.Equal(got, data) {
			t.Errorf("got %d bytes of %d", len(got), len(data))
		}
		if _, err := write(); err != nil || late == 0 {
			t.Error(err, late)
		}
	})
}

// Several readers and writers of one view take turns; the bytes of one Write
// stay together.
func TestViewConcurrently(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		a, b := w.views()
		const writers, rounds, size = 5, 20, 50000
		var g sync.WaitGroup
		for i := range writers {
			g.Go(func() {
				for range rounds {
					if n, err := a.Write(bytes.Repeat([]byte{byte(i)}, size)); n != size || err != nil {
						t.Error(n, err)
					}
				}
			})
		}
		var mu sync.Mutex
		total := 0
		var readers sync.WaitGroup
		for range 3 {
			readers.Go(func() {
				buf := make([]byte, size/10)
				for {
					n, err := b.Read(buf)
					mu.Lock()
					total += n
					mu.Unlock()
					if err != nil {
						if err != io.EOF {
							t.Error(err)
						}
						return
					}
				}
			})
		}
		g.Wait()
		a.(interface{ CloseWrite() error }).CloseWrite()
		readers.Wait()
		if total != writers*rounds*size {
			t.Error("read", total)
		}
		// Together: read by one.
		c, d := w.views()
		for i := range 3 {
			g.Go(func() { c.Write(bytes.Repeat([]byte{byte(i)}, size)) })
		}
		buf := make([]byte, size)
		for range 3 {
			if _, err := io.ReadFull(d, buf); err != nil {
				t.Fatal(err)
			}
			if bytes.Count(buf, buf[:1]) != size {
				t.Error("writes are mixed")
			}
		}
		g.Wait()
	})
}

// Close wakes everybody who stands in line.
func TestViewClose(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		c, d := w.pair()
		w.shrink(c, d)
		a := c.NetConn(w.ctx)
		a.SetDeadline(time.Now().Add(time.Hour))
		var waits []func() (int, error)
		for range 3 {
			waits = append(waits,
				async(t, func() (int, error) { return a.Read(make([]byte, 1)) }),
				async(t, func() (int, error) { return a.Write(make([]byte, tooMuch)) }))
		}
		w.settle()
		if err := a.Close(); err != nil {
			t.Error(err)
		}
		for _, wait := range waits {
			_, err := wait()
			wantIs(t, err, net.ErrClosed)
		}
	})
}

// When the ctx of a view ends, it looks closed, not late.
func TestViewContextEnds(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		l := w.listen()
		c, _ := w.pairOn(l)
		ctx, cancel := context.WithTimeout(w.ctx, 30*time.Millisecond)
		defer cancel()
		view := c.NetConn(ctx)
		_, err := view.Read(make([]byte, 1))
		wantIs(t, err, net.ErrClosed, context.DeadlineExceeded)
		wantOp(t, err, "read", "tcp")
		// http.Serve would go on for ever after an error that passes.
		serve := async(t, func() (int, error) { return 0, http.Serve(l.NetListener(ctx), nil) })
		_, err = serve()
		wantIs(t, err, net.ErrClosed, context.DeadlineExceeded)
		wantOp(t, err, "accept", "tcp")
	})
}

// A view suspends the fiber of its ctx.
func TestViewInFibers(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		c, d := w.pair()
		server := fiber.Go(w.ctx, func(ctx context.Context) (int64, error) {
			v := c.NetConn(ctx)
			defer v.Close()
			v.SetDeadline(time.Now().Add(patience))
			return io.Copy(v, v)
		})
		client := fiber.Go(w.ctx, func(ctx context.Context) (int64, error) {
			v := d.NetConn(ctx)
			defer v.Close()
			talk(t, v)
			v.SetReadDeadline(time.Unix(1, 0))
			_, err := v.Read(make([]byte, 1))
			wantTimeout(t, err)
			return 0, nil
		})
		if _, err := client.Join(w.ctx); err != nil {
			t.Error(err)
		}
		if _, err := server.Join(w.ctx); err != nil {
			t.Error(err)
		}
	})
}

// A ctx that carries a fiber may be used by goroutines, and outlive the fiber.
func TestViewWithFibersContextElsewhere(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		l := w.listen()
		views := fiber.Go(w.ctx, func(ctx context.Context) (net.Listener, error) { return l.NetListener(ctx), nil })
		v, err := views.Join(w.ctx)
		if err != nil {
			t.Fatal(err)
		}
		accept := async(t, v.Accept)
		c, err := netio.Dial(w.ctx, "tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		// The fiber has ended, and its ctx with it: either is right, but
		// neither a hang nor a panic.
		s, err := accept()
		if err == nil {
			s.Close()
		} else {
			wantIs(t, err, net.ErrClosed)
		}
	})
}

func TestUnwrap(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		c, _ := w.pair()
		if u, ok := c.NetConn(w.ctx).(interface{ Unwrap() *netio.Conn }); !ok || u.Unwrap() != c {
			t.Error("Unwrap")
		}
	})
}
