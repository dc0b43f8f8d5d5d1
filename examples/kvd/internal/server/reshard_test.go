package server

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/examples/kvd/internal/crashdisk"
)

var ofShards = regexp.MustCompile(`\.\dof(\d)\.`)

// expectOnly demands that the disk has the files of so many shards, and no others.
func (b *box) expectOnly(when string, shards int) {
	b.t.Helper()
	for _, name := range b.disk.Names() {
		if name == "SHARDS" {
			continue
		}
		of := "1"
		if m := ofShards.FindStringSubmatch(name); m != nil {
			of = m[1]
		}
		if of != fmt.Sprint(shards) || strings.HasSuffix(name, ".tmp") {
			b.t.Errorf("%s: %s is left behind", when, name)
		}
	}
}

// The power fails at every point of a start with another number of shards. The
// next start, with whatever number, finds all there is.
func TestCrashDuringResharding(t *testing.T) {
	places := map[string]int{}
	for i, change := range [][3]int{{1, 2, 2}, {2, 1, 1}, {2, 3, 2}, {1, 3, 1}} {
		for n := i; ; n += 1 + 2*i { // every point, then every third one, …
			b := newCoresBox(t, change[0])
			b.disk = crashdisk.New(b.dir, uint64(n))
			b.start().latency(3 * time.Millisecond)
			c := newClients(b, false)
			for range 8 {
				c.tick(time.Millisecond)
			}
			b.crash()
			b.cores = change[1]
			ctx, cancel := context.WithCancel(context.Background())
			left, where := n, ""
			b.disk.CrashWhen(func(string) bool { left--; return left < 0 }, func(point string) {
				where = point
				cancel()
			})
			w, err := b.startUntil(ctx)
			b.disk.CrashWhen(nil, nil)
			cancel()
			b.w = w
			if where == "" {
				if err != nil || n < 20 {
					t.Fatalf("%v: a start without a crash, after %d points: %v", change, n, err)
				}
				c.check(fmt.Sprintf("%v, no crash", change))
				b.expectOnly(fmt.Sprint(change), change[1])
				b.stop()
				break
			}
			if err != nil && !errors.Is(err, context.Canceled) {
				t.Fatalf("%v, crash %d at %s: the start ends with %v", change, n, where, err)
			}
			places[placeIn(where)]++
			b.crash()
			b.cores = change[2]
			b.start()
			c.check(fmt.Sprintf("%v, crash %d at %s", change, n, where))
			b.expectOnly(fmt.Sprintf("%v, crash %d at %s", change, n, where), change[2])
			b.stop()
			if t.Failed() {
				t.FailNow()
			}
		}
	}
	t.Logf("crashes at %v", places)
	for _, place := range []string{"Rename SHARDS", "Sync SHARDS", "half Sync SHARDS", "WriteAt SHARDS", "Rename base-", "Sync base-", "Sync log-", "Remove base-", "Remove log-"} {
		if places[place] == 0 {
			t.Errorf("no crash at %q", place)
		}
	}
}

// The disk is full in the middle of a start with another number of shards. It ends
// with an error that says what to do; what it wrote is gone, and what there was is
// as it was. Either number can be started with then.
func TestReshardingFails(t *testing.T) {
	for _, change := range [][2]int{{1, 2}, {2, 1}, {2, 3}} {
		last := "00000002." // the last new shard's files have this in their names
		if change[1] > 1 {
			last += fmt.Sprintf("%dof%d.", change[1]-1, change[1])
		}
		for _, fault := range []crashdisk.Fault{
			{Code: driver.Open, File: "base-" + last},
			{Code: driver.WriteAt, File: "base-" + last},
			{Code: driver.Sync, File: "base-" + last},
			{Code: driver.Rename, File: "base-" + last},
			{Code: driver.Open, File: "log-" + last},
			{Code: driver.WriteAt, File: "log-" + last},
			{Code: driver.Sync, File: "log-" + last},
			{Code: driver.Open, File: "SHARDS.tmp"},
			{Code: driver.WriteAt, File: "SHARDS.tmp"},
			{Code: driver.Sync, File: "SHARDS.tmp"},
			{Code: driver.Rename, File: "SHARDS.tmp"},
		} {
			for _, next := range change {
				when := fmt.Sprintf("%v, then %d, %v of %s", change, next, fault.Code, fault.File)
				b := newCoresBox(t, change[0])
				p := b.start().connect()
				for i := range 30 {
					p.expect(request("SET", fmt.Sprint(i), fmt.Sprint(i)), "+OK\r\n")
				}
				b.stop()
				before := contents(b.disk)
				f := fault
				f.Err, f.Left = syscall.ENOSPC, 1
				b.disk.Fail(&f)
				b.cores = change[1]
				w, err := b.startUntil(t.Context())
				replacing := fault.Code == driver.Rename && fault.File == "SHARDS.tmp"
				want := fmt.Sprintf("kvd: can't write %d shards of the data as %d: ", change[0], change[1])
				if replacing {
					want = "SHARDS: "
				}
				if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), want) || f.Left != 0 {
					t.Errorf("%s: the start ends with %v", when, err)
				}
				if !replacing && contents(b.disk) != before {
					t.Errorf("%s: the disk has %v", when, b.disk.Names())
				}
				b.w = w
				b.kill()
				b.cores = next
				p = b.start().connect()
				for i := range 30 {
					p.expect(request("GET", fmt.Sprint(i)), bulk(fmt.Sprint(i)))
				}
				b.expectOnly(when, next)
				if slices.Contains(b.disk.Names(), "SHARDS") != (change[0] > 1 || next > 1) {
					t.Errorf("%s: SHARDS is not as it should be", when)
				}
				b.stop()
			}
		}
	}
}
