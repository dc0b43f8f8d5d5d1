package server

import (
	"context"
	"strings"
	"testing"

	"github.com/rouse-go/rouse/executor"
)

// startDrain ends w's server as Shutdown does, up to the wait for the sessions, and
// returns what tells that this wait is over in every shard.
func startDrain(w *world) (over func() bool) {
	left := 0
	w.each(func(w *world) { w.srv.ending = true })
	w.each(func(w *world) {
		left++
		executor.SpawnFiber(context.Background(), w.ex, func(ctx context.Context) (struct{}, error) {
			err := w.srv.drain(ctx)
			left--
			return struct{}{}, err
		}).Detach()
	})
	w.settle()
	return func() bool { return left == 0 }
}

// A client that does not read holds up the end for a moment, and not for as long as
// other shards may take to answer, though they have more for it.
func TestDeafClientHoldsTheEndForAMoment(t *testing.T) {
	w := newWorlds(t, 2)
	key := keyOf(1, 2)
	deaf := w.connect()
	deaf.expect(request("SET", key, strings.Repeat("v", 100_000)), "+OK\r\n")
	deaf.send(strings.Repeat(request("GET", key), 5))
	if s := deaf.session; s.batch == nil || len(s.unsent) == 0 || s.away != 0 {
		t.Fatalf("the client is served: %d bytes unsent, %d parcels away", len(s.unsent), s.away)
	}
	over := startDrain(w)
	if over() {
		t.Error("the end does not wait for the client at all")
	}
	w.advance(maxDrain)
	if !over() {
		t.Error("the end waits on")
	}
}

// The end waits for what other shards have still to answer.
func TestEndWaitsForOtherShards(t *testing.T) {
	b := newCoresBox(t, 2)
	w := b.start()
	w.latency(slow)
	p := w.connect()
	p.send(request("INCR", keyOf(1, 2)))
	if p.session.away != 1 {
		t.Fatalf("%d parcels are away", p.session.away)
	}
	over := startDrain(w)
	w.advance(slow / 2)
	if got := p.take(); got != "" || over() {
		t.Errorf("before the sync the client gets %q", got)
	}
	w.advance(slow)
	if got := p.take(); got != ":1\r\n" || !over() {
		t.Errorf("after the sync the client gets %q", got)
	}
	w.latency(0)
	b.stop()
}
