package drivertest

import (
	"math/rand/v2"
	"strings"
	"syscall"

	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/internal/faults"
)

// Faults that the system really makes, as far as a test can bring them about.
var faultCases = append([]testCase{
	{"Fault/Reset", []Feature{Network, Reset}, faultReset},
	{"Fault/ShortTransfers", []Feature{Network, SocketOptions}, faultShort},
}, systemFaultCases...)

// injected reports how many faults of a kind a test has met, in a form that a
// program can read. A test that has met none shows nothing, so it fails.
func (w *world) injected(kind string, n int) {
	w.Helper()
	faults.Report(w.T, w.d.Name(), map[string]int{kind: n}, kind)
}

// wantCall fails unless err is what the system said, and says of which call.
func (w *world) wantCall(err error, want syscall.Errno, calls ...string) {
	w.Helper()
	w.wantErr(err, want)
	for _, call := range calls {
		if err != nil && strings.Contains(err.Error(), call) {
			return
		}
	}
	w.Errorf("%v names none of the calls %q", err, calls)
}

// The peer breaks off: who waits to receive is told, sending fails in the end,
// and neither hangs.
func faultReset(w *world) {
	const many = 9
	resets := 0
	for i := range many {
		a, b := w.pair()
		r := &driver.Op{Code: driver.Recv, Handle: b, Buf: make([]byte, 8)}
		if i%2 == 0 && r.Poll(w.cx, w.d) {
			w.Fatal("Recv of a silent connection is done")
		}
		if i%3 == 0 {
			w.send(b, "nobody reads this")
		}
		w.must(&driver.Op{Code: driver.SetOption, Handle: a, Args: &driver.Args{Option: driver.Linger, Value: 0}})
		w.shut(a)
		w.wait(r)
		if r.Err != nil {
			w.wantCall(r.Err, syscall.ECONNRESET, "read", "recv")
			resets++
		}
		s := &driver.Op{Code: driver.Send, Handle: b, Buf: make([]byte, 100)}
		w.eventually("an error of Send", func() bool {
			s.Reset()
			w.wait(s)
			return s.Err != nil
		})
		switch {
		case r.Err != nil:
			if !strings.Contains(s.Err.Error(), "write") && !strings.Contains(s.Err.Error(), "send") {
				w.Errorf("%v does not name the call", s.Err)
			}
		case i%3 == 0 && r.N == 0:
			// The kernel tells it once, and what Send took was sent meanwhile: it
			// has been told there, and that is known by now.
			w.wantCall(s.Err, syscall.ECONNRESET, "write", "send")
			resets++
		default:
			w.Errorf("Recv on a connection that was reset: %d, nil", r.N)
		}
		w.shut(b)
	}
	w.injected("ECONNRESET", resets)
}

// Through a small buffer large writes go in parts, and reads bring parts. All of it arrives, in order.
func faultShort(w *world) {
	const total = 1 << 20
	a, b := w.pair()
	w.must(&driver.Op{Code: driver.SetOption, Handle: a, Args: &driver.Args{Option: driver.SendBuffer, Value: 4096}})
	rnd := rand.New(rand.NewPCG(7, 8))
	data := make([]byte, total)
	for i := range data {
		data[i] = pattern(9, i)
	}
	s := &driver.Op{Code: driver.Send, Handle: a}
	r := &driver.Op{Code: driver.Recv, Handle: b}
	sent, got, shortWrites, shortReads := 0, 0, 0, 0
	w.until("the transfer", func() bool {
		for sent < total {
			s.Buf = data[sent:]
			if !s.Poll(w.cx, w.d) {
				break
			}
			if s.Err != nil || s.N < 1 {
				w.Fatalf("Send: %d, %v", s.N, s.Err)
			}
			if sent += s.N; sent < total {
				shortWrites++
			}
			s.Reset()
		}
		for got < total {
			r.Buf = make([]byte, 1+rnd.IntN(50_000))
			if !r.Poll(w.cx, w.d) {
				break
			}
			if r.Err != nil || r.N == 0 {
				w.Fatalf("Recv: %d, %v", r.N, r.Err)
			}
			if string(r.Buf[:r.N]) != string(data[got:got+r.N]) {
				w.Fatalf("wrong bytes at %d", got)
			}
			if r.N < len(r.Buf) {
				shortReads++
			}
			got += r.N
			r.Reset()
		}
		return got == total
	})
	w.injected("short-write", shortWrites)
	w.injected("short-read", shortReads)
	w.shut(a)
	w.wantEnd(b)
	w.shut(b)
}
