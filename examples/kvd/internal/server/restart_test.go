package server

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rouse-go/rouse/examples/kvd/internal/durable"
)

// Every kind of value, and deadlines, come back from the log and from a base.
func TestRestart(t *testing.T) {
	b := newBox(t, durable.Config{})
	p := b.start().connect()
	value := strings.Repeat("x", 3<<20)
	for _, r := range []string{
		"SET s v", "SET e v EX 1000", "RPUSH l a b c", "HSET h f v g w", "SADD t a b", "SETRANGE r 5 x", "INCRBYFLOAT f 1.5",
		"SELECT 7", "SET s seven", "SELECT 0", "SET gone v PX 5", "SPOP t",
	} {
		p.ask(r + "\r\n")
	}
	p.expect(request("SET", "large", value), "+OK\r\n")
	check := func(when string, popped string) {
		t.Helper()
		p := b.w.connect()
		for _, c := range []struct{ request, reply string }{
			{"GET s", bulk("v")}, {"LRANGE l 0 -1", "*3\r\n" + bulk("a") + bulk("b") + bulk("c")},
			{"HGETALL h", "*4\r\n" + bulk("f") + bulk("v") + bulk("g") + bulk("w")}, {"SMEMBERS t", popped},
			{"GET r", bulk("\x00\x00\x00\x00\x00x")}, {"GET f", bulk("1.5")}, {"GET large", bulk(value)},
			{"PEXPIRETIME e", fmt.Sprintf(":%d\r\n", b.w.srv.engineStart()+1_000_000)}, {"DBSIZE", ":8\r\n"},
			{"SELECT 7", "+OK\r\n"}, {"GET s", bulk("seven")},
		} {
			if got := p.ask(c.request + "\r\n"); got != c.reply {
				t.Errorf("%s: %s: %.100q, want %.100q", when, c.request, got, c.reply)
			}
		}
	}
	b.w.advance(5 * time.Millisecond)
	rest := p.ask("SMEMBERS t\r\n")
	check("before", rest)
	b.stop()
	b.start()
	check("from the log", rest)
	b.crash()
	b.start()
	check("after a crash", rest)
	b.w.connect().expect("BGREWRITEAOF\r\n", "+Background append only file rewriting started\r\n")
	b.w.settle()
	if names := b.disk.Names(); strings.Join(names, " ") != "base-00000002.aof log-00000002.aof" {
		t.Errorf("after the rewrite there are %q", names)
	}
	b.crash()
	b.start()
	check("from a base", rest)
}

// The log is rewritten when it has grown, again and again, while it is written.
func TestRewriteByGrowth(t *testing.T) {
	b := newBox(t, durable.Config{MinSize: 4000, Growth: 100})
	w := b.start()
	p := w.connect()
	for i := range 1000 {
		p.expect(request("SET", fmt.Sprint("k", i%10), strings.Repeat("v", 50)), "+OK\r\n")
	}
	w.settle()
	if got := p.ask("INFO persistence\r\n"); strings.Contains(got, "aof_rewrites:0\r\n") || !strings.Contains(got, "aof_last_bgrewrite_status:ok") {
		t.Errorf("INFO: %q", got)
	}
	size := 0
	for _, name := range b.disk.Names() {
		size += len(b.disk.Read(name))
	}
	if size > 10_000 {
		t.Errorf("%q have %d bytes for ten keys", b.disk.Names(), size)
	}
	b.crash()
	if got := b.start().size(b.w.connect()); got != ":10" {
		t.Errorf("%s keys", got)
	}
}

// An end in order leaves a log of which every byte is vouched for but those of
// its last batch, which says so.
func TestEndVouches(t *testing.T) {
	b := newBox(t, durable.Config{})
	b.start().connect().expect("SET k v\r\n", "+OK\r\n")
	b.stop()
	name := "log-00000001.aof"
	log := b.disk.Read(name)
	b.disk.Write(name, append(log[:70:70], append([]byte{log[70] ^ 1}, log[71:]...)...))
	if _, err := startWorld(t, b.cfg, b.disk); err == nil || !strings.Contains(err.Error(), name+": corrupt at offset 64: ") {
		t.Errorf("with a changed byte in the last batch of data: %v", err)
	}
}

// An end in the middle of a rewrite, or of a batch, is no failure of the disk, and
// the next start finds everything.
func TestEndDuringRewrite(t *testing.T) {
	for wait := range 30 {
		for _, inOrder := range []bool{true, false} {
			b := newBox(t, durable.Config{})
			w := b.start()
			p := w.connect()
			p.expect("SET k v\r\n", "+OK\r\n")
			w.dsk.Latency = slow
			p.send("BGREWRITEAOF\r\n")
			w.connect().send("SET j v\r\n")
			for range wait {
				w.advance(slow / 4)
			}
			if inOrder {
				w.dsk.Latency = 0
				w.drv.Advance(slow)
				b.stop()
			} else {
				b.kill()
			}
			if got := w.log.String(); strings.Contains(got, "ERROR") || strings.Contains(got, "WARN") {
				t.Fatalf("after %d steps, in order %v: the log says %q", wait, inOrder, got)
			}
			b.disk = b.disk.Crash()
			b.start().connect().expect("GET k\r\n", bulk("v"))
			b.kill()
		}
	}
}

// SHUTDOWN ends the server in order; what the client wrote before is durable and
// was acknowledged.
func TestShutdownCommand(t *testing.T) {
	b := newBox(t, durable.Config{})
	asked := 0
	b.cfg.Engine.Shutdown = func() { asked++ }
	w := b.start()
	w.dsk.Latency = slow
	p := w.connect()
	p.send("SET k v\r\nSHUTDOWN\r\n")
	if asked != 1 {
		t.Fatalf("asked %d times", asked)
	}
	w.dsk.Latency = 0
	w.drv.Advance(slow)
	if err := w.srv.Shutdown(); err != nil {
		t.Fatal(err)
	}
	if got := p.take(); got != "+OK\r\n" || !p.ended {
		t.Errorf("the client gets %q, ended %v", got, p.ended)
	}
	b.kill()
	b.disk = b.disk.Crash()
	b.start().connect().expect("GET k\r\n", bulk("v"))
}

// Two servers can't share a directory.
func TestDirectoryIsLocked(t *testing.T) {
	b := newBox(t, durable.Config{})
	b.start()
	want := "kvd: can't use the data directory: " + filepath.Join(b.dir, "LOCK") + ": another kvd uses this directory (stop it, or give another -data)"
	if _, err := startWorld(t, b.cfg, b.disk); err == nil || err.Error() != want {
		t.Errorf("%v, want %q", err, want)
	}
	b.stop()
	b.start()
}
