package server

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/examples/kvd/internal/crashdisk"
	"github.com/rouse-go/rouse/examples/kvd/internal/durable"
	"github.com/rouse-go/rouse/examples/kvd/internal/store"
)

func newCoresBox(t *testing.T, cores int) *box {
	b := newBox(t, durable.Config{})
	b.cores = cores
	return b
}

// keyOf returns a key of a shard among several.
func keyOf(shard, shards int) string {
	for i := 0; ; i++ {
		if key := fmt.Sprint("key", i); store.Shard([]byte(key), shards) == shard {
			return key
		}
	}
}

// A reply to a write, and to a read that may have seen it, leaves when the shard
// that has the key has synced it, and not before, wherever the client is.
func TestCoresRepliesWaitForTheSync(t *testing.T) {
	b := newCoresBox(t, 2)
	w := b.start()
	for owner := range 2 {
		key, other := keyOf(owner, 2), keyOf(1-owner, 2)
		for home := range 2 {
			when := fmt.Sprintf("a client of shard %d, a key of shard %d", home, owner)
			writer, reader, bystander := w.at(home).connect(), w.at(home).connect(), w.at(1-owner).connect()
			w.latency(slow)
			writer.send(request("INCR", key))
			reader.send(request("MGET", other, key))
			w.advance(slow / 2)
			if got := writer.take() + reader.take(); got != "" {
				t.Errorf("%s: before the sync: %q", when, got)
			}
			bystander.expect(request("GET", other), "$-1\r\n") // that shard has nothing to sync
			w.advance(slow)
			if got := writer.take(); got != ":1\r\n" {
				t.Errorf("%s: the writer gets %q", when, got)
			}
			if got := reader.take(); got != "*2\r\n$-1\r\n"+bulk("1") {
				t.Errorf("%s: the reader gets %q", when, got)
			}
			w.latency(0)
			writer.expect("FLUSHALL\r\n", "+OK\r\n")
		}
	}
	w.each(func(w *world) {
		if len(w.srv.held)+len(w.srv.shard.held) != 0 {
			t.Errorf("%d sessions and %d parcels are held", len(w.srv.held), len(w.srv.shard.held))
		}
	})
	b.stop()
}

// The disk fails for one shard. Who waits for that one is told that the outcome is
// not known, and left, also if the other part was done; what concerns the other
// shard goes on. Then all is written anew.
func TestCoresOneDiskFails(t *testing.T) {
	for owner := range 2 {
		for home := range 2 {
			b := newCoresBox(t, 2)
			w := b.start()
			bad, good := keyOf(owner, 2), keyOf(1-owner, 2)
			p, q := w.at(home).connect(), w.at(home).connect()
			p.expect(request("MSET", bad, "1", good, "1"), "+OK\r\n")
			file := fmt.Sprintf(".%dof2.", owner)
			b.disk.Fail(&crashdisk.Fault{Code: driver.Sync, File: file, Err: syscall.EIO, Left: -1})
			b.disk.Fail(&crashdisk.Fault{Code: driver.Open, File: file, Err: syscall.EIO, Left: -1})
			got := p.ask(request("GET", good) + request("MSET", bad, "2", good, "2"))
			if !strings.HasPrefix(got, "-MISCONF can't write the append-only log: ") || !strings.HasSuffix(got, "Whether this request was done is not known\r\n") || !p.ended {
				t.Errorf("the client that waits gets %q, ended %v", got, p.ended)
			}
			q.expect(request("GET", good)+request("INCR", good), bulk("2")+":3\r\n")
			for _, r := range []string{request("GET", bad), request("MGET", good, bad), request("SET", bad, "3"), request("MSET", bad, "3", good, "4"), "FLUSHALL\r\n", "DBSIZE\r\n"} {
				if got := q.ask(r); !strings.HasPrefix(got, "-MISCONF can't write the append-only log: ") {
					t.Errorf("%q: %q", r, got)
				}
			}
			if got := q.ask("INFO persistence\r\n"); !strings.Contains(got, "aof_last_write_status:err\r\n") || !strings.Contains(got, "aof_failures:1\r\n") {
				t.Errorf("INFO: %q", got)
			}
			q.ask("MULTI\r\n" + request("SET", bad, "5")) // refused already, if that shard is q's own
			if got := q.ask("EXEC\r\n"); !strings.HasPrefix(got, "-EXECABORT") {
				t.Errorf("EXEC: %q", got)
			}
			b.disk.Heal()
			w.advance(time.Minute)
			q.expect(request("GET", bad)+request("INCR", bad)+request("SET", good, "7"), bulk("2")+":3\r\n+OK\r\n")
			b.crash()
			b.start().connect().expect(request("MGET", bad, good), "*2\r\n"+bulk("3")+bulk("7"))
			b.stop()
		}
	}
}

