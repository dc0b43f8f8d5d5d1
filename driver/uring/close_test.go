//go:build linux

package uring

import (
	"io"
	"os"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/internal/leakcheck"
	"github.com/rouse-go/rouse/internal/uring"
)

// descriptors counts what this process has open of the driver's sorts.
func descriptors(t testing.TB) int {
	t.Helper()
	l, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, e := range l {
		// Go's own poller opens these once, when it is first needed.
		to, err := os.Readlink("/proc/self/fd/" + e.Name())
		if err == nil && to != "anon_inode:[eventpoll]" {
			n++
		}
	}
	return n
}

// Close at every stage of what a connection may be at leaves no descriptor, and
// does not wait for a peer that reads nothing.
func TestCloseDriver(t *testing.T) {
	stages := []struct {
		name string
		do   func(t *testing.T, d *Driver, h driver.Handle, c io.Writer)
	}{
		{"Idle", func(*testing.T, *Driver, driver.Handle, io.Writer) {}},
		{"Receiving", func(_ *testing.T, d *Driver, h driver.Handle, _ io.Writer) {
			d.Submit(&driver.Op{Code: driver.Recv, Handle: h, Buf: make([]byte, 10)})
			d.Park(0)
		}},
		{"Received", func(t *testing.T, d *Driver, h driver.Handle, c io.Writer) {
			d.Submit(&driver.Op{Code: driver.Recv, Handle: h, Buf: make([]byte, 10)})
			c.Write(make([]byte, 30_000))
			d.Park(d.Now() + int64(time.Second))
		}},
		{"Sent", func(_ *testing.T, d *Driver, h driver.Handle, _ io.Writer) {
			d.Submit(&driver.Op{Code: driver.Send, Handle: h, Buf: make([]byte, 10)})
		}},
		{"SentAndClosed", func(_ *testing.T, d *Driver, h driver.Handle, _ io.Writer) {
			d.Submit(&driver.Op{Code: driver.Send, Handle: h, Buf: make([]byte, 10)})
			d.Submit(&driver.Op{Code: driver.CloseHandle, Handle: h})
		}},
		{"Stuck", stuck},
		{"StuckAndClosed", func(t *testing.T, d *Driver, h driver.Handle, c io.Writer) {
			stuck(t, d, h, c)
			d.Submit(&driver.Op{Code: driver.CloseHandle, Handle: h})
		}},
		{"StuckAndClosedAndParked", func(t *testing.T, d *Driver, h driver.Handle, c io.Writer) {
			stuck(t, d, h, c)
			d.Submit(&driver.Op{Code: driver.CloseHandle, Handle: h})
			d.Park(0)
			d.Park(0)
		}},
	}
	d := start(t, Config{})
	pair(t, d) // opens what Go itself needs
	for _, cfg := range []Config{{}, {ZeroCopy: 1}, {without: ^lacking(uring.FeatureBufferRings), mask: ^uint32(0)}} {
		for _, s := range stages {
			t.Run(s.name, func(t *testing.T) {
				before := descriptors(t)
				d := start(t, cfg)
				h, c := pair(t, d)
				s.do(t, d, h, c)
				d.closeWait = patience // so long it would take to wait for the peer
				begun := time.Now()
				if err := d.Close(); err != nil {
					t.Error(err)
				}
				leakcheck.Forgive("ops", d.busy) // see noteWait
				if took := time.Since(begun); took >= patience {
					t.Errorf("Close took %v", took)
				}
				c.Close()
				for deadline := time.Now().Add(patience); descriptors(t) != before; time.Sleep(time.Millisecond) {
					if time.Now().After(deadline) {
						t.Fatalf("%d descriptors, before it were %d", descriptors(t), before)
					}
				}
				if d.busy != 0 && cfg.ZeroCopy == 0 {
					t.Errorf("busy is %d", d.busy)
				}
			})
		}
	}
}

// stuck sends until a Send waits, since the peer does not read.
func stuck(t *testing.T, d *Driver, h driver.Handle, _ io.Writer) {
	t.Helper()
	for range 1000 {
		op := &driver.Op{Code: driver.Send, Handle: h, Buf: make([]byte, 256<<10)}
		for k := 0; !d.Submit(op); k++ {
			for range 20 {
				if _, err := d.Park(0); err != nil {
					t.Fatal(err)
				}
			}
			if !op.Done() {
				return
			}
			op.Reset()
		}
	}
	t.Fatal("a peer that does not read takes 256 MiB")
}

// On another thread than the ring's, Close can't wait for the kernel; it leaves
// no descriptor all the same.
func TestCloseElsewhere(t *testing.T) {
	before := descriptors(t)
	d := start(t, Config{})
	h, c := pair(t, d)
	recv := &driver.Op{Code: driver.Recv, Handle: h, Buf: make([]byte, 10)}
	d.Submit(recv)
	d.Park(0)
	h2, c2 := pair(t, d)
	d.Submit(&driver.Op{Code: driver.Send, Handle: h2, Buf: make([]byte, 10)})
	d.Submit(&driver.Op{Code: driver.CloseHandle, Handle: h2})
	ended := make(chan error)
	go func() {
		runtime.LockOSThread()
		ended <- d.Close()
	}()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	leakcheck.Forgive("ops", d.busy)
	if !recv.Done() || recv.Err != driver.ErrClosed {
		t.Errorf("the Recv in flight: %v", recv.Err)
	}
	c.Close()
	c2.Close()
	for deadline := time.Now().Add(patience); descriptors(t) > before; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d descriptors, before it were %d", descriptors(t), before)
		}
	}
}

// Close waits for any number of requests as long as some end now and then,
// however long all of them take. What it gives up stays in memory.
func TestCloseWaitsAsLongAsItGoesOn(t *testing.T) {
	d := start(t, Config{})
	const n = 400
	for range n {
		fd, err := unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC)
		if err != nil {
			t.Fatal(err)
		}
		defer unix.Close(fd)
		op := &driver.Op{Code: driver.Attach, Args: &driver.Args{FD: fd}}
		if !d.Submit(op) || op.Err != nil {
			t.Fatal(op.Err)
		}
		d.Submit(&driver.Op{Code: driver.Readable, Handle: op.Handle})
	}
	if _, err := d.Park(0); err != nil {
		t.Fatal(err)
	}
	if d.busy < n {
		t.Fatalf("only %d requests are in the kernel", d.busy)
	}
	d.closeWait = time.Microsecond // they take much longer, together
	if err := d.Close(); err != nil {
		t.Error(err)
	}
	if d.busy != 0 {
		t.Errorf("%d requests were given up", d.busy)
	}
}
