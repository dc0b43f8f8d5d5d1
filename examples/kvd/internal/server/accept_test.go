package server

import (
	"strings"
	"testing"
	"time"
)

// When accepting fails the acceptor waits a little, and is as good as before.
func TestAcceptorBacksOff(t *testing.T) {
	w := newWorld(t, Config{})
	first := w.connect() // its accept was waiting
	w.drv.failures = 3
	dials := []*peer{w.connect()} // the accept that waits brings this one; the next one fails
	if w.drv.failed != 1 {
		t.Fatalf("%d accepts have failed", w.drv.failed)
	}
	for i := range 2 {
		w.advance(backOff - time.Millisecond)
		if w.drv.failed != i+1 {
			t.Fatalf("it tried again too early")
		}
		w.advance(time.Millisecond)
		if w.drv.failed != i+2 {
			t.Fatalf("%d accepts have failed, want %d", w.drv.failed, i+2)
		}
	}
	first.expect("PING\r\n", "+PONG\r\n")
	w.advance(backOff)
	dials = append(dials, w.connect(), w.connect())
	for _, p := range dials {
		p.expect("PING\r\n", "+PONG\r\n")
	}
	if n := strings.Count(w.log.String(), "kvd: can't accept; trying again"); n != 3 {
		t.Errorf("the log mentions %d failures", n)
	}
}

func TestTooManyClients(t *testing.T) {
	w := newWorld(t, Config{MaxClients: 2})
	a, b := w.connect(), w.connect()
	refused := w.connect()
	if got := refused.take(); got != "-ERR max number of clients reached\r\n" || !refused.ended || refused.session != nil {
		t.Errorf("the third one gets %q, ended %v", got, refused.ended)
	}
	a.close()
	c := w.connect()
	for _, p := range []*peer{b, c} {
		p.expect("PING\r\n", "+PONG\r\n")
	}
}

func TestClose(t *testing.T) {
	w := newWorld(t, Config{})
	p := w.connect()
	if err := w.srv.Close(); err != nil {
		t.Error(err)
	}
	w.settle()
	p.expect("PING\r\n", "+PONG\r\n") // who is there stays
}

func TestConfigErrors(t *testing.T) {
	for _, test := range []struct {
		cfg  Config
		want string
	}{
		{Config{Address: "6390"}, "kvd: can't listen: address 6390: missing port in address (give host:port, or a path with a slash for a unix socket)"},
		{Config{MaxClients: -1}, "kvd: can't serve at most -1 clients (give a positive number)"},
		{Config{Address: "127.0.0.1:70000"}, "kvd: can't listen at 127.0.0.1:70000: listen tcp: address 127.0.0.1:70000: the port must be a number from 0 to 65535 (choose another address with -addr)"},
	} {
		w := newWorld(t, Config{})
		if _, err := Start(t.Context(), w.ex, test.cfg); err == nil || err.Error() != test.want {
			t.Errorf("%+v: %v; want %s", test.cfg, err, test.want)
		}
	}
}