// What was done at home fails while the rest is away.
func TestCoresHomeFailsMeanwhile(t *testing.T) {
	b := newCoresBox(t, 2)
	w := b.start()
	here, there := keyOf(0, 2), keyOf(1, 2)
	p := w.connect()
	w.at(1).dsk.Latency = slow // so that the parcel is the last
	b.disk.Fail(&crashdisk.Fault{Code: driver.Sync, File: ".0of2.", Err: syscall.EIO, Left: 1})
	p.send(request("SET", here, "1") + request("SET", there, "1"))
	w.advance(slow)
	if got := p.take(); !strings.HasPrefix(got, "-MISCONF") || strings.Contains(got, "+OK") || !p.ended {
		t.Errorf("the client gets %q, ended %v", got, p.ended)
	}
	w.latency(0)
	w.advance(time.Minute)
	b.stop()
}

// The end in order makes all logs durable, and then the replies leave that waited.
func TestCoresEnd(t *testing.T) {
	b := newCoresBox(t, 2)
	w := b.start()
	w.latency(slow)
	var waiting []*peer
	for home := range 2 {
		for owner := range 2 {
			p := w.at(home).connect()
			p.send(request("INCR", keyOf(owner, 2)))
			waiting = append(waiting, p)
		}
	}
	w.each(func(w *world) { w.drv.Advance(slow) })
	w.latency(0)
	if err := w.shutdown(); err != nil {
		t.Fatal(err)
	}
	for i, p := range waiting {
		if got := p.take(); got != ":1\r\n" && got != ":2\r\n" {
			t.Errorf("client %d gets %q", i, got)
		}
	}
	b.crash()
	b.start().connect().expect(request("MGET", keyOf(0, 2), keyOf(1, 2)), "*2\r\n"+bulk("2")+bulk("2"))
	b.stop()
}

// BGREWRITEAOF is for all shards, and INFO adds up.
func TestCoresRewrite(t *testing.T) {
	b := newCoresBox(t, 3)
	w := b.start()
	p := w.connect()
	for i := range 30 {
		p.expect(request("SET", fmt.Sprint(i), "v"), "+OK\r\n")
	}
	p.expect("BGREWRITEAOF\r\n", "+Background append only file rewriting started\r\n")
	if got := p.ask("INFO persistence\r\n"); !strings.Contains(got, "aof_enabled:1\r\n") || !strings.Contains(got, "aof_rewrites:3\r\n") {
		t.Errorf("INFO: %q", got)
	}
	b.crash()
	b.start().connect().expect("DBSIZE\r\n", ":30\r\n")
	b.stop()
}

