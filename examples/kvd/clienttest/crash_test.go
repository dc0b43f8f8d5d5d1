//go:build unix

package clienttest

import (
	"context"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// crashKvd has its data on a disk that loses power, see internal/crashdisk, and
// plantedKvd has a bug besides: it answers before it syncs.
var (
	crashKvd   = sync.OnceValues(func() (string, error) { return build("kvd-crash", "-tags", "kvd_crashdisk") })
	plantedKvd = sync.OnceValues(func() (string, error) {
		return build("kvd-planted", "-tags", "kvd_crashdisk,kvd_plant_ack_before_sync")
	})
)

const (
	crashRounds = 20
	crashWrites = 1000 // acknowledged in a round before the power may fail
)

// crashPoints are where the power fails, in turn: while the log is written,
// while it is synced, and at every step of a rewrite. The last is anywhere.
var crashPoints = []struct {
	name string
	skip int // so many at most are passed
}{
	{"WriteAt log", 20}, {"Sync log", 20}, {"half Sync log", 20}, {"WriteAt base", 3}, {"Sync base", 2},
	{"Rename base", 2}, {"half Sync ", 20}, {"Open log", 2}, {"Remove", 3}, {"", 50},
}

// Clients write under load, the power fails, and what the disk has then is
// compared with what the clients were told: no acknowledged write is lost, none
// was done twice, no transaction by half. 20 rounds, on the same directory.
func TestCrashes(t *testing.T) {
	for _, on := range setups {
		t.Run(on, func(t *testing.T) {
			c := newCrasher(t, on, crashKvd)
			for round := range crashRounds {
				if err := c.round(round); err != nil {
					t.Fatalf("round %d: %v", round, err)
				}
			}
			t.Logf("%d rounds, %d acknowledged writes checked, crashes at %v", crashRounds, c.checked, c.points)
			if least := crashRounds * crashWrites; c.checked < least {
				t.Errorf("only %d acknowledged writes, want %d", c.checked, least)
			}
			for _, kind := range []string{"log", "base", "Sync"} {
				if !slices.ContainsFunc(slices.Collect(maps.Keys(c.points)), func(p string) bool { return strings.Contains(p, kind) }) {
					t.Errorf("no crash at a %s", kind)
				}
			}
		})
	}
}

// The test above finds a kvd that answers before it syncs, within 20 rounds.
func TestCrashesFindAPlantedBug(t *testing.T) {
	for _, on := range []string{drivers[0], drivers[0] + twoCores} {
		t.Run(on, func(t *testing.T) {
			c := newCrasher(t, on, plantedKvd)
			for round := range crashRounds {
				if err := c.round(round); err != nil {
					t.Logf("found in round %d: %v", round, err)
					return
				}
			}
			t.Errorf("not found in %d rounds, with %d acknowledged writes", crashRounds, c.checked)
		})
	}
}

// A crasher is one data directory, and the clients that write into it.
type crasher struct {
	t       *testing.T
	on      string // one of setups
	binary  func() (string, error)
	dir     string
	clients []*crashClient
	checked int // acknowledged writes that a round looked for
	points  map[string]int
}

func newCrasher(t *testing.T, on string, binary func() (string, error)) *crasher {
	c := &crasher{t: t, on: on, binary: binary, dir: t.TempDir(), points: map[string]int{}}
	for i := range 8 {
		c.clients = append(c.clients, &crashClient{id: strconv.Itoa(i), divided: strings.HasSuffix(on, twoCores)})
	}
	return c
}

func (c *crasher) start(round int) *kvd {
	c.t.Setenv("KVD_CRASH_SEED", strconv.Itoa(round+1))
	at := crashPoints[round%len(crashPoints)]
	c.t.Setenv("KVD_CRASH_AT", at.name)
	c.t.Setenv("KVD_CRASH_SKIP", strconv.Itoa(rand.IntN(at.skip)))
	k := startBinary(c.t, c.binary, c.on, "-data", c.dir)
	k.expectLog("cut a torn tail off the log")
	return k
}

var crashLine = regexp.MustCompile(`crashdisk: the power fails at (.*)`)

// round has clients write until the power fails, starts kvd again and compares.
func (c *crasher) round(round int) error {
	k := c.start(round)
	var all sync.WaitGroup
	for _, client := range c.clients {
		all.Go(func() {
			if err := client.run(k); err != nil {
				c.t.Error(err)
			}
		})
	}
	all.Go(func() { rewriteAlways(k) })
	before := c.acked()
	eventually(c.t, "enough is acknowledged", func() bool { return (c.acked()-before)*writesOfStep >= crashWrites })
	if err := k.cmd.Process.Signal(syscall.SIGUSR1); err != nil {
		return err
	}
	_ = k.gone() // SIGKILL
	all.Wait()
	m := crashLine.FindStringSubmatch(k.logs.text.String())
	if m == nil {
		return fmt.Errorf("kvd did not crash as it was asked to: %s", k.logs.text.String())
	}
	c.points[strings.TrimRight(m[1], "0123456789.aoftmp")]++

	c.checked += (c.acked() - before) * writesOfStep
	k = c.start(round)
	ctx, cancel := context.WithTimeout(c.t.Context(), patience)
	defer cancel()
	for _, client := range c.clients {
		if err := client.check(ctx, k.client(2)); err != nil {
			k.kill()
			return fmt.Errorf("after a crash at %s: client %s: %w", m[1], client.id, err)
		}
	}
	k.stop()
	return nil
}

// rewriteAlways asks for one rewrite after the other until the connection ends.
func rewriteAlways(k *kvd) {
	conn, err := net.Dial("tcp", k.addr)
	if err != nil {
		return
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(2 * patience))
	reply := make([]byte, 1000)
	for err == nil {
		if _, err = io.WriteString(conn, "BGREWRITEAOF\r\n"); err == nil {
			_, err = conn.Read(reply) // begun, or in progress already
		}
	}
}

func (c *crasher) acked() (n int) {
	for _, client := range c.clients {
		n += int(client.acked.Load())
	}
	return n
}
