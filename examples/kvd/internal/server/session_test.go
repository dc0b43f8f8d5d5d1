package server

import (
	"fmt"
	"strings"
	"testing"

	"github.com/rouse-go/rouse/examples/kvd/internal/engine"
)

// A session that waits for requests is woken by what others publish.
func TestPublishWakesSubscribers(t *testing.T) {
	w := newWorld(t, Config{})
	sub, pub := w.connect(), w.connect()
	sub.expect("SUBSCRIBE c\r\n", "*3\r\n"+bulk("subscribe")+bulk("c")+":1\r\n")
	message := func(s string) string { return "*3\r\n" + bulk("message") + bulk("c") + bulk(s) }
	pub.expect("PUBLISH c 1\r\nPUBLISH c 2\r\n", ":1\r\n:1\r\n")
	if got := sub.take(); got != message("1")+message("2") {
		t.Errorf("the subscriber gets %q", got)
	}
	sub.atRest("after messages")

	// While it does not read, they wait, in order.
	var want strings.Builder
	for i := range 500 {
		text := fmt.Sprintf("%0100d", i)
		pub.expect(request("PUBLISH", "c", text), ":1\r\n")
		want.WriteString(message(text))
	}
	if got := sub.take(); got != want.String() {
		t.Errorf("after a pause the subscriber gets %d bytes, want %d", len(got), want.Len())
	}
	sub.atRest("after a pause")
}

func TestSubscriberThatOverflowsIsClosed(t *testing.T) {
	w := newWorld(t, Config{Engine: engine.Config{PushLimit: 10_000}})
	sub, pub := w.connect(), w.connect()
	sub.expect("SUBSCRIBE c\r\n", "*3\r\n"+bulk("subscribe")+bulk("c")+":1\r\n")
	publish := request("PUBLISH", "c", strings.Repeat("m", 1000))
	for i := 0; pub.ask(publish) != ":0\r\n"; i++ {
		if i > 100 {
			t.Fatal("the subscriber is never closed")
		}
	}
	if sub.take(); !sub.ended || w.srv.sessions[sub.session.client] != nil {
		t.Error("the subscriber's session goes on")
	}
	if !strings.Contains(w.log.String(), "kvd: client closed: it does not read what it subscribed to") {
		t.Errorf("the log says %q", w.log.String())
	}
	pub.expect("PING\r\n", "+PONG\r\n")
}

// CLIENT KILL ends a session at rest, and one that waits for its client to read.
func TestKill(t *testing.T) {
	w := newWorld(t, Config{})
	idle, deaf, killer := w.connect(), w.connect(), w.connect()
	deaf.expect(request("SET", "k", strings.Repeat("v", 100_000)), "+OK\r\n")
	deaf.send("GET k\r\n")
	if deaf.session.unsent == nil {
		t.Fatal("the reply was sent at once")
	}
	killer.expect("CLIENT KILL TYPE normal\r\n", ":2\r\n")
	if n := len(w.srv.sessions); n != 1 {
		t.Errorf("%d sessions are left, before anybody has read", n)
	}
	for _, p := range []*peer{idle, deaf} {
		if p.take(); !p.ended {
			t.Error("a killed client is connected still")
		}
	}
}

// A client that says goodbye gets all its replies first, as slowly as it likes.
func TestQuitFlushes(t *testing.T) {
	w := newWorld(t, Config{})
	p := w.connect()
	value := strings.Repeat("v", 40_000)
	p.expect(request("SET", "k", value), "+OK\r\n")
	p.send("GET k\r\nQUIT\r\nGET k\r\n")
	if w.srv.sessions[p.session.client] == nil {
		t.Fatal("the session ended with replies unsent")
	}
	if got := p.take(); got != bulk(value)+"+OK\r\n" || !p.ended {
		t.Errorf("got %d bytes, ended %v", len(got), p.ended)
	}
}

// However a client leaves, its session goes with it.
func TestSessionsAreForgotten(t *testing.T) {
	w := newWorld(t, Config{})
	leave := []func(p *peer){
		func(p *peer) {},
		func(p *peer) { p.expect("PING\r\n", "+PONG\r\n") },
		func(p *peer) { p.send("*2\r\n$3\r\nGET\r\n$10") },
		func(p *peer) { p.expect("QUIT\r\n", "+OK\r\n") },
		func(p *peer) { p.expect("*x\r\n", "-ERR Protocol error: invalid multibulk length\r\n") },
		func(p *peer) {
			p.send(request("SET", "k", strings.Repeat("v", 3000)) + strings.Repeat("GET k\r\n", 300))
		},
		func(p *peer) { p.ask("SUBSCRIBE a b c\r\n") },
		func(p *peer) { p.ask("MULTI\r\nGET a\r\n") },
	}
	for range 20 {
		var peers []*peer
		for _, before := range leave {
			p := w.connect()
			before(p)
			peers = append(peers, p)
		}
		for _, p := range peers {
			p.close()
		}
	}
	if n := len(w.srv.sessions); n != 0 {
		t.Errorf("%d sessions are left", n)
	}
	if got := w.connect().ask("INFO clients\r\n"); !strings.Contains(got, "connected_clients:1\r\npubsub_clients:0\r\n") {
		t.Errorf("INFO says %q", got)
	}
}

// The executor's end closes everything.
func TestEndOfTheExecutor(t *testing.T) {
	w := newWorld(t, Config{})
	idle, half, deaf := w.connect(), w.connect(), w.connect()
	half.send("*2\r\n$3\r\nGET\r\n$10")
	deaf.expect(request("SET", "k", strings.Repeat("v", 100_000), "EX", "100"), "+OK\r\n")
	deaf.send("GET k\r\n")
	if err := w.ex.Close(); err != nil {
		t.Error(err)
	}
	if n := len(w.srv.sessions); n != 0 {
		t.Errorf("%d sessions are left", n)
	}
	for _, p := range []*peer{idle, half, deaf} {
		if s := p.session; !s.client.Closing() || s.in != nil || s.unsent != nil {
			t.Errorf("client %d was not disconnected", s.client.ID())
		}
	}
	if w.srv.expiry.timer != nil {
		t.Error("the timer of the keys goes on")
	}
}

// CLIENT KILL ends a client at once, also one that has said goodbye, and has still to
// read its replies: it is gone for INFO, CLIENT LIST and another CLIENT KILL, too.
func TestKillOfOneThatQuits(t *testing.T) {
	for cores := 1; cores <= 2; cores++ {
		w := newWorlds(t, cores)
		deaf, killer := w.at(0).connect(), w.at(1).connect()
		deaf.expect(request("SET", "k", strings.Repeat("v", 40_000)), "+OK\r\n")
		deaf.send("GET k\r\nQUIT\r\n")
		kill := fmt.Sprintf("CLIENT KILL ID %d\r\n", deaf.session.client.ID())
		got := killer.ask(kill + kill + "CLIENT LIST\r\nINFO clients\r\n")
		if !strings.HasPrefix(got, ":1\r\n:0\r\n") || strings.Count(got, "id=") != 1 || !strings.Contains(got, "connected_clients:1\r\n") {
			t.Errorf("%d cores: the killer gets %q", cores, got)
		}
		if n := len(deaf.w.srv.sessions); n != 2-cores {
			t.Errorf("%d cores: %d sessions are left, before the client has read", cores, n)
		}
		if deaf.take(); !deaf.ended {
			t.Errorf("%d cores: the killed client is connected still", cores)
		}
	}
}
