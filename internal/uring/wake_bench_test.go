//go:build linux

package uring

import (
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// BenchmarkWake compares two ways to end the sleep of another thread's ring: a
// write to an eventfd that the ring polls, and a message. They take turns in
// one run. It reports the medians of what the call costs who wakes, and of the
// time from before the call until the sleeper is back in Go.
func BenchmarkWake(b *testing.B) {
	r := make(chan *Ring)
	bell, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		b.Fatal(err)
	}
	defer unix.Close(bell)
	if s, err := Probe(); err != nil || s.Need(FeatureMessagesAlone) != nil {
		b.Skip(err, s.Need(FeatureMessagesAlone))
	}
	var asleep, woken, stop atomic.Int64
	ended := make(chan struct{})
	epoch := time.Now()
	go func() {
		defer close(ended)
		g := ring(b, Config{})
		g.Next().PollMany(bell, unix.POLLIN, 1)
		g.Enter(0)
		r <- g
		var c CQE
		for stop.Load() == 0 {
			asleep.Add(1)
			g.Enter(Forever)
			woken.Store(int64(time.Since(epoch)))
			for g.Peek(&c) {
			}
			g.Seen()
		}
	}()
	letter := (<-r).Letter(2, 0)
	one := uint64(1)
	ways := []struct {
		name       string
		wake       func()
		cost, late []float64
	}{
		{name: "eventfd", wake: func() { unix.Write(bell, (*[8]byte)(unsafe.Pointer(&one))[:]) }},
		{name: "message", wake: func() {
			if err := letter.Send(); err != nil {
				b.Error(err)
			}
		}},
	}
	sleeps := int64(1)
	b.ResetTimer()
	for n := range b.N * 2 {
		w := &ways[n%2]
		for asleep.Load() < sleeps {
			runtime.Gosched()
		}
		for end := time.Now().Add(20 * time.Microsecond); time.Now().Before(end); { // until it is in the kernel
		}
		woken.Store(0)
		begun := time.Since(epoch)
		w.wake()
		called := time.Since(epoch)
		for woken.Load() == 0 {
			runtime.Gosched()
		}
		sleeps++
		w.cost = append(w.cost, float64(called-begun))
		w.late = append(w.late, float64(woken.Load()-int64(begun)))
	}
	b.StopTimer()
	for asleep.Load() < sleeps {
		runtime.Gosched()
	}
	stop.Store(1)
	ways[0].wake()
	<-ended
	for i := range ways {
		slices.Sort(ways[i].cost)
		slices.Sort(ways[i].late)
		b.ReportMetric(ways[i].cost[b.N/2], ways[i].name+"-cost-ns")
		b.ReportMetric(ways[i].late[b.N/2], ways[i].name+"-wake-ns")
	}
}

// A letter can be sent again and again, and costs no memory.
func TestLetter(t *testing.T) {
	r := ring(t, Config{})
	if s, err := Probe(); err != nil || !s.Has(FeatureMessagesAlone) {
		t.Skip("no messages from any thread here")
	}
	l := r.Letter(77, 5)
	if n := testing.AllocsPerRun(100, func() {
		if err := l.Send(); err != nil {
			t.Fatal(err)
		}
		if c := next(t, r); c.UserData != 77 || c.Res != 5 {
			t.Fatalf("got %+v", c)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
