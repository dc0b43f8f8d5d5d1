package drivertest

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rouse-go/rouse/driver"
)

var parkCases = []testCase{
	{"Park/UnparkBefore", nil, unparkBefore},
	{"Park/UnparkDuring", nil, unparkDuring},
	{"Park/UnparkBurst", nil, unparkBurst},
	{"Park/UnparkNotLost", nil, unparkNotLost},
	{"Park/UnparkAfterClose", nil, unparkAfterClose},
	{"Park/Deadline", []Feature{RealClock}, parkDeadline},
	{"Park/DeadlineWithOp", []Feature{RealClock, Network}, parkDeadlineWithOp},
	{"Park/Past", nil, parkPast},
	{"Park/PastReaps", []Feature{Network}, parkPastReaps},
	{"Park/AfterClose", nil, parkAfterClose},
	{"Clock/Real", []Feature{RealClock}, clockReal},
	{"Clock/Manual", nil, clockManual},
}

// park parks for ever, bounded by the watchdog.
func (w *world) park() {
	w.Helper()
	first := true
	w.until("the end of one Park", func() bool {
		f := first
		first = false
		return !f
	})
}

func unparkBefore(w *world) {
	w.d.Unpark()
	w.park()
}

func unparkDuring(w *world) {
	for range 20 {
		var wg sync.WaitGroup
		wg.Go(func() {
			time.Sleep(2 * time.Millisecond)
			w.d.Unpark()
		})
		w.park()
		wg.Wait()
	}
}

// A burst ends one Park, and the next one sleeps.
func unparkBurst(w *world) {
	for range 1000 {
		w.d.Unpark()
	}
	w.park()
	ended := make(chan struct{})
	var early atomic.Bool
	early.Store(true)
	go func() {
		defer close(ended)
		time.Sleep(20 * time.Millisecond)
		early.Store(false)
		w.d.Unpark()
	}()
	w.park()
	if early.Load() {
		w.Error("a second Park did not sleep, though nothing came since the first")
	}
	<-ended
}

// Two sides in turn, so that every notification counts.
func unparkNotLost(w *world) {
	const rounds = 3000
	var asked, answered atomic.Int64
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := int64(1); i <= rounds; i++ {
			asked.Add(1)
			w.d.Unpark()
			for spin := 0; answered.Load() < i; spin++ {
				if w.Failed() {
					return
				}
				time.Sleep(time.Duration(min(spin, 20)) * time.Microsecond)
			}
		}
	}()
	for i := int64(1); i <= rounds; i++ {
		w.until("a notification", func() bool { return asked.Load() >= i })
		answered.Add(1)
	}
	<-done
}

func unparkAfterClose(w *world) {
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					w.d.Unpark()
					time.Sleep(time.Microsecond)
				}
			}
		})
	}
	for range 100 {
		w.park()
	}
	w.close()
	time.Sleep(time.Millisecond)
	close(stop)
	wg.Wait()
	w.d.Unpark()
}

func parkDeadline(w *world) {
	for _, nap := range []time.Duration{
		1, time.Microsecond, 50 * time.Microsecond, 300 * time.Microsecond, 999 * time.Microsecond,
		time.Millisecond, 1500 * time.Microsecond, 7 * time.Millisecond, 30 * time.Millisecond,
	} {
		w.quickly(fmt.Sprintf("Park for %v", nap), nap+time.Second, func() {
			before, start := time.Now(), w.d.Now()
			until := start + int64(nap)
			if n, err := w.d.Park(until); n != 0 || err != nil {
				w.Fatalf("Park: %d, %v", n, err)
			}
			if now := w.d.Now(); now < until {
				w.Errorf("Park for %v ended %v early", nap, time.Duration(until-now))
			}
			if took := time.Since(before); took < nap {
				w.Errorf("Park for %v took only %v of real time", nap, took)
			}
		})
	}
}

// quickly fails if f takes longer than limit each of several times: a machine may
// be busy, but a driver that sleeps too long always does.
func (w *world) quickly(what string, limit time.Duration, f func()) {
	w.Helper()
	quickest := patience
	for range 5 {
		start := time.Now()
		f()
		if quickest = min(quickest, time.Since(start)); quickest <= limit {
			return
		}
	}
	w.Errorf("%s took %v or more, want %v at most", what, quickest, limit)
}

