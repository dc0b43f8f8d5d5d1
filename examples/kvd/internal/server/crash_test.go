package server

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/examples/kvd/internal/crashdisk"
	"github.com/rouse-go/rouse/examples/kvd/internal/durable"
)

// The power fails at every point there is, one after another, while clients
// write and the log is rewritten twice; what survives of the unsynced is drawn
// anew each time. After each, nothing that was acknowledged is missing, nothing
// was done twice, no transaction was done by half, and the server goes on.
func TestCrashAtEveryPoint(t *testing.T) {
	places := crashEverywhere(t, durable.Always, 1, 60)
	for _, place := range []string{"WriteAt log-", "Sync log-", "half Sync log-", "WriteAt base-", "Sync base-", "Rename base-", "Open log-", "half Sync ", "Remove base-", "Remove log-"} {
		if places[place] == 0 {
			t.Errorf("no crash at %q", place)
		}
	}
}

// Under the other policies a crash takes the latest writes, but always a whole
// end of them: the start finds no corruption, and no write without those before.
func TestCrashUnderOtherPolicies(t *testing.T) {
	crashEverywhere(t, durable.EverySecond, 3, 10)
	crashEverywhere(t, durable.Never, 3, 10)
}

// The power fails again while a start repairs what the first failure left: it
// may do so at any point, and the next start finds all there is.
func TestCrashDuringTheStart(t *testing.T) {
	places := map[string]int{}
	for seed := range uint64(24) {
		for n := 0; ; n++ {
			b := newBox(t, durable.Config{})
			b.disk = crashdisk.New(b.dir, seed)
			w := b.start()
			w.dsk.Latency = 3 * time.Millisecond
			c := newClients(b, false)
			left := 1 + int(seed%6)
			b.disk.CrashWhen(func(point string) bool {
				if strings.HasPrefix(point, "half Sync log") {
					left--
				}
				return left < 0
			}, nil)
			w.connect().send("BGREWRITEAOF\r\n")
			for range 30 {
				c.tick(time.Millisecond)
			}
			b.crash()

			ctx, cancel := context.WithCancel(context.Background())
			left, where := n, ""
			b.disk.CrashWhen(func(string) bool { left--; return left < 0 }, func(point string) {
				where = point
				cancel() // or it would wait for the disk for ever
			})
			w, err := startWorldUntil(ctx, t, b.cfg, b.disk)
			b.disk.CrashWhen(nil, nil)
			cancel()
			if where == "" {
				if err != nil || n < 5 {
					t.Fatalf("seed %d: a start without a crash, after %d points: %v", seed, n, err)
				}
				b.w = w
				c.check(fmt.Sprintf("seed %d, no second crash", seed))
				b.stop()
				break
			}
			switch {
			case err == nil: // it was about to remove what is old
				b.w = w
				b.kill()
			case !errors.Is(err, context.Canceled):
				t.Fatalf("seed %d, crash %d at %s: the start ends with %v", seed, n, where, err)
			}
			places[strings.TrimRight(where, "0123456789.aoftmp")]++
			b.disk = b.disk.Crash()
			b.start()
			c.check(fmt.Sprintf("seed %d, crash %d of the start at %s", seed, n, where))
			b.stop()
			if t.Failed() {
				t.FailNow()
			}
		}
	}
	t.Logf("crashes at %v", places)
	for _, place := range []string{"Truncate log-", "WriteAt log-", "half Sync log-", "ReadAt log-"} {
		if places[place] == 0 {
			t.Errorf("no crash at %q", place)
		}
	}
}