// What is wrong with the files of several shards stops the start, with any number,
// and none is changed.
func TestCoresRefuseBadFiles(t *testing.T) {
	for _, c := range []struct {
		what  string
		spoil func(b *box)
		want  string
	}{
		{"no manifest", func(b *box) { b.disk.Delete("SHARDS") }, "SHARDS is missing, which says how many shards there are"},
		{"a damaged manifest", func(b *box) { b.disk.Write("SHARDS", []byte("kvd shards: 3, crc 00000000\n")) }, "SHARDS is damaged"},
		{"no base", func(b *box) { b.disk.Delete("base-00000001.1of2.aof") }, "base-00000001.1of2.aof"},
		{"no files of a shard", func(b *box) {
			b.disk.Delete("base-00000001.1of2.aof")
			b.disk.Delete("log-00000001.1of2.aof")
		}, "base-00000001.1of2.aof"},
		{"another shard's file", func(b *box) { b.disk.Write("log-00000001.1of2.aof", b.disk.Read("log-00000001.0of2.aof")) }, "it says that it is another file"},
		{"corruption", func(b *box) {
			log := b.disk.Read("log-00000001.1of2.aof")
			log[64+45] ^= 1
			b.disk.Write("log-00000001.1of2.aof", log)
		}, "log-00000001.1of2.aof: corrupt at offset 64"},
		{"corruption, and a torn tail of another shard", func(b *box) {
			log := b.disk.Read("log-00000001.1of2.aof")
			log[64+45] ^= 1
			b.disk.Write("log-00000001.1of2.aof", log)
			b.disk.Write("log-00000001.0of2.aof", append(b.disk.Read("log-00000001.0of2.aof"), "kvdB"...))
		}, "log-00000001.1of2.aof: corrupt at offset 64"},
	} {
		for cores := 1; cores <= 3; cores++ {
			b := newCoresBox(t, 2)
			p := b.start().connect()
			for i := range 20 {
				p.expect(request("SET", fmt.Sprint(i), "v"), "+OK\r\n")
			}
			b.stop()
			c.spoil(b)
			before := contents(b.disk)
			b.cores = cores
			w, err := b.startUntil(t.Context())
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "no file was changed") {
				t.Errorf("%s, %d cores: %v", c.what, cores, err)
			}
			if contents(b.disk) != before {
				t.Errorf("%s, %d cores: files were changed", c.what, cores)
			}
			b.w = w
			b.kill()
		}
	}
}

// A subscriber is not told of a write that may be lost, on whatever core it is, and
// whatever else it waits for; not even if the publisher wants no replies, so that
// nothing of its own has to wait.
func TestCoresPushesWaitForTheSync(t *testing.T) {
	b := newCoresBox(t, 2)
	w := b.start()
	const message = ">3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$4\r\ndone\r\n"
	var subs []*peer
	for range 2 { // the latter will be waiting for a reply
		for home := range 2 {
			sub := w.at(home).connect()
			sub.ask("HELLO 3\r\nSUBSCRIBE c\r\n")
			subs = append(subs, sub)
		}
	}
	for home := range 2 {
		when := fmt.Sprintf("a publisher of shard %d", home)
		// The other shard's sync ends halfway through that of home.
		w.latency(slow)
		w.at(1 - home).connect().send("CLIENT REPLY OFF\r\n" + request("INCR", keyOf(1-home, 2)))
		subs[2+home].send("DBSIZE\r\n")
		w.advance(slow / 2)
		pub := w.at(home).connect()
		pub.send("CLIENT REPLY OFF\r\n" + request("INCR", keyOf(home, 2)) + request("PUBLISH", "c", "done"))
		for _, d := range []time.Duration{0, slow * 3 / 4} {
			w.advance(d)
			for i, sub := range subs {
				if got := sub.take(); strings.Contains(got, "done") {
					t.Errorf("%s: before the sync subscriber %d gets %q", when, i, got)
				}
			}
		}
		w.advance(slow)
		for i, sub := range subs {
			if got := sub.take(); got != message {
				t.Errorf("%s: subscriber %d gets %q", when, i, got)
			}
		}
		w.latency(0)
		w.advance(slow)
	}
	b.stop()
}

// A message that comes while a subscriber waits for another shard follows the reply.
func TestCoresMessageWhileAway(t *testing.T) {
	b := newCoresBox(t, 2)
	w := b.start()
	sub, pub := w.connect(), w.connect()
	sub.ask("HELLO 3\r\nSUBSCRIBE c\r\n")
	w.latency(slow)
	sub.send(request("INCR", keyOf(1, 2)))
	pub.send("PUBLISH c 1\r\n")
	if got := sub.take(); got != "" {
		t.Errorf("before the reply the subscriber gets %q", got)
	}
	w.advance(slow)
	message := func(s string) string { return ">3\r\n" + bulk("message") + bulk("c") + bulk(s) }
	if got, want := sub.take(), ":1\r\n"+message("1"); got != want {
		t.Errorf("the subscriber gets %q, want %q", got, want)
	}
	pub.expect("PUBLISH c 2\r\n", ":1\r\n:1\r\n")
	if got := sub.take(); got != message("2") {
		t.Errorf("the subscriber gets %q", got)
	}
	w.latency(0)
	b.stop()
}
