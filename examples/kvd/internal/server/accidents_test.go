package server

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/examples/kvd/internal/crashdisk"
	"github.com/rouse-go/rouse/examples/kvd/internal/durable"
)

// A life of accidents: syncs and writes that fail for a time, rewrites, losses
// of power, kills and ends in order, drawn at random, on one directory.
func TestRandomAccidents(t *testing.T) {
	acknowledged, failures, ends := 0, 0, map[string]int{}
	for seed := range uint64(30) {
		rng := rand.New(rand.NewPCG(seed, 5))
		policy := durable.Policy(max(0, rng.IntN(6)-3))
		b := newBox(t, durable.Config{Fsync: policy, MinSize: 5000, Growth: 50})
		b.cores = 1 + int(seed%3)/2
		b.disk = crashdisk.New(b.dir, seed)
		c := newClients(b, policy != durable.Always)
		for life := range 5 {
			w := b.start()
			c.check(fmt.Sprintf("seed %d, %v, life %d", seed, policy, life))
			w.latency(time.Duration(rng.IntN(5)) * time.Millisecond)
			crashing, before := false, c.acked()
			for range rng.IntN(60) {
				switch rng.IntN(20) {
				case 0:
					code := []driver.Code{driver.Sync, driver.WriteAt, driver.Open, driver.Rename, driver.Remove}[rng.IntN(5)]
					b.disk.Fail(&crashdisk.Fault{Code: code, File: []string{"log", "base", ""}[rng.IntN(3)], Err: syscall.EIO, Left: 1 + rng.IntN(4)})
				case 1:
					w.at(rng.IntN(2)).connect().send("BGREWRITEAOF\r\n")
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
				w.latency(0) // nobody would move the clock
				w.each(func(w *world) { w.drv.Advance(slow) })
				if err := w.shutdown(); err != nil && !errors.Is(err, syscall.EIO) {
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