func crashEverywhere(t *testing.T, policy durable.Policy, step, ticks int) (places map[string]int) {
	places = map[string]int{}
	acknowledged := 0
	for n := 0; ; n += step {
		b := newBox(t, durable.Config{Fsync: policy})
		b.disk = crashdisk.New(b.dir, uint64(n))
		w := b.start()
		w.dsk.Latency = 3 * time.Millisecond
		left, where := n, ""
		b.disk.CrashWhen(func(string) bool { left--; return left < 0 }, func(point string) { where = point })
		c := newClients(b, policy != durable.Always)
		operator := w.connect()
		for tick := range ticks {
			if tick == 5 || tick == ticks/2 {
				operator.send("BGREWRITEAOF\r\n")
			}
			c.tick(time.Millisecond)
		}
		acknowledged += c.acked()
		if where == "" {
			if n < 30 {
				t.Fatalf("only %d points to crash at", n)
			}
			break
		}
		places[strings.TrimRight(where, "0123456789.aoftmp")]++
		when := fmt.Sprintf("%v, crash %d at %s", policy, n, where)
		b.crash()
		b.start()
		c.check(when)
		for range 5 { // it goes on
			c.tick(time.Millisecond)
		}
		b.crash()
		b.start()
		c.check(when + ", and another")
		b.stop()
		if t.Failed() {
			t.FailNow()
		}
	}
	t.Logf("%v: %d acknowledged writes checked; crashes at %v", policy, acknowledged, places)
	return places
}

// A life of accidents: syncs and writes that fail for a time, rewrites, losses
// of power, kills and ends in order, drawn at random, on one directory.
func TestRandomAccidents(t *testing.T) {
	acknowledged, failures, ends := 0, 0, map[string]int{}
	for seed := range uint64(30) {
		rng := rand.New(rand.NewPCG(seed, 5))
		policy := durable.Policy(max(0, rng.IntN(6)-3))
		b := newBox(t, durable.Config{Fsync: policy, MinSize: 5000, Growth: 50})
		b.disk = crashdisk.New(b.dir, seed)
		c := newClients(b, policy != durable.Always)
		for life := range 5 {
			w := b.start()
			c.check(fmt.Sprintf("seed %d, %v, life %d", seed, policy, life))
			w.dsk.Latency = time.Duration(rng.IntN(5)) * time.Millisecond
			crashing, before := false, c.acked()
			for range rng.IntN(60) {
				switch rng.IntN(20) {
				case 0:
					code := []driver.Code{driver.Sync, driver.WriteAt, driver.Open, driver.Rename, driver.Remove}[rng.IntN(5)]
					b.disk.Fail(&crashdisk.Fault{Code: code, File: []string{"log", "base", ""}[rng.IntN(3)], Err: syscall.EIO, Left: 1 + rng.IntN(4)})
				case 1:
					w.connect().send("BGREWRITEAOF\r\n")
				case 2:
					b.disk.Heal()
					w.advance(3 * time.Second)
				case 3:
					if left := rng.IntN(30); life > 1 && !crashing {
						crashing = true
						b.disk.CrashWhen(func(string) bool { left--; return left < 0 }, nil)
					}
				}
				c.tick(time.Millisecond)
			}
			acknowledged += c.acked() - before
			b.disk.Heal()
			failures += strings.Count(w.log.String(), "kvd: can't write the log")
			how := []string{"crash", "kill", "end"}[rng.IntN(3)]
			if b.disk.Crashed() || crashing {
				how = "crash"
			}
			ends[how]++
			c.lossy = policy != durable.Always && how == "crash"
			switch how {
			case "crash":
				b.crash()
			case "kill":
				b.kill()
			case "end":
				w.dsk.Latency = 0 // nobody would move the clock
				w.drv.Advance(slow)
				if err := w.srv.Shutdown(); err != nil && !errors.Is(err, syscall.EIO) {
					t.Fatal(err)
				}
				b.kill()
			}
		}
		b.start()
		c.check(fmt.Sprintf("seed %d, %v, at the end", seed, policy))
		b.stop()
		if t.Failed() {
			t.FailNow()
		}
	}
	t.Logf("%d acknowledged writes checked, the log failed %d times, ends: %v", acknowledged, failures, ends)
	if failures < 15 || len(ends) != 3 {
		t.Error("too little happens")
	}
}

