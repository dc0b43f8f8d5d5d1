//go:build linux

package uring

import (
	"bytes"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/internal/uring"
)

// scarce has 64 small buffers for everybody.
var scarce = Config{Buffers: 64, BufferSize: 1024}

// flood writes to c until the kernel takes no more for a while.
func flood(t *testing.T, c *net.TCPConn) {
	t.Helper()
	for n := 0; n == 0; { // on a busy machine the time may be over before the write begins
		c.SetWriteDeadline(time.Now().Add(20 * time.Millisecond))
		var err error
		n, err = c.Write(make([]byte, 8<<20))
		if ne, ok := err.(net.Error); !ok || !ne.Timeout() {
			t.Fatalf("flooding ended with %v", err)
		}
	}
	c.SetWriteDeadline(time.Now().Add(2 * patience))
}

// Connections that are never read, and together hold all buffers, don't keep
// the others from theirs; and what they hold besides is bounded.
func TestUnreadDoNotStarve(t *testing.T) {
	for _, without := range []uint32{0, ^lacking(uring.FeatureBufferRings)} {
		cfg := scarce
		cfg.without = without
		d := start(t, cfg)
		srv := serve(t, d)
		var unread []driver.Handle
		for range 20 {
			h, c := srv.pair()
			// One Recv begins the receive; it is told, and nobody comes back.
			op := &driver.Op{Code: driver.Recv, Handle: h, Buf: make([]byte, 1)}
			d.Submit(op)
			flood(t, c)
			until(t, d, "the first bytes", op.Done)
			unread = append(unread, h)
		}
		h, c := srv.pair()
		for round := range 200 {
			msg := bytes.Repeat([]byte{byte(round)}, 5000)
			if _, err := c.Write(msg); err != nil {
				t.Fatal(err)
			}
			for got := []byte(nil); len(got) < len(msg); {
				op := must(t, d, &driver.Op{Code: driver.Recv, Handle: h, Buf: make([]byte, 8192)})
				if op.N == 0 || !bytes.HasPrefix(msg[len(got):], op.Buf[:op.N]) {
					t.Fatalf("round %d: wrong bytes", round)
				}
				got = append(got, op.Buf[:op.N]...)
			}
		}
		for _, u := range unread {
			_, s := d.slots.Get(u)
			spilled := 0
			if s.ext != nil {
				spilled = len(s.ext.spill)
			}
			if limit := 3 * heldLimit * cfg.BufferSize; spilled+int(s.got.count)*cfg.BufferSize > limit+64*cfg.BufferSize {
				t.Errorf("a connection that nobody reads holds %d bytes spilled and %d buffers", spilled, s.got.count)
			}
			shut(t, d, u)
		}
		shut(t, d, h)
		rest(t, d, 1)
	}
}

// What moves to the heap is bounded, though the peer of a connection that nobody
// reads goes on sending and the ring is low all the time.
func TestSpillIsBounded(t *testing.T) {
	d := start(t, scarce)
	h, c := pair(t, d)
	c.Write([]byte("x"))
	op := &driver.Op{Code: driver.Recv, Handle: h, Buf: make([]byte, 1)}
	d.Submit(op)
	until(t, d, "the first bytes", op.Done)
	_, s := d.slots.Get(h)
	for range 300 {
		c.SetWriteDeadline(time.Now().Add(time.Millisecond))
		c.Write(make([]byte, 1024))
		if _, err := d.Park(0); err != nil {
			t.Fatal(err)
		}
		d.sweepHolders(true)
		if s.ext != nil && len(s.ext.spill) > 2*heldLimit*d.cfg.BufferSize {
			t.Fatalf("%d bytes spilled", len(s.ext.spill))
		}
	}
	if s.ext == nil || len(s.ext.spill) == 0 {
		t.Fatal("nothing spilled")
	}
	shut(t, d, h)
	rest(t, d, 0)
}

