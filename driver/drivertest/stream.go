package drivertest

import (
	"bytes"
	"math/rand/v2"
	"strings"

	"github.com/rouse-go/rouse/driver"
)

var streamCases = []testCase{
	{"Stream/Big", []Feature{Network}, streamBig},
	{"Stream/OneWay", []Feature{Network}, streamOneWay},
	{"Stream/Partial", []Feature{Network}, streamPartial},
	{"Stream/Vectored", []Feature{Network}, streamVectored},
	{"Stream/BufferIsFree", []Feature{Network}, streamBufferIsFree},
	{"Stream/SmallReads", []Feature{Network}, streamSmallReads},
}

// pattern is byte i of a stream; it repeats at a distance that fits no buffer.
func pattern(seed, i int) byte { return byte((i*7 + i/251 + seed) % 253) }

// stream returns the first n bytes of one.
func stream(seed, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = pattern(seed, i)
	}
	return b
}

// A sender sends the rest of a stream in pieces of random length.
type sender struct {
	op    driver.Op
	rest  []byte
	rnd   *rand.Rand
	tries int
}

// step sends what goes and reports whether all is sent.
func (s *sender) step(w *world) bool {
	for len(s.rest) > 0 {
		n := min(1+s.rnd.IntN(100_000), len(s.rest))
		s.op.Buf, s.op.Vec = s.rest[:n], nil
		if s.tries++; s.tries%3 == 0 {
			cut := s.rnd.IntN(n + 1)
			s.op.Vec = [][]byte{s.op.Buf[:cut], nil, s.op.Buf[cut:]}
		}
		if !s.op.Poll(w.cx, w.d) {
			return false
		}
		if s.op.Err != nil || s.op.N < 1 || s.op.N > n {
			w.Fatalf("Send of %d bytes: %d, %v", n, s.op.N, s.op.Err)
		}
		s.rest = s.rest[s.op.N:]
		s.op.Reset()
	}
	return true
}

// A receiver checks them, in reads of random length.
type receiver struct {
	op   driver.Op
	want []byte
	got  int
	rnd  *rand.Rand
	buf  [100_000]byte
}

func (r *receiver) step(w *world) bool {
	for r.got < len(r.want) {
		r.op.Buf = r.buf[:1+r.rnd.IntN(len(r.buf))]
		if !r.op.Poll(w.cx, w.d) {
			return false
		}
		if r.op.Err != nil || r.op.N == 0 || r.op.N > len(r.want)-r.got {
			w.Fatalf("Recv after %d of %d bytes: %d, %v", r.got, len(r.want), r.op.N, r.op.Err)
		}
		if got, want := r.op.Buf[:r.op.N], r.want[r.got:]; !bytes.HasPrefix(want, got) {
			for i := range got {
				if got[i] != want[i] {
					w.Fatalf("byte %d is %d, want %d", r.got+i, got[i], want[i])
				}
			}
		}
		r.got += r.op.N
		r.op.Reset()
	}
	return true
}

// Several MiB, both ways at once.
func streamBig(w *world) {
	const total = 5 << 20
	a, b := w.pair()
	rnd := rand.New(rand.NewPCG(1, 2))
	data := [2][]byte{stream(0, total), stream(1, total)}
	var s [2]*sender
	var r [2]*receiver
	for i, h := range []driver.Handle{a, b} {
		s[i] = &sender{op: driver.Op{Code: driver.Send, Handle: h}, rest: data[i], rnd: rnd}
		r[i] = &receiver{op: driver.Op{Code: driver.Recv, Handle: h}, want: data[1-i], rnd: rnd}
	}
	w.until("the transfer", func() bool {
		done := true
		for i := range s {
			done = s[i].step(w) && done
			done = r[i].step(w) && done
		}
		return done
	})
	w.shut(a)
	w.wantEnd(b)
}

// Sends of one size, which fit the driver's buffers in every way, while nothing
// comes back that could wake who waits by accident.
func streamOneWay(w *world) {
	for _, size := range []int{1, 1000, 40_000, 64 << 10, 100_000, 1 << 20} {
		a, b := w.pair()
		total := min(size*300, 4<<20)
		s := &driver.Op{Code: driver.Send, Handle: a}
		data := stream(0, total)
		r := &receiver{op: driver.Op{Code: driver.Recv, Handle: b}, want: data, rnd: rand.New(rand.NewPCG(5, uint64(size)))}
		w.until("the transfer", func() bool {
			for len(data) > 0 {
				s.Buf = data[:min(size, len(data))]
				if !s.Poll(w.cx, w.d) {
					break
				}
				if s.Err != nil {
					w.Fatalf("Send: %v", s.Err)
				}
				data = data[s.N:]
				s.Reset()
			}
			return r.step(w) && len(data) == 0
		})
		w.shut(a)
		w.wantEnd(b)
		w.shut(b)
	}
}

