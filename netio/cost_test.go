package netio_test

import (
	"runtime"
	"testing"
	"time"
	"unsafe"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/netio"
)

func TestSize(t *testing.T) {
	size := unsafe.Sizeof(netio.Conn{})
	t.Logf("a Conn is %d bytes", size)
	if size > 400 {
		t.Error("more than 400")
	}
}

// pinger is the client's side of an echo, in poll form.
type pinger struct {
	c         *netio.Conn
	buf, rest []byte
	got, left int
}

func (p *pinger) Poll(cx *rouse.Context) (struct{}, error) {
	for {
		if err := p.c.PollWriteAll(cx, &p.rest); err != nil {
			return struct{}{}, err
		}
		for p.got < len(p.buf) {
			n, err := p.c.PollRead(cx, p.buf[p.got:])
			if err != nil {
				return struct{}{}, err
			}
			p.got += n
		}
		p.got, p.rest = 0, p.buf
		if p.left--; p.left < 0 {
			return struct{}{}, nil
		}
	}
}

// skipPortable skips what driver/portable can't do: it lets the goroutines of
// package net wait.
func (w *world) skipPortable() {
	if w.ex.Driver().Name() == "portable" {
		w.t.Skip("works with goroutines and buffers of its own")
	}
}

// The echo in poll form allocates nothing in steady state: neither end, nor the
// executor and driver below.
func TestEchoAllocs(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		w.skipPortable()
		l := w.echoServer()
		c, err := netio.Dial(w.ctx, "tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		ping := func(n int) {
			p := &pinger{c: c, buf: make([]byte, 64), left: n}
			p.rest = p.buf
			if _, err := executor.Spawn[struct{}](w.ex, p).Join(w.ctx); err != nil {
				t.Fatal(err)
			}
		}
		allocatesNothing(t, ping)
	})
}

// allocatesNothing fails t if round trips that run makes allocate, once the first
// have filled what is reused.
func allocatesNothing(t *testing.T, run func(rounds int)) {
	t.Helper()
	run(1000)
	const rounds = 5000
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	run(rounds)
	runtime.ReadMemStats(&after)
	mallocs := after.Mallocs - before.Mallocs
	t.Logf("%d allocations in %d round trips", mallocs, rounds)
	if mallocs > rounds/20 {
		t.Error("round trips allocate")
	}
}

func BenchmarkEchoPollForm(b *testing.B) {
	w := newWorld(b, drivers[0].Open)
	l := w.echoServer()
	c, err := netio.Dial(w.ctx, "tcp", l.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	b.ReportAllocs()
	b.ResetTimer()
	p := &pinger{c: c, buf: make([]byte, 64), left: b.N}
	p.rest = p.buf
	if _, err := executor.Spawn[struct{}](w.ex, p).Join(w.ctx); err != nil {
		b.Fatal(err)
	}
}

// Idle connections, each with a task at both ends that waits to read.
func TestIdleConnections(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		w.skipPortable()
		conns := min(10000, (maxFiles()-200)/2) // two ends each
		if testing.Short() || raceEnabled {
			conns = min(500, conns)
		}
		l := w.echoServer()
		buf := make([]byte, 4096)
		runtime.GC()
		runtime.GC()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		idle := make([]*netio.Conn, conns)
		for i := range idle {
			c, err := netio.Dial(w.ctx, "tcp", l.Addr().String())
			if err != nil {
				t.Fatal(i, err)
			}
			idle[i] = c
			executor.Spawn[struct{}](w.ex, &echo{c: c, buf: buf}).Detach()
		}
		w.settle()
		time.Sleep(10 * time.Millisecond)
		runtime.GC()
		runtime.GC()
		runtime.ReadMemStats(&after)
		per := func(a, b uint64) int { return (int(b) - int(a)) / (2 * conns) }
		heap := per(before.HeapAlloc, after.HeapAlloc)
		t.Logf("%d ends of idle connections: %d bytes of heap and %d of stacks each, the task included",
			2*conns, heap, per(before.StackInuse, after.StackInuse))
		if heap > 1024 {
			t.Error("more than 1 KiB")
		}
		if n := runtime.NumGoroutine(); n > conns/2 {
			t.Error(n, "goroutines")
		}
		runtime.KeepAlive(idle)
	})
}
