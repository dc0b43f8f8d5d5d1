package server

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/examples/kvd/internal/crashdisk"
	"github.com/rouse-go/rouse/examples/kvd/internal/durable"
)

// A box is a data directory on a crashdisk, for one world after another.
type box struct {
	t    *testing.T
	dir  string
	disk *crashdisk.Disk
	cfg  Config
	w    *world // the latest

	cores int // 0: 1
}

func newBox(t *testing.T, data durable.Config) *box {
	t.Helper()
	data.Dir = t.TempDir()
	return &box{t: t, dir: data.Dir, disk: crashdisk.New(data.Dir, 1), cfg: Config{Data: data}}
}

// start starts a server on what is on the disk.
func (b *box) start() *world {
	b.t.Helper()
	w, err := b.startUntil(context.Background())
	if err != nil {
		b.t.Fatal(err)
	}
	b.w = w
	return w
}

// startUntil is start that ctx may end, and that may fail.
func (b *box) startUntil(ctx context.Context) (*world, error) {
	b.t.Helper()
	if b.cores > 1 {
		return startCores(ctx, b.t, b.cfg, b.disk, b.cores)
	}
	return startWorldUntil(ctx, b.t, b.cfg, b.disk)
}

// stop ends the server in order.
func (b *box) stop() {
	b.t.Helper()
	if err := b.w.shutdown(); err != nil {
		b.t.Fatal(err)
	}
	b.kill()
}

// kill ends the server as a kill of the process does: the disk forgets nothing.
func (b *box) kill() {
	b.t.Helper()
	b.w.close()
}

// crash lets the power fail, and has it back.
func (b *box) crash() {
	b.t.Helper()
	after := b.disk.Crash()
	b.kill()
	b.disk = after
}

// slow makes each sync take 10 ms.
const slow = 10 * time.Millisecond

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

// count is a counter in the present engine, asked by a client of its own.
func (b *box) count(key string) (n int) {
	b.t.Helper()
	p := b.w.connect()
	_, _ = fmt.Sscanf(p.ask("GET "+key+"\r\n"), "$%d\r\n%d", new(int), &n)
	p.close()
	return n
}

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

func (s *Server) engineStart() int64 { return time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli() }

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

// A torn tail is cut, with one line in the log that says where.
func TestTornTailIsCut(t *testing.T) {
	b := newBox(t, durable.Config{})
	p := b.start().connect()
	p.expect("SET a 1\r\n", "+OK\r\n")
	p.expect("SET b 2\r\n", "+OK\r\n")
	b.kill()
	name := "log-00000001.aof"
	log := b.disk.Read(name)
	cut := log[:len(log)-3]
	b.disk.Write(name, cut)
	w := b.start()
	at := 64 + (len(log)-64)/2
	want := fmt.Sprintf(`level=WARN msg="kvd: cut a torn tail off the log; it was not durable yet" file=%s offset=%d bytes=%d reason="batch 2 is cut off"`,
		filepath.Join(b.dir, name), at, len(cut)-at)
	if got := w.log.String(); strings.Count(got, "WARN") != 1 || !strings.Contains(got, want) {
		t.Errorf("the log says %q, want %q", got, want)
	}
	if n := len(b.disk.Read(name)); n != at {
		t.Errorf("the log has %d bytes, want %d", n, at)
	}
	p = w.connect()
	p.expect("MGET a b\r\n", "*2\r\n"+bulk("1")+"$-1\r\n")
	p.expect("SET c 3\r\n", "+OK\r\n")
	b.crash()
	w = b.start()
	w.connect().expect("MGET a b c\r\n", "*3\r\n"+bulk("1")+"$-1\r\n"+bulk("3"))
	if strings.Contains(w.log.String(), "WARN") {
		t.Errorf("the next start says %q", w.log.String())
	}
}