// The deadline holds while something waits that never comes.
func parkDeadlineWithOp(w *world) {
	a, _ := w.pair()
	op := &driver.Op{Code: driver.Recv, Handle: a, Buf: make([]byte, 1)}
	for _, nap := range []time.Duration{100 * time.Microsecond, 3 * time.Millisecond, 20 * time.Millisecond} {
		if op.Poll(w.cx, w.d) {
			w.Fatal("Recv of a silent connection is done")
		}
		until := w.d.Now() + int64(nap)
		for w.d.Now() < until { // an event of the connection itself may come
			if _, err := w.d.Park(until); err != nil {
				w.Fatal(err)
			}
		}
	}
	w.d.Cancel(op)
	w.until("the cancelled Recv", op.Done)
}

func parkPast(w *world) {
	w.quickly("800 Parks with a past deadline", 2*time.Second, func() {
		for range 200 {
			for _, until := range []int64{-5, 0, w.d.Now() - 1, w.d.Now()} {
				if n, err := w.d.Park(until); n != 0 || err != nil {
					w.Fatalf("Park: %d, %v", n, err)
				}
			}
		}
	})
}

// A Park that does not sleep still sees what has happened.
func parkPastReaps(w *world) {
	a, b := w.pair()
	op := &driver.Op{Code: driver.Recv, Handle: a, Buf: make([]byte, 8)}
	if op.Poll(w.cx, w.d) {
		w.Fatal("Recv of a silent connection is done")
	}
	w.send(b, "x")
	for deadline := time.Now().Add(patience); !op.Poll(w.cx, w.d); time.Sleep(100 * time.Microsecond) {
		if time.Now().After(deadline) {
			w.Fatal("Park(0) never saw the data")
		}
		if _, err := w.d.Park(0); err != nil {
			w.Fatal(err)
		}
	}
}

func parkAfterClose(w *world) {
	w.close()
	if _, err := w.d.Park(driver.Forever); err == nil {
		w.Error("Park after Close reported no error")
	}
	w.close() // a second one does nothing
}

func clockReal(w *world) {
	t0, n0 := time.Now(), w.d.Now() // real time brackets the driver's
	if n0 < 0 {
		w.Errorf("Now is %d", n0)
	}
	time.Sleep(10 * time.Millisecond)
	n1, t1 := w.d.Now(), time.Now()
	if got, want := time.Duration(n1-n0), t1.Sub(t0); got < 10*time.Millisecond || got > want {
		w.Errorf("Now went on by %v in %v", got, want)
	}
	if off := time.Since(w.d.Wall()).Abs(); off > time.Minute {
		w.Errorf("Wall is %v off", off)
	}
}

func clockManual(w *world) {
	if w.opt.Advance == nil {
		w.close()
		w.Skip("the clock is real")
	}
	n0, w0 := w.d.Now(), w.d.Wall()
	time.Sleep(time.Millisecond)
	if n1, w1 := w.d.Now(), w.d.Wall(); n1 != n0 || !w1.Equal(w0) {
		w.Errorf("the clock went on by itself: %d to %d, %v to %v", n0, n1, w0, w1)
	}
	w.opt.Advance(w.d, time.Second)
	if n1, w1 := w.d.Now(), w.d.Wall(); n1 != n0+int64(time.Second) || !w1.Equal(w0.Add(time.Second)) {
		w.Errorf("after a second: %d to %d, %v to %v", n0, n1, w0, w1)
	}
	until := w.d.Now() + int64(time.Hour)
	done := make(chan struct{})
	go func() {
		defer close(done)
		time.Sleep(5 * time.Millisecond)
		w.opt.Advance(w.d, time.Minute)
		time.Sleep(5 * time.Millisecond)
		w.opt.Advance(w.d, time.Hour)
	}()
	var late atomic.Bool
	watchdog := time.AfterFunc(patience, func() {
		late.Store(true)
		w.d.Unpark()
	})
	defer watchdog.Stop()
	for w.d.Now() < until {
		if _, err := w.d.Park(until); err != nil {
			w.Fatal(err)
		}
		if late.Load() {
			w.Fatal("the clock was advanced, and Park sleeps on")
		}
	}
	<-done
}
