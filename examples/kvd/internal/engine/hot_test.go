package engine

import (
	"fmt"
	"testing"
)

func TestHotCommandsDoNotAllocate(t *testing.T) {
	for _, journaled := range []bool{false, true} {
		e := New(Config{})
		if journaled {
			e.SetJournal(deaf{})
		}
		hotCommands(t, e.Connect("a", "b"))
	}
}

// deaf is a Journal that forgets everything.
type deaf struct{}

func (deaf) Append(int, [][]byte)  {}
func (deaf) Expired(int, string)   {}
func (deaf) Refusal(bool) string   { return "" }
func (deaf) Rewrite() string       { return "" }
func (deaf) Policy() string        { return "no" }
func (deaf) Status() JournalStatus { return JournalStatus{} }

func hotCommands(t *testing.T, c *Client) {
	t.Helper()
	feed(t, c, "SET", "key", "value")
	feed(t, c, "HSET", "hash", "field", "value")
	out := make([]byte, 0, 4096)
	for _, args := range [][]string{
		{"PING"}, {"GET", "key"}, {"get", "missing"}, {"SET", "key", "other"}, {"INCR", "counter"},
		{"HGET", "hash", "field"}, {"HSET", "hash", "field", "other"}, {"SET", "key", "value", "EX", "10"},
	} {
		in := request(args...)
		if n := testing.AllocsPerRun(100, func() { c.Feed(1000, in, out) }); n != 0 {
			t.Errorf("%q: %v allocations", args, n)
		}
	}
}

func BenchmarkGet(b *testing.B)  { benchmark(b, func(i int) []byte { return request("GET", key(i)) }) }
func BenchmarkPing(b *testing.B) { benchmark(b, func(int) []byte { return request("PING") }) }
func BenchmarkSet(b *testing.B) {
	benchmark(b, func(i int) []byte { return request("SET", key(i), "another value") })
}

func BenchmarkIncr(b *testing.B) {
	benchmark(b, func(i int) []byte { return request("INCR", fmt.Sprint("n", i)) })
}

func BenchmarkLRange100(b *testing.B) {
	benchmark(b, func(int) []byte { return request("LRANGE", "list", "0", "99") })
}

func key(i int) string { return fmt.Sprintf("key:%012d", i*7919%keyCount) }

const keyCount = 10_000

// benchmark runs a pipeline of 1000 requests, and counts each.
func benchmark(b *testing.B, next func(i int) []byte) {
	c := New(Config{OutputSoft: 64 << 20}).Connect("a", "b")
	for i := range keyCount {
		c.Feed(1000, request("SET", key(i), "some value"), nil)
		c.Feed(1000, request("RPUSH", "list", "some value"), nil)
	}
	const pipeline = 1000
	var in, out []byte
	for i := range pipeline {
		in = append(in, next(i)...)
	}
	b.ReportAllocs()
	for i := 0; i < b.N; i += pipeline {
		_, out, _ = c.Feed(1000, in, out[:0])
	}
}

func TestHotParcelsDoNotAllocate(t *testing.T) {
	x := newCrossing(2, 100)
	x.engines[1].prefetchFrom = 1
	if n := testing.AllocsPerRun(100, x.step); n != 0 {
		t.Errorf("a pipeline of two shards: %v allocations", n)
	}
}

// BenchmarkCross is a request that may be another shard's: half of them are. Those
// are of more keys than the caches have room for.
func BenchmarkCross(b *testing.B) {
	x := newCrossing(2, 1<<19)
	b.ReportAllocs()
	b.ResetTimer()
	for i := 0; i < b.N; i += crossPipeline {
		x.step()
	}
}

// A crossing is a client that sends pipelines of SET and GET to a cluster.
type crossing struct {
	engines []*Engine
	client  *Client
	batch   Batch
	ins     [][]byte
	out     []byte
	next    int
}

const crossPipeline = 16

func newCrossing(shards, keys int) *crossing {
	x := &crossing{engines: newCluster(shards, Config{}).engines}
	x.client = x.engines[0].Connect("a", "b")
	for i := 0; i < keys; i += crossPipeline {
		var in []byte
		for k := range crossPipeline {
			key := fmt.Sprintf("key:%012d", (i+k)*7919%keys)
			if k%2 == 0 {
				in = append(in, request("SET", key, "value")...)
			} else {
				in = append(in, request("GET", key)...)
			}
		}
		x.ins = append(x.ins, in)
	}
	for range x.ins { // all keys are there, and all memory
		x.step()
	}
	return x
}

func (x *crossing) step() {
	x.client.Route(1000, x.ins[x.next%len(x.ins)], &x.batch)
	x.next++
	for p := range x.batch.Parcels {
		x.engines[p.Shard].Serve(1000, p)
	}
	x.out, _ = x.batch.Merge(1000, x.out[:0])
	x.batch.Reset()
}
