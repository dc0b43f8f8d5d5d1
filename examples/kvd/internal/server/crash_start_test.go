package server

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/rouse-go/rouse/examples/kvd/internal/crashdisk"
	"github.com/rouse-go/rouse/examples/kvd/internal/durable"
)

// The power fails again while a start repairs what the first failure left: it
// may do so at any point, and the next start finds all there is.
func TestCrashDuringTheStart(t *testing.T) {
	places := map[string]int{}
	for seed := range uint64(24) {
		for n := 0; ; n++ {
			b := newBox(t, durable.Config{})
			b.cores = 1 + int(seed%8)/7 // two, now and then
			b.disk = crashdisk.New(b.dir, seed)
			w := b.start()
			w.latency(3 * time.Millisecond)
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
			w, err := b.startUntil(ctx)
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
			places[placeIn(where)]++
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
