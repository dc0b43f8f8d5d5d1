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
)

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
