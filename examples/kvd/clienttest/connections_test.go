package clienttest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"
)

// A hundred clients at once count without losing one.
func TestHundredClients(t *testing.T) {
	onEach(t, func(t *testing.T, k *kvd) {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		const clients, rounds = 100, 50
		var all sync.WaitGroup
		for i := range clients {
			rdb := k.client(2+i%2, func(o *redis.Options) { o.PoolSize = 1 })
			all.Go(func() {
				own := "own" + strconv.Itoa(i)
				for j := range rounds {
					if err := rdb.Incr(ctx, "shared").Err(); err != nil {
						t.Error(err)
						return
					}
					if n, err := rdb.RPush(ctx, own, j).Result(); n != int64(j+1) || err != nil {
						t.Error(n, err)
						return
					}
				}
				if list, err := rdb.LRange(ctx, own, 0, -1).Result(); len(list) != rounds || list[rounds-1] != strconv.Itoa(rounds-1) || err != nil {
					t.Error(list, err)
				}
			})
		}
		all.Wait()
		want(t, k.client(2).Get(ctx, "shared"), strconv.Itoa(clients*rounds))
	})
}

func TestConnectionChurn(t *testing.T) {
	onEach(t, func(t *testing.T, k *kvd) {
		const connects = 2000
		files := k.openFiles()
		for i := range connects {
			c := k.dial()
			switch i % 4 {
			case 0: // silent
			case 1:
				c.ask("PING\r\n", "+PONG\r\n")
			case 2: // leaves without its reply
				c.send("PING\r\n")
			case 3: // leaves in the middle of a request
				c.send("*2\r\n$3\r\nGET\r\n$100\r\nabc")
			}
			c.Close()
		}
		c := k.dial()
		// With two cores the other one may have some to accept still.
		eventually(t, "all have come, and only one client is left", func() bool {
			c.send("INFO\r\n")
			info := c.readBulk()
			return infoField(info, "total_connections_received") == strconv.Itoa(connects+1) && infoField(info, "connected_clients") == "1"
		})
		c.send("QUIT\r\n")
		c.expect("+OK\r\n")
		c.expectEnd()
		if files > 0 {
			eventually(t, "all descriptors are closed", func() bool { return k.openFiles() <= files })
		}
	})
}

// openFiles counts kvd's descriptors; 0 where that can't be done.
func (k *kvd) openFiles() int {
	names, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", k.pid))
	if err != nil {
		return 0
	}
	return len(names)
}

func TestMaxClients(t *testing.T) {
	onEach(t, func(t *testing.T, k *kvd) {
		var held []*raw
		for range 3 {
			c := k.dial()
			c.ask("PING\r\n", "+PONG\r\n")
			held = append(held, c)
		}
		for range 5 { // again and again
			c := k.dial()
			c.expect("-ERR max number of clients reached\r\n")
			c.expectEnd()
		}
		held[0].ask("PING\r\n", "+PONG\r\n")
		held[1].ask("QUIT\r\n", "+OK\r\n")
		held[1].expectEnd() // so the place is free
		k.dial().ask("PING\r\n", "+PONG\r\n")
	}, "-maxclients", "3")
}

func TestUnixSocket(t *testing.T) {
	for _, d := range setups {
		for _, protocol := range []int{2, 3} {
			t.Run(fmt.Sprintf("%s/RESP%d", d, protocol), func(t *testing.T) {
				path := filepath.Join(t.TempDir(), "kvd.sock")
				k := start(t, d, "-addr", path)
				if k.addr != path {
					t.Fatalf("kvd listens at %q, want %q", k.addr, path)
				}
				ctx, cancel := context.WithTimeout(context.Background(), patience)
				defer cancel()
				rdb := k.client(protocol)
				value := fmt.Sprintf("%01000000d", 7)
				wantOK(t, rdb.Set(ctx, "k", value, 0))
				want(t, rdb.Get(ctx, "k"), value)
				k.stop()
				if _, err := os.Stat(path); !os.IsNotExist(err) {
					t.Errorf("kvd leaves its socket behind: %v", err)
				}
			})
		}
	}
}

// What a kvd that was killed leaves of its unix socket stops the next one, which says
// what to do.
func TestUnixSocketLeftBehind(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kvd.sock")
	k := start(t, drivers[0]+twoCores, "-addr", path)
	k.kill()
	out, err := command(t, k.cmd.Path, "-addr", path).CombinedOutput()
	wanted := "kvd: can't listen at " + path + ": listen unix: bind: address already in use (if nobody serves there any more, remove the file; or choose another address with -addr)\n"
	if err == nil || string(out) != wanted {
		t.Errorf("%v, %q; want %q", err, out, wanted)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	start(t, drivers[0], "-addr", path).dial().ask("PING\r\n", "+PONG\r\n")
}

func TestTwoServersAtOneAddress(t *testing.T) {
	onEach(t, func(t *testing.T, k *kvd) {
		path, err := testedKvd()
		if err != nil {
			t.Fatal(err)
		}
		out, err := command(t, path, "-addr", k.addr, "-driver", drivers[0]).CombinedOutput()
		wanted := "kvd: can't listen at " + k.addr + ": listen tcp: bind: address already in use (choose another address with -addr)\n"
		if err == nil || string(out) != wanted {
			t.Errorf("%v, %q; want %q", err, out, wanted)
		}
	})
}

// Ctrl-C ends a server with clients of all kinds, and they notice.
func TestShutdownWithClients(t *testing.T) {
	onFew(t, func(t *testing.T, k *kvd) {
		idle, subscriber, half, deaf := k.dial(), k.dial(), k.dial(), k.dial()
		idle.ask("PING\r\n", "+PONG\r\n")
		subscriber.ask("SUBSCRIBE c\r\n", "*3\r\n"+bulk("subscribe")+bulk("c")+":1\r\n")
		half.send("*2\r\n$3\r\nGET\r\n$100\r\nabc")
		idle.ask(request("SET", "large", string(make([]byte, 8<<20))), "+OK\r\n")
		deaf.stall("GET large\r\n")
		k.stop()
		idle.expectEnd()
		subscriber.expectEnd()
		half.expectGone()
		deaf.expectGone()
	})
}
