package engine

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/rouse-go/rouse/examples/kvd/internal/store"
)

// TestShardsAnswerAsOne asks one engine and several the same, in pipelines of
// random commands over few keys: every reply must be the same.
func TestShardsAnswerAsOne(t *testing.T) {
	for _, n := range []int{2, 3, 7} {
		for _, soft := range []int{0, 40} { // the latter stops in the middle of parcels, the former prefetches
			t.Run(fmt.Sprintf("%d/%d", n, soft), func(t *testing.T) {
				rng := rand.New(rand.NewPCG(uint64(n), uint64(soft)))
				one, many := New(Config{}), newCluster(n, Config{OutputSoft: soft})
				var singles, shardeds []*Client
				if soft == 0 {
					for _, e := range many.engines {
						e.prefetchFrom = 1
					}
				}
				for i := range 2 * n {
					singles = append(singles, one.Connect("a", "b"))
					shardeds = append(shardeds, many.engines[i%n].Connect("a", "b"))
				}
				for range 2000 {
					who := rng.IntN(2 * n)
					var in []byte
					for range 1 + rng.IntN(12) {
						in = append(in, request(spreadCommand(rng)...)...)
					}
					_, want, _ := singles[who].Feed(1000, in, nil)
					if got := many.ask(t, shardeds[who], in); !bytes.Equal(got, want) {
						t.Fatalf("to %q\n%d shards reply %q\none replies  %q", in, n, got, want)
					}
				}
			})
		}
	}
}

func spreadCommand(rng *rand.Rand) []string {
	key := func() string { return fmt.Sprint("k", rng.IntN(12)) }
	keys := func(name string) []string {
		args := []string{name}
		for range 1 + rng.IntN(6) {
			args = append(args, key())
		}
		return args
	}
	switch rng.IntN(24) {
	case 0, 1, 2:
		return []string{"SET", key(), fmt.Sprint(rng.IntN(100))}
	case 3, 4:
		return []string{"GET", key()}
	case 5:
		return []string{"INCR", key()}
	case 6:
		return []string{"APPEND", key(), "xyz"}
	case 7, 8:
		return keys("MGET")
	case 9:
		return keys("DEL")
	case 10:
		return keys("UNLINK")
	case 11:
		return keys("EXISTS")
	case 12:
		return keys("TOUCH")
	case 13, 14:
		args := []string{"MSET"}
		for range 1 + rng.IntN(5) {
			args = append(args, key(), fmt.Sprint(rng.IntN(100)))
		}
		if rng.IntN(8) == 0 {
			args = args[:len(args)-1] // an error
		}
		return args
	case 15:
		return []string{"DBSIZE"}
	case 16:
		return []string{"SELECT", fmt.Sprint(rng.IntN(3))}
	case 17:
		return []string{"PING"}
	case 18:
		return []string{"LPUSH", key(), "a", "b"}
	case 19:
		return []string{"NOSUCH", key()}
	case 20:
		if rng.IntN(10) == 0 {
			return []string{[]string{"FLUSHDB", "FLUSHALL"}[rng.IntN(2)]}
		}
		return []string{"TYPE", key()}
	case 21:
		return []string{"HELLO", fmt.Sprint(2 + rng.IntN(2)), "SETNAME", "x", "NO"} // an error
	case 22:
		return []string{"CLIENT", "REPLY", []string{"SKIP", "ON", "ON"}[rng.IntN(3)]}
	default:
		return []string{"GETDEL", key()}
	}
}

// SHUTDOWN does not overtake what the same client has asked of other shards.
func TestShutdownComesLast(t *testing.T) {
	for home := range 3 {
		var c *cluster
		ends := 0
		c = newCluster(3, Config{Shutdown: func() {
			ends++
			for i, e := range c.engines {
				if n := e.dbs[0].Len(); n != 1 {
					t.Errorf("shard %d has %d keys at the end, from shard %d", i, n, home)
				}
			}
		}})
		client := c.engines[home].Connect("a", "b")
		var in []byte
		for shard := range 3 {
			in = append(in, request("SET", onShard(shard, 3, "k"), "v")...)
		}
		in = append(in, request("SHUTDOWN")...)
		if got := string(c.ask(t, client, append(in, request("PING")...))); got != "+OK\r\n+OK\r\n+OK\r\n" || ends != 1 {
			t.Errorf("%q, %d ends", got, ends)
		}
	}
}

