package netio_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"testing"
	"time"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/fiber"
	"github.com/rouse-go/rouse/netio"
)

const bulk = 10 << 20

// 10 MiB each way at the same time, into readers that dawdle.
func TestBulkBothWays(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		a, b := w.pair()
		data := pattern(bulk)
		var waits []func() (int, error)
		for _, c := range []*netio.Conn{a, b} {
			waits = append(waits, async(t, func() (int, error) {
				n, err := c.Write(w.ctx, data)
				return n, errors.Join(err, c.CloseWrite())
			}), async(t, func() (int, error) {
				return slowly(w.ctx, c, data)
			}))
		}
		for _, wait := range waits {
			if n, err := wait(); n != bulk || err != nil {
				t.Error(n, err)
			}
		}
	})
}

// slowly reads to the end and compares with data.
func slowly(ctx context.Context, c *netio.Conn, data []byte) (int, error) {
	buf := make([]byte, 64<<10)
	total := 0
	for i := 0; ; i++ {
		n, err := c.Read(ctx, buf)
		if err == io.EOF {
			return total, nil
		}
		if err != nil {
			return total, err
		}
		if total+n > len(data) || !bytes.Equal(buf[:n], data[total:total+n]) {
			return total, errors.New("bytes differ")
		}
		if total += n; i%16 == 0 {
			time.Sleep(time.Millisecond)
		}
	}
}

func TestBulkFibers(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		a, b := w.pair()
		data := pattern(bulk)
		h := fiber.Go(w.ctx, func(ctx context.Context) (int, error) {
			n, err := a.Write(ctx, data)
			return n, errors.Join(err, a.CloseWrite())
		})
		n, err := slowly(w.ctx, b, data)
		if n != bulk || err != nil {
			t.Error("read", n, err)
		}
		if n, err := h.Join(w.ctx); n != bulk || err != nil {
			t.Error("written", n, err)
		}
	})
}

func TestHalfClose(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		a, b := w.pair()
		if _, err := a.Write(w.ctx, []byte("question")); err != nil {
			t.Fatal(err)
		}
		if err := a.CloseWrite(); err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(ctxStream{w.ctx, b})
		if string(got) != "question" || err != nil {
			t.Fatalf("%q, %v", got, err)
		}
		if _, err := b.Write(w.ctx, []byte("answer")); err != nil {
			t.Fatal(err)
		}
		b.Close()
		got, err = io.ReadAll(ctxStream{w.ctx, a})
		if string(got) != "answer" || err != nil {
			t.Fatalf("%q, %v", got, err)
		}
		if n, err := a.Read(w.ctx, make([]byte, 1)); n != 0 || err != io.EOF {
			t.Error("after the end:", n, err)
		}
	})
}

func TestCloseRead(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		a, _ := w.pair()
		read := async(t, func() (int, error) { return a.Read(w.ctx, make([]byte, 1)) })
		w.settle()
		if err := a.CloseRead(); err != nil {
			t.Fatal(err)
		}
		if n, err := read(); n != 0 || err != io.EOF {
			t.Error(n, err)
		}
	})
}

func TestEmptyBuffers(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		a, b := w.pair()
		if n, err := a.Read(w.ctx, nil); n != 0 || err != nil {
			t.Error("Read:", n, err)
		}
		if n, err := a.Write(w.ctx, nil); n != 0 || err != nil {
			t.Error("Write:", n, err)
		}
		if n, err := a.Writev(w.ctx, &net.Buffers{nil, {}}); n != 0 || err != nil {
			t.Error("Writev:", n, err)
		}
		a.Close()
		if got, err := io.ReadAll(ctxStream{w.ctx, b}); len(got) != 0 || err != nil {
			t.Error("the peer has read", got, err)
		}
	})
}

func TestWritev(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		a, b := w.pair()
		data := pattern(3 << 20)
		var bufs net.Buffers
		for rest := data; len(rest) > 0; {
			n := min(rand.IntN(5000), len(rest)) // some of them empty
			bufs = append(bufs, rest[:n])
			rest = rest[n:]
		}
		all := bufs
		write := async(t, func() (int64, error) {
			n, err := a.Writev(w.ctx, &bufs)
			a.CloseWrite()
			return n, err
		})
		got, err := slowly(w.ctx, b, data)
		if got != len(data) || err != nil {
			t.Error("read", got, err)
		}
		if n, err := write(); int(n) != len(data) || err != nil {
			t.Error("written", n, err)
		}
		if len(bufs) != 0 {
			t.Error("left over:", len(bufs))
		}
		for _, b := range all {
			if b != nil {
				t.Fatal("a buffer that has gone is still referred to")
			}
		}
	})
}

// PollWritev takes off what went and leaves the rest.
func TestPollWritevProgress(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		a, b := w.pair()
		data := pattern(8 << 20)
		bufs := net.Buffers{{}, data[:1000], nil, data[1000:]}
		sent, err := task(w, func(cx *rouse.Context) (int, error) { return a.PollWritev(cx, &bufs) })
		if sent <= 1000 || err != nil {
			t.Fatal(sent, err)
		}
		left := 0
		for _, b := range bufs {
			left += len(b)
		}
		if sent+left != len(data) {
			t.Errorf("%d went, %d are left of %d", sent, left, len(data))
		}
		a.Close()
		if n, err := slowly(w.ctx, b, data[:sent]); n != sent || err != nil {
			t.Error("read", n, err)
		}
	})
}
