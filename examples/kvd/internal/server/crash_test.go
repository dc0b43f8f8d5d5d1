package server

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/rouse-go/rouse/examples/kvd/internal/crashdisk"
	"github.com/rouse-go/rouse/examples/kvd/internal/durable"
)

// The power fails at every point there is, one after another, while clients
// write and the log is rewritten twice; what survives of the unsynced is drawn
// anew each time. After each, nothing that was acknowledged is missing, nothing
// was done twice, no transaction was done by half, and the server goes on.
func TestCrashAtEveryPoint(t *testing.T) {
	for _, run := range []struct{ cores, step int }{{1, 1}, {2, 2}} {
		places := crashEverywhere(t, durable.Config{}, run.cores, run.step, 60)
		for _, place := range []string{"WriteAt log-", "Sync log-", "half Sync log-", "WriteAt base-", "Sync base-", "Rename base-", "Open log-", "half Sync ", "Remove base-", "Remove log-"} {
			if places[place] == 0 {
				t.Errorf("%d cores: no crash at %q", run.cores, place)
			}
		}
	}
}

// Under the other policies a crash takes the latest writes, but always a whole
// end of them: the start finds no corruption, and no write without those before
// that were of the same shard.
func TestCrashUnderOtherPolicies(t *testing.T) {
	for cores := 1; cores <= 2; cores++ {
		crashEverywhere(t, durable.Config{Fsync: durable.EverySecond}, cores, 6*cores-3, 10)
		crashEverywhere(t, durable.Config{Fsync: durable.Never}, cores, 6*cores-3, 10)
	}
}

func crashEverywhere(t *testing.T, cfg durable.Config, cores, step, ticks int) (places map[string]int) {
	policy := cfg.Fsync
	places = map[string]int{}
	acknowledged := 0
	for n := 0; ; n += step {
		b := newBox(t, cfg)
		b.cores = cores
		b.disk = crashdisk.New(b.dir, uint64(n))
		w := b.start()
		w.latency(3 * time.Millisecond)
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
		places[placeIn(where)]++
		when := fmt.Sprintf("%d cores, %v, crash %d at %s", cores, policy, n, where)
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
	t.Logf("%d cores, %v: %d acknowledged writes checked; crashes at %v", cores, policy, acknowledged, places)
	return places
}

// placeIn is a point of a crash without the number in the file's name.
func placeIn(point string) string { return strings.TrimRight(point, "0123456789.aoftmp") }
