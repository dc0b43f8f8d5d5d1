//go:build linux

package wakefd

import (
	"sync/atomic"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

func open(t *testing.T) *Sleeper {
	t.Helper()
	s := new(Sleeper)
	if err := s.Open(); err != nil {
		t.Fatal(err)
	}
	return s
}

// written takes what is in an eventfd.
func written(t *testing.T, fd int) uint64 {
	t.Helper()
	var buf [8]byte
	switch n, err := unix.Read(fd, buf[:]); {
	case err == unix.EAGAIN:
		return 0
	case n != len(buf) || err != nil:
		t.Fatalf("read of the eventfd: %d, %v", n, err)
	}
	return *(*uint64)(unsafe.Pointer(&buf))
}

// Only the first Unpark of a sleep writes, and none of a loop that runs.
func TestOneWriteForASleep(t *testing.T) {
	s := open(t)
	defer s.Close()
	s.Unpark()
	s.Unpark()
	if s.Down() {
		t.Fatal("it sleeps though it was told")
	}
	s.Take()
	if n := written(t, s.FD()); n != 0 {
		t.Errorf("%d writes to a loop that runs", n)
	}
	if !s.Down() {
		t.Fatal("what was taken forbids a sleep")
	}
	s.Unpark()
	s.Unpark()
	if !s.Up() {
		t.Error("Up does not know who told it")
	}
	if n := written(t, s.FD()); n != 1 {
		t.Errorf("%d writes to a loop that sleeps, want 1", n)
	}
	if !s.Down() || s.Up() {
		t.Error("two Unparks end two sleeps")
	}
	s.rung = 0 // the test has read its write
}

// Close waits for the write of an Unpark that was held up between its two
// steps, for no longer than it must.
func TestCloseWaitsForWrites(t *testing.T) {
	s := open(t)
	s.Down()
	s.word.Swap(notified) // an Unpark, up to the write
	if !s.Up() {
		t.Fatal("Up does not know who told it")
	}
	var wrote atomic.Bool
	go func() {
		time.Sleep(20 * time.Millisecond) // Close may begin; the order is checked, not assumed
		wrote.Store(true)
		s.ring()
	}()
	s.Close()
	if !wrote.Load() {
		t.Error("Close did not wait for the write")
	}
	s.Unpark() // harmless: the word is never parked again
}

// patience is how long a sleep that somebody ends may last, in milliseconds.
const patience = 30_000

// Wakes that meet the end of a sleep are all heard of.
func TestRace(t *testing.T) {
	s := open(t)
	const rounds = 1500
	var asked, seen atomic.Int64
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := int64(1); i <= rounds; i++ {
			asked.Store(i)
			s.Unpark()
			for seen.Load() < i {
				time.Sleep(time.Microsecond)
			}
		}
	}()
	set := []unix.PollFd{{Fd: int32(s.FD()), Events: unix.POLLIN}}
	read := uint64(0)
	for i := int64(1); i <= rounds; i++ {
		for asked.Load() < i {
			if !s.Down() {
				s.Take()
				continue
			}
			limit := patience
			if i%2 == 0 {
				limit = int(i % 3)
			}
			switch n, err := unix.Poll(set, limit); {
			case err != nil && err != unix.EINTR:
				t.Fatal(n, err)
			case n == 0 && limit == patience:
				t.Fatal("nothing ends the sleep")
			}
			s.Up()
			read += written(t, s.FD()) // poll knows no edges
		}
		seen.Store(i)
	}
	<-done
	if late := s.rung - read; late > 1 {
		t.Errorf("%d writes are missing", late)
	}
	s.rung -= read
	s.Close()
}

// What drivers pay in a turn that does not sleep, and in one that might.
func BenchmarkTake(b *testing.B) {
	s := new(Sleeper)
	for b.Loop() {
		s.Take()
	}
}

func BenchmarkDownUp(b *testing.B) {
	s := new(Sleeper)
	for b.Loop() {
		s.Down()
		s.Up()
	}
}
