//go:build linux

package uring

import (
	"errors"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// ring returns an enabled ring of the test's thread, or skips.
func ring(t testing.TB, cfg Config) *Ring {
	t.Helper()
	if cfg.Entries == 0 {
		cfg.Entries, cfg.Completions = 64, 256
	}
	r, err := New(cfg)
	if errors.Is(err, ErrNotSupported) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	runtime.LockOSThread()
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		runtime.UnlockOSThread()
	})
	if err := r.Enable(); err != nil {
		t.Fatal(err)
	}
	return r
}

// next returns the next completion, which comes within a second.
func next(t testing.TB, r *Ring) CQE {
	t.Helper()
	var c CQE
	for range 100 {
		if r.Peek(&c) {
			r.Seen()
			return c
		}
		if errno := r.Enter(10 * time.Millisecond); errno != 0 && errno != unix.EINTR {
			t.Fatal(errno)
		}
	}
	t.Fatal("no completion within a second")
	return c
}

func TestNop(t *testing.T) {
	for _, mask := range []uint32{0, SetupNoSQArray, SetupDeferTaskrun | SetupSingleIssuer | SetupDisabled | SetupNoSQArray, ^uint32(0)} {
		r := ring(t, Config{Entries: 8, Completions: 16, Mask: mask})
		if r.Flags()&mask&(SetupNoSQArray|SetupDeferTaskrun) != 0 {
			t.Errorf("flags %#x in spite of the mask %#x", r.Flags(), mask)
		}
		for i := range uint64(1000) {
			r.Next().Nop(i)
			if c := next(t, r); c.UserData != i || c.Res != 0 {
				t.Fatalf("completion %+v of request %d", c, i)
			}
		}
	}
}

func TestFull(t *testing.T) {
	r := ring(t, Config{Entries: 8, Completions: 8})
	for round := range 10 {
		for i := range uint64(8) {
			r.Next().Nop(i)
		}
		if r.Next() != nil {
			t.Fatal("a ninth request in a queue of eight")
		}
		if r.Enter(0) != 0 || r.Prepared() != 0 {
			t.Fatal("Enter left requests")
		}
		// The completions pile up; those that don't fit wait in the kernel.
		if round%3 != 2 {
			continue
		}
		n := 0
		for c := (CQE{}); n < 24; n++ {
			if !r.Peek(&c) {
				r.Seen()
				if errno := r.Enter(0); errno != 0 && errno != unix.EBUSY {
					t.Fatal(errno)
				}
				if !r.Peek(&c) {
					break
				}
			}
		}
		r.Seen()
		if n != 24 && round != 9 {
			t.Fatalf("round %d: %d completions of 24", round, n)
		}
	}
}

func TestTimeout(t *testing.T) {
	r := ring(t, Config{})
	for _, d := range []time.Duration{1, time.Microsecond, 3 * time.Millisecond} {
		start := time.Now()
		errno := r.Enter(d)
		if took := time.Since(start); errno == 0 && took < d {
			t.Errorf("Enter(%v) returned after %v", d, took)
		}
	}
}

func TestProbe(t *testing.T) {
	s, err := Probe()
	if errors.Is(err, ErrNotSupported) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	for f := range features {
		t.Logf("%-36s %v", f, s.Has(f))
		if err := s.Without(f).Need(f); !errors.Is(err, ErrNotSupported) {
			t.Errorf("Need of what is missing: %v", err)
		}
		if s.Has(f) && s.Need(f) != nil {
			t.Errorf("Need of what is there: %v", s.Need(f))
		}
	}
}
