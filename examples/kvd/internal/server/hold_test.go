package server

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/examples/kvd/internal/durable"
)

// A reply to a write, and to a read that may have seen it, leaves when the write
// is durable, and not before; replies of one connection stay in order.
func TestRepliesWaitForTheSync(t *testing.T) {
	b := newBox(t, durable.Config{})
	w := b.start()
	w.dsk.Latency = slow
	writer, reader, other := w.connect(), w.connect(), w.connect()
	writer.send("PING\r\nSET k v\r\nGET k\r\nPING\r\n")
	reader.send("GET k\r\n")
	other.send("PING\r\n")
	for _, p := range []*peer{writer, reader, other} {
		if got := p.take(); got != "" {
			t.Errorf("before the sync a client gets %q", got)
		}
	}
	w.advance(slow)
	if got, want := writer.take(), "+PONG\r\n+OK\r\n"+bulk("v")+"+PONG\r\n"; got != want {
		t.Errorf("the writer gets %q, want %q", got, want)
	}
	if got := reader.take(); got != bulk("v") {
		t.Errorf("the reader gets %q", got)
	}
	if got := other.take(); got != "+PONG\r\n" {
		t.Errorf("the other gets %q", got)
	}
	// Nothing is behind now: reads are answered at once.
	reader.expect("GET k\r\n", bulk("v"))
	for _, p := range []*peer{writer, reader, other} {
		p.atRest("after the sync")
	}
	if len(w.srv.held) != 0 {
		t.Errorf("%d sessions are held", len(w.srv.held))
	}
}

// What happens while a batch is being synced goes into the next, all of it; and
// a reply that waits for the first does not wait for the second.
func TestOneSyncServesMany(t *testing.T) {
	b := newBox(t, durable.Config{})
	w := b.start()
	w.dsk.Latency = slow
	first := w.connect()
	var peers []*peer
	for range 50 {
		peers = append(peers, w.connect())
	}
	before := b.disk.Count(driver.Sync, "log")
	first.send("INCR n\r\n")
	for _, p := range peers {
		p.send("INCR n\r\nINCR n\r\n")
		w.advance(slow / 100)
	}
	w.advance(slow / 2)
	if got := first.take(); got != ":1\r\n" {
		t.Errorf("after its sync the first gets %q", got)
	}
	if got := peers[49].take(); got != "" {
		t.Errorf("before its sync the last gets %q", got)
	}
	w.advance(slow)
	for i, p := range peers {
		if got, want := p.take(), fmt.Sprintf(":%d\r\n:%d\r\n", 2*i+2, 2*i+3); got != want {
			t.Errorf("client %d gets %q, want %q", i, got, want)
		}
	}
	if n := b.disk.Count(driver.Sync, "log") - before; n != 2 {
		t.Errorf("101 writes took %d syncs, want 2", n)
	}
}

// A pipeline that is longer than one batch of replies takes a sync for each
// batch, not for each write.
func TestPipelineIsGroupCommitted(t *testing.T) {
	b := newBox(t, durable.Config{})
	w := b.start()
	p := w.connect()
	before := b.disk.Count(driver.Sync, "log")
	const n = 20_000
	var want strings.Builder
	for i := range n {
		fmt.Fprintf(&want, ":%d\r\n", i+1)
	}
	p.expect(strings.Repeat("INCR n\r\n", n), want.String())
	syncs := b.disk.Count(driver.Sync, "log") - before
	t.Logf("%d writes of one pipeline, in pieces of %d bytes: %d syncs", n, 4<<10, syncs)
	if syncs > n/100 {
		t.Errorf("%d writes of one pipeline took %d syncs", n, syncs)
	}
}

// A subscriber is not told of a write that may be lost.
func TestPushesWaitForTheSync(t *testing.T) {
	b := newBox(t, durable.Config{})
	w := b.start()
	sub, pub := w.connect(), w.connect()
	sub.ask("SUBSCRIBE c\r\n")
	w.dsk.Latency = slow
	pub.send("SET k v\r\nPUBLISH c done\r\n")
	if got := sub.take(); got != "" {
		t.Errorf("before the sync the subscriber gets %q", got)
	}
	w.advance(slow)
	if got := sub.take(); got != "*3\r\n"+bulk("message")+bulk("c")+bulk("done") {
		t.Errorf("the subscriber gets %q", got)
	}
}

