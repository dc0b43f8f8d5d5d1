//go:build linux

package uring

import (
	"os"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/internal/uring"
)

// More happens at a time than either queue has places for: everything is done,
// once.
func TestConformance_148_QueuesOverflow(t *testing.T) {
	fullSQ, fullCQ := 0, 0
	for _, mask := range []uint32{0, ^uint32(0)} {
		d := start(t, Config{Entries: 8, mask: mask, tamper: func(prepared uint32) (uint32, unix.Errno) {
			if prepared == 8 {
				fullSQ++
			}
			return prepared, 0
		}})
		if err := d.begun(); err != nil {
			t.Fatal(err)
		}
		var conns [300]fuzzed // the queue of completions has 32 places
		for i := range conns {
			conns[i].open(t, d)
		}
		for round := range 20 {
			for i := range conns {
				c := &conns[i]
				c.recv(t, d, 100)
				c.peerSends(byte(round), 10)
				d.Submit(&driver.Op{Code: driver.Send, Handle: c.h, Buf: []byte{byte(round)}})
			}
			until(t, d, "a round", func() bool {
				left := 0
				if d.ring.Overflown() {
					fullCQ++
				}
				for i := range conns {
					c := &conns[i]
					if c.recv(t, d, 100); len(c.sent) > 0 {
						left++
					}
				}
				return left == 0
			})
		}
		for i := range conns {
			var got [100]byte
			if n, err := unix.Read(conns[i].peer, got[:]); n != 20 || err != nil || got[19] != 19 {
				t.Errorf("connection %d sent %d bytes of 20, %v", i, n, err)
			}
			conns[i].close(t, d)
		}
		rest(t, d, 0)
	}
	report(t, "full-submission-queue", fullSQ)
	report(t, "completion-overflow", fullCQ)
}

// A full queue on a thread that is not the ring's is a bug of the caller, which
// is said instead of trying for ever.
func TestWrongThread(t *testing.T) {
	d := start(t, Config{Entries: 8})
	if d.ring.Flags()&uring.SetupSingleIssuer == 0 {
		t.Skip("any thread may use the ring")
	}
	if _, err := d.Park(0); err != nil {
		t.Fatal(err)
	}
	said := make(chan any)
	go func() {
		runtime.LockOSThread()
		defer func() { said <- recover() }()
		for range 9 {
			d.entry().Nop(uint64(noMark))
		}
	}()
	if s, _ := (<-said).(string); !strings.Contains(s, "belongs to the thread") {
		t.Errorf("the panic says %q", s)
	}
}

// A cancelled read that the kernel interrupted ends; it is not tried again.
func TestConformance_148_InterruptedReads(t *testing.T) {
	path := t.TempDir() + "/fifo"
	if err := unix.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	d := start(t, Config{})
	open := must(t, d, &driver.Op{Code: driver.Open, Args: &driver.Args{Path: path, Flags: os.O_RDWR}})
	for _, canceled := range []bool{false, true} {
		op := &driver.Op{Code: driver.ReadAt, Handle: open.Handle, Buf: make([]byte, 8)}
		m, r := d.begin(dutyFile, open.Handle)
		r.op, r.file, r.fd = op, d.slots.At(uint32(open.Handle)).ext.file, int32(d.slots.At(uint32(open.Handle)).fd)
		r.file.users++
		op.Start()
		op.Slot = uint32(m) | native
		if canceled {
			d.Cancel(op)
		}
		// As the kernel has it when a thread of its own was at it.
		d.complete(&uring.CQE{UserData: uint64(m), Res: -int32(unix.EINTR)})
		if op.Done() != canceled {
			t.Errorf("canceled %v, done %v", canceled, op.Done())
		}
		if canceled && op.Err != driver.ErrCanceled {
			t.Error(op.Err)
		}
		if !canceled {
			d.Cancel(op)
			until(t, d, "the end of the read", op.Done)
		}
	}
	shut(t, d, open.Handle)
	rest(t, d, 0)
}
