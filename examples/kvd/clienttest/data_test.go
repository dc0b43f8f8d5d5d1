package clienttest

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// onEachData runs fn on every driver, with a data directory.
func onEachData(t *testing.T, fn func(t *testing.T, ctx context.Context, dir string, start func(args ...string) *kvd)) {
	for _, d := range setups {
		t.Run(d, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "data")
			ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
			t.Cleanup(cancel)
			fn(t, ctx, dir, func(args ...string) *kvd { return start(t, d, append([]string{"-data", dir}, args...)...) })
		})
	}
}

// Values of every type, and deadlines, survive an end in order, a kill, and a
// rewrite, under every policy.
func TestDataSurvives(t *testing.T) {
	onEachData(t, func(t *testing.T, ctx context.Context, dir string, start func(args ...string) *kvd) {
		k := start("-fsync", "always")
		rdb := k.client(3)
		deadline := time.Now().Add(time.Hour).Truncate(time.Millisecond)
		large := strings.Repeat("x", 5<<20)
		wantOK(t, rdb.Set(ctx, "string", "v\r\n\x00", 0))
		wantOK(t, rdb.Set(ctx, "large", large, 0))
		wantOK(t, rdb.Set(ctx, "expires", "v", 0))
		want(t, rdb.PExpireAt(ctx, "expires", deadline), true)
		wantOK(t, rdb.Set(ctx, "short", "v", 50*time.Millisecond))
		want(t, rdb.RPush(ctx, "list", "a", "b", "c"), int64(3))
		want(t, rdb.HSet(ctx, "hash", "f", "v", "g", "w"), int64(2))
		want(t, rdb.SAdd(ctx, "set", "m"), int64(1))
		for range 300 {
			wantOK(t, rdb.Incr(ctx, "n"))
		}
		pipelined(t, rdb, func(p redis.Pipeliner) {
			for i := range 3000 { // more than fits a small table, or a command of a base
				p.SAdd(ctx, "numbers", i)
				p.HSet(ctx, "squares", strconv.Itoa(i), i*i)
				p.RPush(ctx, "sequence", i)
			}
		})
		if popped, err := rdb.SPopN(ctx, "numbers", 1000).Result(); len(popped) != 1000 {
			t.Fatalf("popped %d, %v", len(popped), err)
		}
		check := func(when string) {
			t.Helper()
			rdb := k.client(3)
			defer rdb.Close()
			want(t, rdb.Get(ctx, "string"), "v\r\n\x00")
			if got := rdb.Get(ctx, "large").Val(); got != large {
				t.Errorf("%s: %d bytes of a large value", when, len(got))
			}
			if at := rdb.PExpireTime(ctx, "expires").Val(); at != time.Duration(deadline.UnixMilli())*time.Millisecond {
				t.Errorf("%s: expires at %v, want %v", when, at, deadline)
			}
			want(t, rdb.LRange(ctx, "list", 0, -1), []string{"a", "b", "c"})
			want(t, rdb.HGetAll(ctx, "hash"), map[string]string{"f": "v", "g": "w"})
			want(t, rdb.SMembers(ctx, "set"), []string{"m"})
			want(t, rdb.Get(ctx, "n"), "300")
			want(t, rdb.SCard(ctx, "numbers"), int64(2000))
			want(t, rdb.HLen(ctx, "squares"), int64(3000))
			want(t, rdb.HGet(ctx, "squares", "50"), "2500")
			want(t, rdb.LIndex(ctx, "sequence", 1234), "1234")
			eventually(t, "the short-lived key is gone", func() bool { return rdb.DBSize(ctx).Val() == 10 })
		}
		check("at first")
		k.stop()
		k = start("-fsync", "1s")
		check("after an end in order")
		k.kill()
		k = start("-fsync", "no")
		check("after a kill")
		wantOK(t, k.client(2).BgRewriteAOF(ctx))
		eventually(t, "the log is rewritten", func() bool {
			return strings.Contains(k.client(2).Info(ctx, "persistence").Val(), "aof_rewrites:"+strconv.Itoa(k.cores)+"\r\n")
		})
		check("after a rewrite")
		k.kill()
		k = start()
		check("from a base")
		if info := k.client(2).Info(ctx, "persistence").Val(); !strings.Contains(info, "aof_enabled:1\r\n") {
			t.Errorf("INFO persistence:\n%s", info)
		}
	})
}