func TestKeysOfSeveralShards(t *testing.T) {
	c := newCluster(3, Config{})
	client := c.engines[1].Connect("a", "b")
	a, b := onShard(0, 3, "a"), onShard(2, 3, "b")
	for _, args := range [][]string{
		{"MSETNX", a, "1", b, "2"}, {"RENAME", a, b}, {"RENAMENX", a, b}, {"COPY", a, b}, {"WATCH", a, b},
	} {
		if got := c.do(t, client, args...); !strings.HasPrefix(got, "-CROSSSHARD ") {
			t.Errorf("%q: %q", args, got)
		}
	}
	if got := c.do(t, client, "RENAME", "{"+a+"}1", a); got != "-"+errNoKey+"\r\n" {
		t.Errorf("with a tag in common: %q", got)
	}
	for i := range 100 {
		c.do(t, client, "SET", fmt.Sprint("key", i), "v")
	}
	seen, cursor := map[string]bool{}, "0"
	for range 1000 {
		lines := strings.Split(c.do(t, client, "SCAN", cursor, "COUNT", "7"), "\r\n")
		cursor = lines[2]
		for i := 5; i < len(lines); i += 2 {
			seen[lines[i]] = true
		}
		if cursor == "0" {
			break
		}
	}
	if cursor != "0" || len(seen) != 100 {
		t.Errorf("SCAN comes to %q with %d of 100 keys", cursor, len(seen))
	}
	if got := strings.Count(c.do(t, client, "KEYS", "key*"), "key"); got != 100 {
		t.Errorf("KEYS finds %d of 100", got)
	}
	found := map[int]bool{}
	for range 200 {
		key := strings.Split(c.do(t, client, "RANDOMKEY"), "\r\n")[1]
		if !seen[key] {
			t.Fatalf("RANDOMKEY replies %q", key)
		}
		found[store.Shard([]byte(key), 3)] = true
	}
	if len(found) != 3 {
		t.Errorf("RANDOMKEY finds keys of %d of 3 shards", len(found))
	}
	c.do(t, client, "FLUSHALL")
	if got := c.do(t, client, "RANDOMKEY"); got != "$-1\r\n" {
		t.Errorf("RANDOMKEY of nothing: %q", got)
	}
}

// TestLargeRepliesOfOtherShards has much come from other shards for a client that
// does not read: it must come in pieces.
func TestLargeRepliesOfOtherShards(t *testing.T) {
	const n, soft, size, gets = 2, 1000, 600, 50
	c := newCluster(n, Config{OutputSoft: soft})
	client := c.engines[0].Connect("a", "b")
	key := onShard(1, n, "k")
	c.do(t, client, "SET", key, strings.Repeat("x", size))
	b := &Batch{}
	in := bytes.Repeat(request("GET", key), gets)
	var out []byte
	for len(in) > 0 {
		consumed, _ := client.Route(1000, in, b)
		in = in[consumed:]
		for done := false; !done; {
			for p := range b.Parcels {
				c.engines[p.Shard].Serve(1000, p)
			}
			var piece []byte
			if piece, done = b.Merge(1000, nil); len(piece) > soft+size+20 {
				t.Fatalf("%d bytes at once", len(piece))
			}
			out = append(out, piece...)
		}
		b.Reset()
	}
	if want := gets * len(fmt.Sprintf("$%d\r\n%s\r\n", size, strings.Repeat("x", size))); len(out) != want {
		t.Errorf("%d bytes of replies, not %d", len(out), want)
	}
}
