//go:build linux

package uring

import (
	"bytes"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/driver/drivertest"
	"github.com/rouse-go/rouse/internal/faults"
	"github.com/rouse-go/rouse/internal/uring"
)

// report prints how many faults of a kind were made. None would show nothing.
func report(t *testing.T, kind string, n int) {
	t.Helper()
	faults.Report(t, "uring", map[string]int{kind: n}, kind)
}

// A saboteur makes some entries into the kernel fail, and has it take only some
// of what was prepared in others.
type saboteur struct {
	rnd  *rand.Rand
	made map[unix.Errno]int
	part int
}

func (s *saboteur) tamper(prepared uint32) (uint32, unix.Errno) {
	switch k := s.rnd.IntN(12); {
	case k < 3:
		// Interrupted, short of memory, or told to reap first.
		errno := [...]unix.Errno{unix.EINTR, unix.EAGAIN, unix.EBUSY}[k]
		s.made[errno]++
		return 0, errno
	case k < 6 && prepared > 1:
		s.part++
		return 1 + s.rnd.Uint32N(prepared-1), 0
	}
	return prepared, 0
}

// The kernel may refuse an entry, or take a part of what it was given, at any
// time: everything is done, once.
func TestEnterFails(t *testing.T) {
	s := &saboteur{rnd: rand.New(rand.NewPCG(1, 0)), made: map[unix.Errno]int{}}
	for _, v := range []struct {
		cfg   Config
		parts []string
	}{
		{Config{Entries: 8}, []string{"Net/Echo", "Net/AcceptBurst", "Net/Churn", "Stream/Big", "Stream/Partial", "Stream/Vectored", "End/", "Cancel/L", "Abandon/", "File/CloseInFlight", "File/Many", "File/ReadWrite", "Attach/", "Datagram/B", "Park/Deadline"}},
		{Config{without: ^lacking(uring.FeatureBufferRings), mask: ^uint32(0)}, []string{"Stream/Partial", "Stream/Vectored", "Stream/SmallReads", "End/"}},
	} {
		v.cfg.tamper = s.tamper
		for _, part := range v.parts {
			drivertest.RunSome(t, part, func(t *testing.T) driver.Driver { return made(t, v.cfg) }, drivertest.Options{})
		}
	}
	smallSends(t, s)
	report(t, "enter-EINTR", s.made[unix.EINTR])
	report(t, "enter-EAGAIN", s.made[unix.EAGAIN])
	report(t, "enter-EBUSY", s.made[unix.EBUSY])
	report(t, "partial-submission", s.part)
}

// smallSends sends a little on many connections in each turn: what the kernel
// has not taken yet must not be overwritten.
func smallSends(t *testing.T, s *saboteur) {
	d := start(t, Config{Entries: 64, tamper: s.tamper})
	var conns [40]fuzzed
	var want, got [len(conns)][]byte
	for i := range conns {
		conns[i].open(t, d)
	}
	receive := func() (all bool) {
		all = true
		for i := range conns {
			var buf [4096]byte
			if n, err := unix.Read(conns[i].peer, buf[:]); err == nil {
				got[i] = append(got[i], buf[:n]...)
			}
			all = all && len(got[i]) >= len(want[i])
		}
		return all
	}
	for round := range 100 {
		for i := range conns {
			msg := bytes.Repeat([]byte{byte(i), byte(round)}, 1+s.rnd.IntN(30))
			if op := must(t, d, &driver.Op{Code: driver.Send, Handle: conns[i].h, Buf: msg}); op.N != len(msg) {
				t.Fatalf("Send took %d bytes of %d", op.N, len(msg))
			}
			want[i] = append(want[i], msg...)
		}
		if _, err := d.Park(0); err != nil {
			t.Fatal(err)
		}
		receive()
	}
	for deadline := time.Now().Add(patience); !receive(); {
		if _, err := d.Park(0); err != nil || time.Now().After(deadline) {
			t.Fatalf("what was sent does not arrive, %v", err)
		}
	}
	for i := range conns {
		if !bytes.Equal(got[i], want[i]) {
			t.Errorf("connection %d: what arrived is not what was sent", i)
		}
		conns[i].close(t, d)
	}
	rest(t, d, 0)
}

// More comes at once than there are buffers for: receives end for want of them,
// and nothing that was sent is missing in the end.
func TestNoBuffers(t *testing.T) {
	dry, were := 0, map[driver.Handle]bool{}
	for _, without := range []uint32{0, ^lacking(uring.FeatureBufferRings)} {
		d := start(t, Config{Buffers: 64, BufferSize: 1024, without: without})
		var conns [40]fuzzed
		for i := range conns {
			conns[i].open(t, d)
		}
		for round := range 8 {
			for i := range conns {
				c := &conns[i]
				c.recv(t, d, 100) // it waits
			}
			if _, err := d.Park(0); err != nil {
				t.Fatal(err)
			}
			for i := range conns {
				conns[i].peerSends(byte(round), 20_000)
			}
			until(t, d, "a round", func() bool {
				now := map[driver.Handle]bool{}
				for _, h := range d.hold.dry {
					if now[h] = true; !were[h] {
						dry++ // a receive that has found none since the last Park
					}
				}
				were = now
				left := 0
				for i := range conns {
					c := &conns[i]
					for len(c.sent) > 0 && !c.op.InFlight() {
						c.recv(t, d, 3000)
					}
					left += len(c.sent)
				}
				return left == 0
			})
			account(t, d)
		}
		for i := range conns {
			conns[i].close(t, d)
		}
		rest(t, d, 0)
	}
	report(t, "ENOBUFS", dry)
}

