package engine

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/rouse-go/rouse/examples/kvd/internal/store"
)

// cluster is several Engines and nothing between them: parcels are carried by
// hand.
type cluster struct {
	engines []*Engine
	rng     *rand.Rand // in which order
}

func newCluster(n int, cfg Config) *cluster {
	c := &cluster{rng: rand.New(rand.NewPCG(1, 2))}
	for i := range n {
		cfg.Shards, cfg.Shard = n, i
		cfg.Forget = func(shard int, client uint64) { c.engines[shard].Forget(client) }
		c.engines = append(c.engines, New(cfg))
	}
	return c
}

// ask has a client's requests executed and returns the replies.
func (c *cluster) ask(t *testing.T, client *Client, in []byte) (out []byte) {
	t.Helper()
	b := &Batch{}
	for {
		n, more := client.Route(1000, in, b)
		in = in[n:]
		if replies, all := b.AtHome(); all {
			out = append(out, replies...)
		} else {
			for rounds := 0; ; rounds++ {
				if rounds > 10_000 {
					t.Fatal("Merge is never done")
				}
				parcels := slices.Collect(b.Parcels)
				c.rng.Shuffle(len(parcels), func(i, j int) { parcels[i], parcels[j] = parcels[j], parcels[i] })
				for _, p := range parcels {
					c.engines[p.Shard].Serve(1000, p)
				}
				var done bool
				if out, done = b.Merge(1000, out); done {
					break
				}
			}
		}
		b.Reset()
		if !more {
			return out
		}
	}
}

func (c *cluster) do(t *testing.T, client *Client, args ...string) string {
	t.Helper()
	return string(c.ask(t, client, request(args...)))
}

// onShard is a key of a shard.
func onShard(shard, n int, name string) string {
	for i := 0; ; i++ {
		if key := fmt.Sprintf("%s%d", name, i); store.Shard([]byte(key), n) == shard {
			return key
		}
	}
}