// When every buffer is held by connections that nobody reads, and nothing else
// receives, the one that found none gets one all the same.
func TestDryRecovers(t *testing.T) {
	d := start(t, scarce)
	h, c := pair(t, d)
	if _, err := c.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	must(t, d, &driver.Op{Code: driver.Recv, Handle: h, Buf: make([]byte, 1)})
	// As if others held them all: none is with the kernel, nothing is armed.
	i, s := d.slots.Get(h)
	if s.in != 0 {
		d.cancel(s.in)
	}
	for deadline := d.Now() + int64(patience); s.in != 0; {
		if _, err := d.Park(d.Now() + int64(time.Millisecond)); err != nil || d.Now() > deadline {
			t.Fatalf("a cancelled receive does not end, %v", err)
		}
	}
	holder, hs := d.add(-1, kindTCP)
	on := d.slots.Handle(holder)
	d.hold.free = 0
	for bid := range d.buffers.Len() {
		d.keep(on, hs, uint16(bid), 10)
	}
	s.flags |= dry
	d.hold.dry = append(d.hold.dry, d.slots.Handle(i))
	op := &driver.Op{Code: driver.Recv, Handle: h, Buf: make([]byte, 1)}
	if d.Submit(op) {
		t.Fatal("there is nothing to receive")
	}
	before := d.hold.armed
	if err := d.refill(); err != nil {
		t.Fatal(err)
	}
	if d.hold.free != d.buffers.Len() || d.hold.armed != before+1 || len(d.hold.dry) != 0 {
		t.Errorf("%d buffers of %d are free, %d receives armed, %d dry", d.hold.free, d.buffers.Len(), d.hold.armed, len(d.hold.dry))
	}
	if n := len(hs.ext.spill); n != 10*d.buffers.Len() {
		t.Errorf("%d bytes were kept of %d", n, 10*d.buffers.Len())
	}
	d.slots.Free(holder)
	d.Cancel(op)
	shut(t, d, h)
	rest(t, d, 0)
}

// Connections come, send more than there are buffers for, are read or not, and
// go, all at the same time. No buffer is lost, and all that is read is right.
func TestChurn(t *testing.T) {
	rounds := 40
	if testing.Short() {
		rounds = 8
	}
	d := start(t, scarce)
	srv := serve(t, d)
	const width = 40
	msg := bytes.Repeat([]byte("0123456789abcdef"), 400)
	for round := range rounds {
		var wg sync.WaitGroup
		done := make(chan struct{})
		for k := range width {
			wg.Go(func() {
				c, err := net.Dial("tcp", srv.at)
				if err != nil {
					t.Error(err)
					return
				}
				defer c.Close()
				c.SetDeadline(time.Now().Add(patience))
				c.Write(append([]byte{byte(k)}, msg...))
				if k%4 != 0 { // the others are closed without being read
					io.ReadFull(c, make([]byte, len(msg)))
				}
			})
		}
		go func() {
			wg.Wait()
			close(done)
			d.Unpark()
		}()
		type conn struct {
			h    driver.Handle
			recv driver.Op
			got  []byte
		}
		var open []*conn
		accept := &driver.Op{Code: driver.Accept, Handle: srv.h, Args: &driver.Args{}}
		accepted := 0
		until(t, d, "a round of churn", func() bool {
			for accepted < width && (accept.Done() || !accept.InFlight() && d.Submit(accept)) {
				if accept.Err != nil {
					t.Fatal(accept.Err)
				}
				open = append(open, &conn{h: accept.Args.Handle})
				accepted++
				accept.Reset()
			}
			kept := open[:0]
			for _, c := range open {
				r := &c.recv
				for alive := true; alive; {
					if r.InFlight() {
						kept = append(kept, c)
						break
					}
					if !r.Done() {
						r.Code, r.Handle, r.Buf = driver.Recv, c.h, make([]byte, 700)
						if !d.Submit(r) {
							continue
						}
					}
					n, err := r.N, r.Err
					r.Reset()
					switch {
					case err == driver.ErrAgain:
						continue
					case err != nil || n == 0:
						t.Errorf("round %d: a connection ended after %d bytes: %v", round, len(c.got), err)
						alive = false
					default:
						c.got = append(c.got, r.Buf[:n]...)
					}
					if len(c.got) > 0 && c.got[0]%4 == 0 {
						alive = false // never read
					} else if len(c.got) == len(msg)+1 {
						if !bytes.Equal(c.got[1:], msg) {
							t.Errorf("round %d: wrong bytes", round)
						}
						d.Submit(&driver.Op{Code: driver.Send, Handle: c.h, Buf: msg})
						alive = false
					}
					if !alive {
						d.Submit(&driver.Op{Code: driver.CloseHandle, Handle: c.h})
					}
				}
			}
			open = kept
			select {
			case <-done:
				return len(open) == 0 && accepted == width
			default:
				return false
			}
		})
		rest(t, d, 1)
	}
}
