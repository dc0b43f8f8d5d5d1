//go:build linux

package uring

import (
	"errors"
	"io"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/rouse-go/rouse/driver"
)

// What was asked for before Park sleeps happens though nothing else does: the
// peer is not the driver's own, so it gives no completion that would end the
// sleep.

func TestCloseWhileAsleep(t *testing.T) {
	for _, size := range []int{0, 1, 60_000, 3 << 20} {
		d := start(t, Config{})
		h, c := pair(t, d)
		data := make([]byte, size)
		got, err, done := readAll(d, c)
		for op := (&driver.Op{Code: driver.Send, Handle: h, Buf: data}); len(op.Buf) > 0; op.Reset() {
			must(t, d, op)
			op.Buf = op.Buf[op.N:]
		}
		shut(t, d, h)
		parkUntil(t, d, "the peer's end of the stream", done)
		if *err != nil || len(*got) != size {
			t.Errorf("the peer got %d bytes of %d, %v", len(*got), size, *err)
		}
		rest(t, d, 0)
	}
}

func TestShutdownWhileAsleep(t *testing.T) {
	d := start(t, Config{})
	h, c := pair(t, d)
	got, err, done := readAll(d, c)
	must(t, d, &driver.Op{Code: driver.Send, Handle: h, Buf: []byte("last words")})
	must(t, d, &driver.Op{Code: driver.Shutdown, Handle: h, Args: &driver.Args{How: unix.SHUT_WR}})
	parkUntil(t, d, "the peer's end of the stream", done)
	if *err != nil || string(*got) != "last words" {
		t.Errorf("the peer got %q, %v", *got, *err)
	}
	shut(t, d, h)
	rest(t, d, 0)
}

// A Send that waits for room is told when there is some, though the kernel
// makes no completion for a send that it took whole.
func TestSendWaitsWhileAsleep(t *testing.T) {
	d := start(t, Config{})
	h, c := pair(t, d)
	got, err, done := readAll(d, c)
	op := &driver.Op{Code: driver.Send, Handle: h}
	waits := 0
	want := 0
	for range 200 {
		op.Reset()
		op.Buf = make([]byte, 48<<10)
		if !d.Submit(op) {
			waits++
		}
		want += must(t, d, op).N
	}
	if waits == 0 {
		t.Fatal("no Send has waited")
	}
	shut(t, d, h)
	parkUntil(t, d, "the peer's end of the stream", done)
	if *err != nil || len(*got) != want {
		t.Errorf("the peer got %d bytes of %d, %v", len(*got), want, *err)
	}
	rest(t, d, 0)
}

// Linger 0 throws away what was not sent and resets, at once.
func TestAbruptWhileAsleep(t *testing.T) {
	for _, size := range []int{0, 100, 8 << 20} {
		d := start(t, Config{})
		h, c := pair(t, d)
		must(t, d, &driver.Op{Code: driver.SetOption, Handle: h, Args: &driver.Args{Option: driver.Linger, Value: 0}})
		// Nobody reads yet, so much of a large one is stuck.
		send := &driver.Op{Code: driver.Send, Handle: h, Buf: make([]byte, size)}
		for size > 0 && d.Submit(send) && len(send.Buf) > send.N {
			send.Buf = send.Buf[send.N:]
			send.Reset()
			if _, err := d.Park(0); err != nil {
				t.Fatal(err)
			}
		}
		stuck := send.InFlight()
		shut(t, d, h)
		if stuck && (!send.Done() || send.Err != driver.ErrClosed) {
			t.Errorf("the Send that waited: %v", send.Err)
		}
		_, err, done := readAll(d, c)
		parkUntil(t, d, "the peer's end", done)
		if !errors.Is(*err, unix.ECONNRESET) && (size == 8<<20 || !errors.Is(*err, io.EOF)) {
			t.Errorf("%d bytes: the peer got %v, want a reset", size, *err)
		}
		rest(t, d, 0)
	}
}