// TestShardsAnswerAsOne asks one engine and several the same, in pipelines of
// random commands over few keys: every reply must be the same.
func TestShardsAnswerAsOne(t *testing.T) {
	for _, n := range []int{2, 3, 7} {
		for _, soft := range []int{0, 40} { // the latter stops in the middle of parcels
			t.Run(fmt.Sprintf("%d/%d", n, soft), func(t *testing.T) {
				rng := rand.New(rand.NewPCG(uint64(n), uint64(soft)))
				one, many := New(Config{}), newCluster(n, Config{OutputSoft: soft})
				var singles, shardeds []*Client
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

func TestTransactionsOfOneShard(t *testing.T) {
	const n = 3
	for shard := range n { // home is 1
		c := newCluster(n, Config{})
		client, other := c.engines[1].Connect("a", "b"), c.engines[2].Connect("c", "d")
		key, foreign := onShard(shard, n, "k"), onShard((shard+1)%n, n, "f")
		expect := func(reply string, args ...string) {
			t.Helper()
			if got := c.do(t, client, args...); got != reply {
				t.Fatalf("shard %d, %q: %q", shard, args, got)
			}
		}
		expect("+OK\r\n", "MULTI")
		expect("+QUEUED\r\n", "SET", key, "1")
		expect("+QUEUED\r\n", "PING")
		expect("+QUEUED\r\n", "INCR", key)
		expect("+QUEUED\r\n", "SELECT", "2")
		expect("*4\r\n+OK\r\n+PONG\r\n:2\r\n+OK\r\n", "EXEC")
		expect("$-1\r\n", "GET", key) // in database 2
		expect("+OK\r\n", "SELECT", "0")

		expect("+OK\r\n", "MULTI")
		expect("+QUEUED\r\n", "SET", key, "3")
		expect("-"+errCrossShardTx+"\r\n", "SET", foreign, "3")
		expect("-EXECABORT Transaction discarded because of previous errors.\r\n", "EXEC")
		expect("+OK\r\n", "MULTI")
		expect("-"+errAllShardsInTx+"\r\n", "DBSIZE")
		expect("+OK\r\n", "DISCARD")
		expect("$1\r\n2\r\n", "GET", key)

		// An untouched key, one that another client has touched, and one that
		// is not watched any more.
		for _, end := range []string{"", "touch", "UNWATCH", "DISCARD", "RESET"} {
			expect("+OK\r\n", "WATCH", key)
			if end != "" {
				c.do(t, other, "SET", key, "9")
			}
			switch end {
			case "UNWATCH":
				expect("+OK\r\n", "UNWATCH")
			case "DISCARD":
				expect("+OK\r\n", "MULTI")
				expect("+OK\r\n", "DISCARD")
			case "RESET":
				expect("+RESET\r\n", "RESET")
			}
			expect("+OK\r\n", "MULTI")
			expect("+QUEUED\r\n", "GET", key)
			switch end {
			case "touch":
				expect("*-1\r\n", "EXEC")
			case "":
				expect("*1\r\n$1\r\n2\r\n", "EXEC")
			default:
				expect("*1\r\n$1\r\n9\r\n", "EXEC")
			}
			c.do(t, other, "SET", key, "2")
		}
		expect("+OK\r\n", "WATCH", key)
		expect("-"+errCrossShardTx+"\r\n", "WATCH", foreign)
		client.engine.Disconnect(client)
		for i, e := range c.engines {
			if len(e.watchers) != 0 || len(e.guests) != 0 {
				t.Errorf("shard %d still knows %d watchers and %d guests", i, len(e.watchers), len(e.guests))
			}
		}
	}
}

func TestPublishToAllShards(t *testing.T) {
	const n = 3
	c := newCluster(n, Config{})
	var clients []*Client
	for _, e := range c.engines {
		clients = append(clients, e.Connect("a", "b"))
	}
	for i, client := range clients {
		c.do(t, client, "HELLO", "3")
		c.do(t, client, "SUBSCRIBE", "all", fmt.Sprint("of", i))
		c.do(t, client, "PSUBSCRIBE", "a*")
	}
	expect := func(reply string, args ...string) {
		t.Helper()
		if got := c.do(t, clients[0], args...); got != reply {
			t.Errorf("%q: %q", args, got)
		}
	}
	expect(":0\r\n", "PUBLISH", "none", "x")
	const message, pmessage = ">3\r\n$7\r\nmessage\r\n$3\r\nall\r\n$1\r\nx\r\n", ">4\r\n$8\r\npmessage\r\n$2\r\na*\r\n$3\r\nall\r\n$1\r\nx\r\n"
	expect(message+pmessage+":6\r\n", "PUBLISH", "all", "x") // what it hears itself comes first
	for _, client := range clients[1:] {
		if got := string(client.TakePushes(nil)); got != message+pmessage {
			t.Errorf("another one hears %q", got)
		}
	}
	expect(":1\r\n", "PUBSUB", "NUMPAT")
	expect("*4\r\n$3\r\nall\r\n:3\r\n$3\r\nof1\r\n:1\r\n", "PUBSUB", "NUMSUB", "all", "of1")
	if got := c.do(t, clients[2], "PUBSUB", "CHANNELS"); !strings.HasPrefix(got, "*4\r\n") {
		t.Errorf("PUBSUB CHANNELS: %q", got)
	}
}

func TestClientsOfAllShards(t *testing.T) {
	const n = 3
	c := newCluster(n, Config{})
	var clients []*Client
	for i := range 2 * n {
		clients = append(clients, c.engines[i%n].Connect(fmt.Sprint("addr", i), "b"))
	}
	list := c.do(t, clients[4], "CLIENT", "LIST")
	for i := range clients {
		if at := strings.Index(list, fmt.Sprintf("id=%d addr=addr%d ", i+1, i)); at < 0 {
			t.Errorf("client %d is not in the list:\n%s", i+1, list)
		} else if rest := list[at:]; i+1 < len(clients) && !strings.Contains(rest, fmt.Sprintf("id=%d ", i+2)) {
			t.Errorf("the list is not in order:\n%s", list)
		}
	}
	expect := func(reply string, args ...string) {
		t.Helper()
		if got := c.do(t, clients[0], args...); got != reply {
			t.Errorf("%q: %q", args, got)
		}
	}
	expect("-ERR No such client\r\n", "CLIENT", "KILL", "nowhere")
	expect("+OK\r\n", "CLIENT", "KILL", "addr1")
	expect(":1\r\n", "CLIENT", "KILL", "ID", "3")
	expect("-"+errSyntax+"\r\n", "CLIENT", "KILL", "ID", "3", "TYPE")
	if !clients[1].Closing() || !clients[2].Closing() || clients[3].Closing() {
		t.Error("CLIENT KILL kills others than it says")
	}
	c.do(t, clients[0], "SET", onShard(1, n, "k"), "v")
	c.do(t, clients[0], "SET", onShard(2, n, "k"), "v")
	info := c.do(t, clients[0], "INFO")
	for _, line := range []string{"connected_clients:6\r\n", "db0:keys=2,expires=0\r\n", "total_connections_received:6\r\n",
		"shard1:keys=1,commands=2,clients=2\r\n"} {
		if !strings.Contains(info, line) {
			t.Errorf("INFO has no %q:\n%s", line, info)
		}
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
