package engine

import (
	"fmt"
	"strings"
	"testing"
)

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
	for _, line := range []string{"connected_clients:4\r\n", "db0:keys=2,expires=0\r\n", "total_connections_received:6\r\n",
		"shard1:keys=1,commands=2,clients=1\r\n"} {
		if !strings.Contains(info, line) {
			t.Errorf("INFO has no %q:\n%s", line, info)
		}
	}
}
