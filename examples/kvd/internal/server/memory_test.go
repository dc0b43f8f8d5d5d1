package server

import (
	"strings"
	"testing"

	"github.com/rouse-go/rouse/examples/kvd/internal/engine"
)

// A connection at rest owns no buffer, whatever went over it before.
func TestIdleSessionOwnsNoBuffers(t *testing.T) {
	w := newWorld(t, Config{})
	p := w.connect()
	p.atRest("at the start")
	p.expect("PING\r\n", "+PONG\r\n")
	p.atRest("after PING")
	p.expect(strings.Repeat("PING\r\n", 1000), strings.Repeat("+PONG\r\n", 1000))
	p.atRest("after a pipeline")
	value := strings.Repeat("v", 300<<10)
	p.expect(request("SET", "k", value), "+OK\r\n")
	p.atRest("after a large request")
	p.expect("GET k\r\n", bulk(value))
	p.atRest("after a large reply")
	set := request("SET", "k", "small")
	p.send(set[:10])
	if len(p.session.in) != 10 {
		t.Errorf("of half a request %d bytes are kept", len(p.session.in))
	}
	p.expect(set[10:], "+OK\r\n")
	p.atRest("after a request in halves")
}

// Half a request keeps neither what came before it alive, nor room for all that
// it announces.
func TestHalfRequestKeepsLittle(t *testing.T) {
	w := newWorld(t, Config{})
	p := w.connect()
	const half = "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$536870912\r\nbeginning"
	p.expect(request("SET", "k", strings.Repeat("v", 500<<10))+half, "+OK\r\n")
	if in := p.session.in; string(in) != half || cap(in) > 8<<10 {
		t.Errorf("half a request is kept as %.100q with room for %d", in, cap(in))
	}
	p.ask(strings.Repeat("x", 300<<10))
	if in := p.session.in; len(in) != len(half)+300<<10 || cap(in) > 3*len(in) {
		t.Errorf("%d bytes of a request are kept with room for %d", len(in), cap(in))
	}
}

// A client that does not read is not read from: what it holds stays within one
// read and one batch. When it reads, it gets everything.
func TestClientThatDoesNotReadIsHeldBack(t *testing.T) {
	w := newWorld(t, Config{Engine: engine.Config{OutputSoft: 16 << 10}})
	p, other := w.connect(), w.connect()
	const n = 5_000
	value := strings.Repeat("v", 1000)
	p.expect(request("SET", "k", value), "+OK\r\n")
	rest := strings.Repeat("GET k\r\n", n)
	for before := ""; rest != before; {
		before = rest
		rest = p.send(rest)
		s := p.session
		if most := 16<<10 + len(bulk(value)); cap(s.unsent) > most+most/4 || len(s.in) > readSize {
			t.Fatalf("the session holds %d bytes of requests and %d of replies", len(s.in), cap(s.unsent))
		}
		other.expect("GET k\r\n", bulk(value))
	}
	if rest == "" {
		t.Fatal("all the requests were taken")
	}
	other.expect("PING\r\n", "+PONG\r\n")
	other.atRest("beside one that is held back")
	var got strings.Builder
	got.WriteString(p.take())
	got.WriteString(p.ask(rest))
	if want := strings.Repeat(bulk(value), n); got.String() != want {
		t.Errorf("it gets %d bytes of replies, want %d", got.Len(), len(want))
	}
	p.atRest("after it has read everything")
}

// The shared buffers carry nothing from one session to another, and a reply
// that was large does not stay.
func TestSessionsShareBuffers(t *testing.T) {
	w := newWorld(t, Config{})
	a, b := w.connect(), w.connect()
	ra, rb := request("SET", "a", strings.Repeat("A", 100)), request("SET", "b", strings.Repeat("B", 120))
	for i := range max(len(ra), len(rb)) { // a byte of each in turn
		for _, c := range []struct {
			p *peer
			r string
		}{{a, ra}, {b, rb}} {
			if i < len(c.r) {
				c.p.send(c.r[i : i+1])
			}
		}
	}
	a.expect("GET b\r\n", "+OK\r\n"+bulk(strings.Repeat("B", 120)))
	b.expect("GET a\r\n", "+OK\r\n"+bulk(strings.Repeat("A", 100)))
	if len(w.srv.scratch.in) != readSize {
		t.Errorf("the shared input buffer has %d bytes", len(w.srv.scratch.in))
	}
	large := strings.Repeat("v", keepSize+1)
	a.expect(request("SET", "k", large), "+OK\r\n")
	a.expect("GET k\r\n", bulk(large))
	if n := cap(w.srv.scratch.out); n > keepSize {
		t.Errorf("the shared output buffer keeps %d bytes", n)
	}
}
