package drivertest

import (
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/rouse-go/rouse/driver"
)

var interruptCases = []testCase{
	{"Interrupt/Park", []Feature{Signals, RealClock}, interruptPark},
	{"Interrupt/Stream", []Feature{Signals, Network}, interruptStream},
	{"Interrupt/File", []Feature{Signals, Files}, interruptFile},
}

// enough is how many signals a test waits for, and at least gets.
const enough = 30

// A storm sends signals to a thread, which a system call that sleeps answers with
// EINTR. Go ignores a SIGURG that it did not send.
type storm struct {
	w    *world
	last time.Time // when enough must have been sent
	sent atomic.Int64
	over atomic.Bool
	wg   sync.WaitGroup
}

// interrupted begins a storm on the calling thread.
func interrupted(w *world) *storm {
	s := &storm{w: w, last: time.Now().Add(patience)}
	pid, thread := unix.Getpid(), unix.Gettid()
	s.wg.Go(func() {
		for !s.over.Load() {
			if unix.Tgkill(pid, thread, unix.SIGURG) == nil {
				s.sent.Add(1)
			}
			time.Sleep(50 * time.Microsecond)
		}
	})
	return s
}

// blows reports whether the storm needs to go on.
func (s *storm) blows() bool {
	s.w.Helper()
	if s.sent.Load() >= enough {
		return false
	}
	if time.Now().After(s.last) {
		s.w.Fatalf("only %d signals could be sent in %v", s.sent.Load(), patience)
	}
	return true
}

// end ends it and says how many signals there were; which of them met a system
// call that they interrupt, nobody can tell.
func (s *storm) end() {
	s.w.Helper()
	s.over.Store(true)
	s.wg.Wait()
	s.w.injected("signal", int(s.sent.Load()))
}

// A sleep that is interrupted goes on: Park returns neither early nor with an
// error.
func interruptPark(w *world) {
	s := interrupted(w)
	defer s.end()
	for s.blows() {
		until := w.d.Now() + int64(5*time.Millisecond)
		if n, err := w.d.Park(until); n != 0 || err != nil {
			w.Fatalf("Park under signals: %d, %v", n, err)
		}
		if early := until - w.d.Now(); early > 0 {
			w.Errorf("an interrupted Park returned %v early", time.Duration(early))
		}
	}
}

// Connections are made under signals, and streams lose and repeat nothing and see
// no EINTR or EAGAIN, full pipes included.
func interruptStream(w *world) {
	s := interrupted(w)
	defer s.end()
	a, b := w.pair()
	for i := 0; i < 20 || s.blows(); i++ {
		if i%10 == 0 {
			w.megabyte(a, b)
		}
		x, y := w.pair()
		w.echo(x, y, "new")
		w.shut(x)
		w.shut(y)
	}
}

func (w *world) megabyte(a, b driver.Handle) {
	w.Helper()
	const total = 1 << 20
	data := make([]byte, 1<<16)
	got := make([]byte, 1<<15)
	var sent, received int
	send := &driver.Op{Code: driver.Send, Handle: a}
	recv := &driver.Op{Code: driver.Recv, Handle: b, Buf: got}
	sending, receiving := false, false
	// Nothing is received until sending has had to wait: EAGAIN, in the system.
	full := false
	w.until("a megabyte", func() bool {
		for sent < total {
			if !sending {
				for i := range data {
					data[i] = byte((sent + i) % 251)
				}
				send.Buf, sending = data[:min(len(data), total-sent)], true
			}
			if !send.Poll(w.cx, w.d) {
				full = true
				break
			}
			if send.Err != nil {
				w.Fatalf("Send under signals: %v", send.Err)
			}
			sent += send.N
			sending = false
			send.Reset()
		}
		for received < total && (full || sent == total) {
			receiving = true
			if !recv.Poll(w.cx, w.d) {
				break
			}
			receiving = false
			if recv.Err != nil || recv.N == 0 {
				w.Fatalf("Recv under signals: %d, %v", recv.N, recv.Err)
			}
			for i, c := range got[:recv.N] {
				if c != byte((received+i)%251) {
					w.Fatalf("byte %d is %d", received+i, c)
				}
			}
			received += recv.N
			recv.Reset()
		}
		return received == total
	})
	if receiving {
		w.Error("Recv is left in flight")
	}
}

// Files under signals.
func interruptFile(w *world) {
	s := interrupted(w)
	defer s.end()
	h := w.openFile(filepath.Join(w.dir(), "f"), os.O_RDWR|os.O_CREATE)
	data := make([]byte, 1<<16)
	for i := 0; i < 50 || s.blows(); i++ {
		for k := range data {
			data[k] = byte(i)
		}
		off := int64(i)
		if op := w.must(&driver.Op{Code: driver.WriteAt, Handle: h, Buf: data, Off: off}); op.N != len(data) {
			w.Fatalf("WriteAt under signals: %d", op.N)
		}
		if i%10 == 0 {
			w.must(&driver.Op{Code: driver.Sync, Handle: h})
		}
		op := w.must(&driver.Op{Code: driver.ReadAt, Handle: h, Buf: make([]byte, len(data)), Off: off})
		if op.N != len(data) || string(op.Buf) != string(data) {
			w.Fatalf("ReadAt under signals: %d bytes, or others", op.N)
		}
	}
	w.shut(h)
}