// Corruption stops the start, with an error that says where, and no file is
// touched.
func TestCorruptionStopsTheStart(t *testing.T) {
	b := newBox(t, durable.Config{})
	p := b.start().connect()
	for i := range 10 {
		p.expect(fmt.Sprintf("SET k%d v\r\n", i), "+OK\r\n")
	}
	p.expect("BGREWRITEAOF\r\n", "+Background append only file rewriting started\r\n")
	for i := range 10 {
		p.expect(fmt.Sprintf("SET k%d w\r\n", i), "+OK\r\n")
	}
	b.kill()
	log, base := "log-00000002.aof", "base-00000002.aof"
	for _, c := range []struct {
		name string
		at   int
		want string
	}{
		{log, 0, "corrupt at offset 0: the file's header is damaged, or it is not a file of kvd's"},
		{log, 64, "corrupt at offset 64: the header of a batch is damaged, and the batch at offset "},
		{log, 110, "corrupt at offset 64: the commands of batch 11 are damaged, and the batch at offset "},
		{base, 20, "corrupt at offset 0: the file's header is damaged"},
		{base, 70, "corrupt at offset 64: the header of a batch is damaged, and the file was complete when it got its name"},
		{base, -1, "and the file was complete when it got its name"},
	} {
		bad := crashdisk.New(b.dir, 1)
		for _, name := range b.disk.Names() {
			contents := b.disk.Read(name)
			if name == c.name && c.at >= 0 {
				contents[c.at] ^= 0x20
			} else if name == c.name {
				contents = contents[:len(contents)-1]
			}
			bad.Write(name, contents)
		}
		bad.Write("base-00000003.tmp", []byte("half"))
		files := contents(bad)
		_, err := startWorld(t, b.cfg, bad)
		path := filepath.Join(b.dir, c.name)
		if err == nil || !strings.HasPrefix(err.Error(), "kvd: "+path+": ") || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "no file was changed") {
			t.Errorf("%s with byte %d changed: %v, want %q", c.name, c.at, err, c.want)
		}
		if got := contents(bad); got != files {
			t.Errorf("%s with byte %d changed: the files are different now", c.name, c.at)
		}
	}
}

// A file that is missing stops the start, too.
func TestMissingFileStopsTheStart(t *testing.T) {
	b := newBox(t, durable.Config{})
	b.start().connect().expect("SET a 1\r\n", "+OK\r\n")
	b.kill()
	for missing, want := range map[string]string{
		"log-00000001.aof":  "log-00000001.aof is missing, which base-00000001.aof needs; no file was changed",
		"base-00000001.aof": "log-00000001.aof: it has data, but the base that it follows is missing; no file was changed",
	} {
		bad := crashdisk.New(b.dir, 1)
		for _, name := range b.disk.Names() {
			if name != missing {
				bad.Write(name, b.disk.Read(name))
			}
		}
		if _, err := startWorld(t, b.cfg, bad); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("without %s: %v", missing, err)
		}
	}
}