// clients write, and know what was acknowledged and what may have been done.
type clients struct {
	b     *box
	lossy bool // a crash may take what was acknowledged
	ticks int
	all   []*client
}

type client struct {
	id        int
	sent      int  // rounds
	confirmed int  // of which so many were acknowledged
	lost      bool // it was told that the outcome is not known, or refused
	peer      *peer
	replies   string // to the latest round, so far
}

func newClients(b *box, lossy bool) *clients {
	c := &clients{b: b, lossy: lossy}
	for i := range 3 {
		c.all = append(c.all, &client{id: i})
	}
	return c
}

// tick has each client send a round of requests if the one before is answered,
// and lets some time pass.
func (c *clients) tick(d time.Duration) {
	c.ticks++
	for _, cl := range c.all {
		if cl.peer == nil {
			cl.peer = c.b.w.connect()
		}
		if c.ticks <= cl.id || cl.lost {
			continue // not all at the same moment
		}
		if cl.sent == cl.confirmed {
			cl.sent++
			cl.peer.send(cl.requests())
		}
	}
	c.b.w.advance(d)
	for _, cl := range c.all {
		if cl.lost {
			continue
		}
		cl.replies += cl.peer.take()
		if strings.HasPrefix(cl.replies, ":") && strings.Count(cl.replies, "\r\n") == 10 {
			cl.replies, cl.confirmed = "", cl.sent
		} else if strings.HasPrefix(cl.replies, "-MISCONF") {
			cl.replies, cl.lost = "", true
		} else if cl.replies != "" {
			c.b.t.Errorf("client %d gets a part of its replies: %q", cl.id, cl.replies)
		}
	}
}

func (cl *client) requests() string {
	id, n := strconv.Itoa(cl.id), strconv.Itoa(cl.sent)
	return request("INCR", "count"+id) +
		request("RPUSH", "list"+id, n) +
		"MULTI\r\n" + request("INCR", "a"+id) + request("INCR", "b"+id) + "EXEC\r\n" +
		request("SET", "set"+id+":"+n, n, "EX", "1000") +
		request("SET", "pad"+id, strings.Repeat(n, 1500/len(n))) // so that a batch has some sectors
}

func (c *clients) acked() (n int) {
	for _, cl := range c.all {
		n += 6 * cl.confirmed
	}
	return n
}

// check demands that each client's keys show a number of rounds between what
// was acknowledged and what was sent.
func (c *clients) check(when string) {
	t := c.b.t
	t.Helper()
	p := c.b.w.connect()
	for _, cl := range c.all {
		id := strconv.Itoa(cl.id)
		number := func(key string) int {
			reply := strings.Split(p.ask("GET "+key+id+"\r\n"), "\r\n")
			if reply[0] == "$-1" {
				return 0
			}
			n, err := strconv.Atoi(reply[1])
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		done := number("count")
		a, b := number("a"), number("b")
		var list []string
		for i, part := range strings.Split(p.ask("LRANGE list"+id+" 0 -1\r\n"), "\r\n") {
			if i > 0 && i%2 == 0 {
				list = append(list, part)
			}
		}
		var want []string
		for i := range done {
			want = append(want, strconv.Itoa(i+1))
		}
		if done < cl.confirmed && !c.lossy || done > cl.sent {
			t.Errorf("%s: client %d has %d rounds, acknowledged were %d of %d", when, cl.id, done, cl.confirmed, cl.sent)
		}
		if a != b || a != done || !slices.Equal(list, want) {
			t.Errorf("%s: client %d has counted %d, %d and %d, list %q", when, cl.id, done, a, b, list)
		}
		for i := range done {
			key := "set" + id + ":" + strconv.Itoa(i+1)
			if got := p.ask("GET " + key + "\r\n"); got != bulk(strconv.Itoa(i+1)) {
				t.Errorf("%s: %s is %q", when, key, got)
			}
		}
		cl.sent, cl.confirmed, cl.peer, cl.replies, cl.lost = done, done, nil, "", false
	}
}