// There is no memory for more buffers when they run short: the driver goes on
// with those that it has.
func TestNoMemoryForBuffers(t *testing.T) {
	refused, filtered := 0, false
	// On a thread of its own, which ends with it: see Refuse.
	t.Run("", func(t *testing.T) {
		runtime.LockOSThread()
		cfg := Config{Buffers: 1024, BufferSize: 1024}
		d := start(t, cfg)
		var conns [60]fuzzed
		for i := range conns {
			conns[i].open(t, d)
		}
		round := func(mark byte) {
			for i := range conns {
				conns[i].recv(t, d, 100) // it waits
			}
			if _, err := d.Park(0); err != nil {
				t.Fatal(err)
			}
			for i := range conns {
				conns[i].peerSends(mark, 9000)
			}
			for range 3 { // what comes lies unread
				h, n := &d.hold, d.buffers.Len()
				if want := h.armed + len(h.dry); want > 0 && h.free < n/4 && n < min(2*want, d.buffers.Cap()) {
					refused++ // this Park asks for more, see refill
				}
				if _, err := d.Park(0); err != nil {
					t.Fatal(err)
				}
			}
			until(t, d, "a round", func() bool {
				left := 0
				for i := range conns {
					c := &conns[i]
					for len(c.sent) > 0 && !c.op.InFlight() {
						c.recv(t, d, 3000)
					}
					left += len(c.sent)
				}
				return left == 0
			})
		}
		conns[0].recv(t, d, 1)
		if _, err := d.Park(0); err != nil || d.buffers.Len() != minBuffers {
			t.Fatalf("%d buffers, %v", d.buffers.Len(), err)
		}
		slab := uint32(minBuffers * (cfg.BufferSize + 64)) // as internal/uring maps them
		if err := faults.Refuse(false, faults.Refusal{Call: unix.SYS_MMAP, Arg: 1, Value: (slab + 4095) &^ 4095, Errno: unix.ENOMEM},
			faults.Refusal{Call: unix.SYS_MMAP, Arg: 1, Value: slab, Errno: unix.ENOMEM}); err != nil {
			t.Skip(err)
		}
		filtered = true
		for k := range byte(6) {
			round(k)
			account(t, d)
		}
		if d.buffers.Len() != minBuffers {
			t.Errorf("%d buffers: nothing was refused", d.buffers.Len())
		}
		for i := range conns {
			conns[i].close(t, d)
		}
		rest(t, d, 0)
	})
	if filtered {
		report(t, "mmap-ENOMEM", refused)
	}
}

// A socket that is full when a send comes takes nothing of it. It goes when
// there is room, after what came before.
func TestFullSocket(t *testing.T) {
	full := 0
	for _, cfg := range []Config{{}, {without: ^lacking(uring.FeatureBufferRings), mask: ^uint32(0)}} {
		d := start(t, cfg)
		var c fuzzed
		c.open(t, d)
		var want, got []byte
		op := &driver.Op{Code: driver.Send, Handle: c.h}
		stuck := false
		for waits := false; !waits; {
			op.Reset()
			op.Buf = bytes.Repeat([]byte{byte(len(want))}, 1+len(want)%700)
			if waits = !d.Submit(op); !waits {
				if op.Err != nil {
					t.Fatal(op.Err)
				}
				want = append(want, op.Buf[:op.N]...)
			}
			if _, err := d.Park(0); err != nil {
				t.Fatal(err)
			}
			was := stuck
			o := d.slots.At(uint32(c.h)).out
			if stuck = o != nil && o.state == outSlow && o.from == 0; stuck && !was {
				full++ // nothing of it went: the kernel waits for room
			}
		}
		until(t, d, "room", func() bool {
			var buf [4096]byte
			for {
				n, err := unix.Read(c.peer, buf[:])
				if err != nil {
					break
				}
				got = append(got, buf[:n]...)
			}
			return op.Done() && len(got) >= len(want)
		})
		if op.Err != driver.ErrAgain || !bytes.Equal(got, want) {
			t.Errorf("%d bytes arrived of %d, or they are wrong; the Send that waited: %v", len(got), len(want), op.Err)
		}
		c.close(t, d)
		rest(t, d, 0)
	}
	report(t, "full-socket", full)
}