func contents(d *crashdisk.Disk) string {
	var all bytes.Buffer
	for _, name := range d.Names() {
		fmt.Fprintf(&all, "%s %x\n", name, d.Read(name))
	}
	return all.String()
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

// When the disk fails, nobody is told a lie: who waits is told that the outcome
// is not known, and later commands are refused, reads too, since memory has what
// the disk has not. When new files can be written, all is well again, and
// nothing that was acknowledged is lost then, or in between.
func TestDiskFails(t *testing.T) {
	for _, c := range []struct {
		code driver.Code
		err  syscall.Errno
	}{{driver.WriteAt, syscall.ENOSPC}, {driver.WriteAt, syscall.EIO}, {driver.Sync, syscall.EIO}} {
		for _, crash := range []bool{false, true} {
			t.Run(fmt.Sprint(c.code, c.err, crash), func(t *testing.T) {
				b := newBox(t, durable.Config{})
				w := b.start()
				p, q := w.connect(), w.connect()
				p.expect("SET a 1\r\n", "+OK\r\n")
				b.disk.Fail(&crashdisk.Fault{Code: c.code, File: "aof", Err: c.err, Left: -1})
				b.disk.Fail(&crashdisk.Fault{Code: driver.Open, File: "log", Err: c.err, Left: -1})
				got := p.ask("SET b 2\r\nGET b\r\n")
				if !strings.HasPrefix(got, "-MISCONF can't write the append-only log: ") || !strings.HasSuffix(got, c.err.Error()+". Whether this request was done is not known\r\n") || !p.ended {
					t.Errorf("the client that waits gets %q, ended %v", got, p.ended)
				}
				for _, r := range []string{"SET b 3\r\n", "GET b\r\n", "GET a\r\n"} {
					if got := q.ask(r); !strings.HasPrefix(got, "-MISCONF can't write the append-only log: ") {
						t.Errorf("%q: %q", r, got)
					}
				}
				q.expect("PING\r\n", "+PONG\r\n")
				if got := q.ask("INFO persistence\r\n"); !strings.Contains(got, "aof_last_write_status:err\r\n") || !strings.Contains(got, "aof_failures:1\r\n") {
					t.Errorf("INFO: %q", got)
				}
				w.advance(3 * time.Second)
				if crash {
					b.disk.Heal()
					b.crash()
					w := b.start()
					p := w.connect()
					p.expect("GET a\r\n", bulk("1"))
					if got := p.ask("GET b\r\n"); got != "$-1\r\n" && got != bulk("2") {
						t.Errorf("what was never acknowledged is %q", got)
					}
					return
				}
				if got := q.ask("SET b 3\r\n"); !strings.HasPrefix(got, "-MISCONF") {
					t.Errorf("after some time: %q", got)
				}
				b.disk.Heal()
				w.advance(time.Minute)
				q.expect("GET b\r\nSET c 3\r\n", bulk("2")+"+OK\r\n")
				if got := w.log.String(); !strings.Contains(got, "the log is whole again") {
					t.Errorf("the log says %q", got)
				}
				b.crash()
				b.start().connect().expect("MGET a b c\r\n", "*3\r\n"+bulk("1")+bulk("2")+bulk("3"))
			})
		}
	}
}

// A sync that fails in the background refuses writes; reads go on, as what they
// see was acknowledged under the policy.
func TestBackgroundSyncFails(t *testing.T) {
	b := newBox(t, durable.Config{Fsync: durable.EverySecond})
	w := b.start()
	p := w.connect()
	p.expect("SET a 1\r\n", "+OK\r\n")
	b.disk.Fail(&crashdisk.Fault{Code: driver.Sync, File: "log", Err: syscall.EIO, Left: -1})
	w.advance(time.Second)
	if got := p.ask("SET a 2\r\n"); !strings.HasPrefix(got, "-MISCONF can't write the append-only log: ") || !strings.Contains(got, "Commands that write are refused") {
		t.Errorf("SET: %q", got)
	}
	p.expect("GET a\r\n", bulk("1"))
	b.disk.Heal()
	w.advance(time.Minute)
	p.expect("SET a 2\r\n", "+OK\r\n")
	b.stop()
	b.disk = b.disk.Crash()
	b.start().connect().expect("GET a\r\n", bulk("2"))
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

// Whatever step of a rewrite or of a repair fails, and however often, nothing
// that was acknowledged is lost, then or after a crash.
func TestRewriteFails(t *testing.T) {
	for _, c := range []struct {
		code driver.Code
		file string
	}{
		{driver.Open, "log-"}, {driver.WriteAt, "log-00000002"}, {driver.Sync, "log-00000002"},
		{driver.Open, ".tmp"}, {driver.WriteAt, ".tmp"}, {driver.Sync, ".tmp"}, {driver.Rename, "base"},
		{driver.Sync, ""}, {driver.WriteAt, ""}, {driver.Remove, ""},
	} {
		for times := 1; times <= 5; times++ {
			for _, healed := range []bool{true, false} {
				what := fmt.Sprintf("%v of %q fails %d times, healed %v", c.code, c.file, times, healed)
				b := newBox(t, durable.Config{})
				w := b.start()
				p := w.connect()
				p.expect("SET a 1\r\n", "+OK\r\n")
				b.disk.Fail(&crashdisk.Fault{Code: c.code, File: c.file, Err: syscall.EIO, Left: times})
				p.send("BGREWRITEAOF\r\n")
				acked := 0
				for range 8 {
					q := w.connect()
					if got := q.ask("INCR n\r\n"); strings.HasPrefix(got, ":") {
						_, _ = fmt.Sscanf(got, ":%d", &acked)
					} else if !strings.HasPrefix(got, "-MISCONF") {
						t.Fatalf("%s: INCR is answered with %q", what, got)
					}
					if healed {
						w.advance(2 * time.Second)
					}
				}
				if healed {
					w.advance(5 * time.Minute)
					p.ask("PING\r\n")
					q := w.connect()
					q.expect("SET b 1\r\n", "+OK\r\n")
					if got := q.ask("INFO persistence\r\n"); !strings.Contains(got, "aof_last_write_status:ok") || !strings.Contains(got, "aof_last_bgrewrite_status:ok") {
						t.Errorf("%s: INFO says %q", what, got)
					}
				}
				b.disk.Heal()
				b.crash()
				b.start()
				b.w.connect().expect("GET a\r\n", bulk("1"))
				if n := b.count("n"); n < acked || n > 8 {
					t.Errorf("%s: %d, but %d was acknowledged", what, n, acked)
				}
				if healed {
					b.w.connect().expect("GET b\r\n", bulk("1"))
				}
				b.stop()
				if t.Failed() {
					return
				}
			}
		}
	}
}