// Clients count while the log is rewritten, over and over. After a kill every
// count is what the client was told, or one more that it was not told.
func TestRewriteUnderLoad(t *testing.T) {
	onEachData(t, func(t *testing.T, ctx context.Context, dir string, start func(args ...string) *kvd) {
		small := []string{"-rewrite-min", "50000", "-rewrite-growth", "20"}
		k := start(small...)
		const clients = 8
		var told [clients]atomic.Int64
		var all sync.WaitGroup
		end := make(chan struct{})
		for i := range clients {
			rdb := k.client(2, func(o *redis.Options) { o.PoolSize = 1 })
			key := "count" + strconv.Itoa(i)
			all.Go(func() {
				for {
					n, err := rdb.Incr(ctx, key).Result()
					if err != nil {
						select {
						case <-end:
						default:
							t.Error(err)
						}
						return
					}
					told[i].Store(n)
					// So that a rewrite has something to do, and to meet.
					if err := rdb.Set(ctx, key+":"+strconv.FormatInt(n%200, 10), strings.Repeat("v", 200), 0).Err(); err != nil {
						select {
						case <-end:
						default:
							t.Error(err)
						}
						return
					}
				}
			})
		}
		info := k.client(2)
		eventually(t, "there were a few rewrites", func() bool {
			n, _ := strconv.Atoi(infoField(info.Info(ctx, "persistence").Val(), "aof_rewrites"))
			return n >= 5
		})
		close(end)
		k.kill()
		all.Wait()
		k = start(small...)
		rdb := k.client(2)
		for i := range clients {
			n, err := rdb.Get(ctx, "count"+strconv.Itoa(i)).Int64()
			if was := told[i].Load(); err != nil || n < was || n > was+1 {
				t.Errorf("client %d: %d, %v; it was told %d", i, n, err, was)
			}
		}
		if files, err := os.ReadDir(dir); err != nil || len(files) > 5*k.cores {
			t.Errorf("there are %d files, %v", len(files), err)
		}
	})
}

// Two servers can't share a directory.
func TestTwoServersInOneDirectory(t *testing.T) {
	onEachData(t, func(t *testing.T, ctx context.Context, dir string, start func(args ...string) *kvd) {
		k := start()
		out, err := command(t, k.cmd.Path, "-addr", "127.0.0.1:0", "-data", dir).CombinedOutput()
		wanted := "kvd: can't use the data directory: " + filepath.Join(dir, "LOCK") + ": another kvd uses this directory (stop it, or give another -data)\n"
		if err == nil || string(out) != wanted {
			t.Errorf("%v, %q; want %q", err, out, wanted)
		}
		wantOK(t, k.client(2).Set(ctx, "k", "v", 0))
	})
}

// SHUTDOWN ends kvd with exit code 0, with data or without.
func TestShutdownCommand(t *testing.T) {
	onEachData(t, func(t *testing.T, ctx context.Context, dir string, start func(args ...string) *kvd) {
		k := start("-fsync", "no")
		c := k.dial()
		c.send("SET k v\r\nSHUTDOWN\r\n")
		c.expect("+OK\r\n")
		c.expectEnd()
		if err := k.gone(); err != nil {
			t.Errorf("kvd ends with %v", err)
		}
		want(t, start().client(2).Get(ctx, "k"), "v")
	})
	onEach(t, func(t *testing.T, k *kvd) {
		c := k.dial()
		c.send("SET k v\r\nGET k\r\nSHUTDOWN NOSAVE\r\n")
		c.expect("+OK\r\n$1\r\nv\r\n")
		c.expectEnd()
		if err := k.gone(); err != nil {
			t.Errorf("kvd ends with %v", err)
		}
	})
}

// One sync serves the writes of many clients.
func TestGroupCommit(t *testing.T) {
	onEachData(t, func(t *testing.T, ctx context.Context, dir string, start func(args ...string) *kvd) {
		k := start()
		const clients, depth, rounds = 20, 20, 20
		var all sync.WaitGroup
		for range clients {
			rdb := k.client(2, func(o *redis.Options) { o.PoolSize = 1 })
			all.Go(func() {
				for range rounds {
					_, err := rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
						for range depth {
							p.Incr(ctx, "n")
						}
						return nil
					})
					if err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		all.Wait()
		const writes = clients * depth * rounds
		want(t, k.client(2).Get(ctx, "n"), strconv.Itoa(writes))
		syncs, err := strconv.Atoi(infoField(k.client(2).Info(ctx, "persistence").Val(), "aof_syncs"))
		t.Logf("%d writes, %d syncs", writes, syncs)
		if err != nil || syncs == 0 || syncs > writes/depth {
			t.Errorf("%d syncs for %d writes, %v", syncs, writes, err)
		}
	})
}