// Without -data nothing waits and nothing is written.
func TestWithoutData(t *testing.T) {
	w := newWorld(t, Config{})
	p := w.connect()
	p.expect("SET k v\r\nBGREWRITEAOF\r\n", "+OK\r\n-ERR there is no append-only log; start kvd with -data\r\n")
	if err := w.srv.Shutdown(); err != nil {
		t.Error(err)
	}
}

// Under 1s a reply waits for the write only, and a sync follows within a second;
// under no there is no sync until the end.
func TestOtherPolicies(t *testing.T) {
	for policy, want := range map[durable.Policy]int{durable.EverySecond: 1, durable.Never: 0} {
		b := newBox(t, durable.Config{Fsync: policy})
		w := b.start()
		w.dsk.Latency = slow
		p := w.connect()
		before := b.disk.Count(driver.Sync, "log")
		for range 10 {
			p.expect("INCR n\r\n", fmt.Sprintf(":%d\r\n", b.count("n")+1))
		}
		if n := b.disk.Count(driver.Sync, "log") - before; n != 0 {
			t.Errorf("%v: %d syncs at once", policy, n)
		}
		w.advance(time.Second)
		w.advance(time.Second)
		if n := b.disk.Count(driver.Sync, "log") - before; n != want {
			t.Errorf("%v: %d syncs in two seconds, want %d", policy, n, want)
		}
		w.dsk.Latency = 0
		// The end syncs under every policy.
		b.stop()
		b.disk = b.disk.Crash()
		b.start().connect().expect("GET n\r\n", bulk("10"))
	}
}

// Clients that leave, or are killed, while their replies wait leave nothing
// behind, and no reply of theirs is sent early.
func TestLeaveWhileHeld(t *testing.T) {
	b := newBox(t, durable.Config{})
	w := b.start()
	w.dsk.Latency = slow
	gone, killed, operator := w.connect(), w.connect(), w.connect()
	gone.send("SET a 1\r\n")
	killed.send("SET b 1\r\n")
	gone.close()
	operator.send(fmt.Sprintf("CLIENT KILL ID %d\r\n", killed.session.client.ID()))
	if got := killed.take(); got != "" || !killed.ended {
		t.Errorf("the one that was killed gets %q, ended %v", got, killed.ended)
	}
	if got := operator.take(); got != "" {
		t.Errorf("the operator gets %q before the sync", got)
	}
	w.advance(slow)
	w.advance(slow) // it came while the first batch was being synced
	if got := operator.take(); got != ":1\r\n" {
		t.Errorf("the operator gets %q", got)
	}
	if len(w.srv.held) != 0 || len(w.srv.sessions) != 1 {
		t.Errorf("%d sessions are held, %d there", len(w.srv.held), len(w.srv.sessions))
	}
	b.crash()
	b.start().connect().expect("MGET a b\r\n", "*2\r\n"+bulk("1")+bulk("1"))
}

// A client that wants no replies is slowed down by the disk all the same.
func TestBacklogIsBounded(t *testing.T) {
	b := newBox(t, durable.Config{})
	w := b.start()
	p := w.connect()
	p.ask("CLIENT REPLY OFF\r\n")
	w.dsk.Latency = slow
	w.srv.backlog = 1 << 20
	value := strings.Repeat("v", 20<<10)
	most, taken := 0, 0
	for rest := ""; taken < 200; taken++ {
		rest = request("SET", "k", value)
		for before := ""; rest != "" && rest != before; {
			before = rest
			rest = p.send(rest)
		}
		if rest != "" {
			break
		}
		most = max(most, w.srv.log.Backlog())
	}
	t.Logf("after %d requests the client has to wait", taken)
	if most > 1<<20+100<<10 || most < 1<<20-100<<10 {
		t.Errorf("the backlog grows to %d bytes", most)
	}
	for range 5 {
		w.advance(slow)
	}
	if n := w.srv.log.Backlog(); n != 0 {
		t.Errorf("%d bytes are left", n)
	}
}