// What Send said it took, and no more, arrives; a Send that waits is cancelled
// without a trace.
func streamPartial(w *world) {
	a, b := w.pair()
	chunk := make([]byte, 300_000)
	op := &driver.Op{Code: driver.Send, Handle: a}
	sent := 0
	for range 1000 {
		for i := range chunk {
			chunk[i] = pattern(3, sent+i)
		}
		op.Buf = chunk
		if !op.Poll(w.cx, w.d) {
			break
		}
		if op.Err != nil || op.N < 1 {
			w.Fatalf("Send: %d, %v", op.N, op.Err)
		}
		sent += op.N
		op.Reset()
	}
	if !op.InFlight() {
		w.Fatalf("Send took %d bytes though nobody reads", sent)
	}
	clear(chunk) // the driver keeps no hold on it
	w.d.Cancel(op)
	w.until("the cancelled Send", op.Done)
	r := &receiver{op: driver.Op{Code: driver.Recv, Handle: b}, want: stream(3, sent), rnd: rand.New(rand.NewPCG(3, 4))}
	w.until("what was sent", func() bool { return r.step(w) })
	w.shut(a)
	w.wantEnd(b)
}

func streamVectored(w *world) {
	a, b := w.pair()
	var vec [][]byte
	var want bytes.Buffer
	for i := range 3000 {
		piece := []byte(strings.Repeat(string(rune('a'+i%26)), i%5)) // some are empty
		vec = append(vec, piece)
		want.Write(piece)
	}
	op := &driver.Op{Code: driver.Send, Handle: a}
	got := ""
	for sent := 0; sent < want.Len(); {
		op.Vec = vec
		w.must(op)
		if op.N < 1 {
			w.Fatalf("Send took %d bytes", op.N)
		}
		sent += op.N
		got += w.recv(b, op.N)
		for n := op.N; n > 0 || len(vec) > 0 && len(vec[0]) == 0; {
			k := min(n, len(vec[0]))
			vec[0] = vec[0][k:]
			n -= k
			if len(vec[0]) == 0 {
				vec = vec[1:]
			}
		}
		op.Reset()
	}
	if got != want.String() {
		w.Error("the pieces arrived in disorder")
	}
	op.Vec, op.Buf = nil, nil
	if w.must(op); op.N != 0 {
		w.Errorf("Send of nothing sent %d bytes", op.N)
	}
	op.Reset()
	op.Vec = [][]byte{nil, {}}
	if w.must(op); op.N != 0 {
		w.Errorf("Send of empty pieces sent %d bytes", op.N)
	}
}

// After Submit the driver does not look at the buffer of a Recv that waits.
func streamBufferIsFree(w *world) {
	a, b := w.pair()
	buf := []byte("untouched")
	op := &driver.Op{Code: driver.Recv, Handle: a, Buf: buf}
	if op.Poll(w.cx, w.d) {
		w.Fatal("Recv of a silent connection is done")
	}
	op.Buf = nil
	w.send(b, "overwrite")
	w.until("the completion", op.Done)
	if string(buf) != "untouched" {
		w.Errorf("the buffer was written to behind our back: %q", buf)
	}
	if op.N != 0 {
		w.Errorf("a completion after waiting carries %d bytes", op.N)
	}
	op.Buf = buf
	if w.must(op); string(buf[:op.N]) != "overwrite"[:op.N] {
		w.Errorf("got %q", buf[:op.N])
	}
}

// A read much smaller than what came leaves the rest.
func streamSmallReads(w *world) {
	a, b := w.pair()
	msg := strings.Repeat("0123456789", 2000)
	w.send(a, msg)
	w.must(&driver.Op{Code: driver.Shutdown, Handle: a, Args: &driver.Args{How: 1}})
	var got strings.Builder
	op := &driver.Op{Code: driver.Recv, Handle: b}
	for {
		op.Buf = make([]byte, 7)
		if w.must(op); op.N == 0 {
			break
		}
		got.Write(op.Buf[:op.N])
		op.Reset()
	}
	if got.String() != msg {
		w.Errorf("got %d bytes, want %d", got.Len(), len(msg))
	}
}
