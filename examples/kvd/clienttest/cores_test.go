package clienttest

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// onCores runs fn with a fresh server on two cores, on every driver.
func onCores(t *testing.T, fn func(t *testing.T, ctx context.Context, rdb *redis.Client, k *kvd)) {
	for _, d := range drivers {
		t.Run(d, func(t *testing.T) {
			k := start(t, d+twoCores)
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			defer cancel()
			rdb := k.client(3)
			defer rdb.Close()
			fn(t, ctx, rdb, k)
		})
	}
}

// TestCoresPipelines has several connections, of both cores, send pipelines over
// the keys of both; each must get its replies in order.
func TestCoresPipelines(t *testing.T) {
	onCores(t, func(t *testing.T, ctx context.Context, _ *redis.Client, k *kvd) {
		var wg sync.WaitGroup
		for who := range 8 {
			wg.Go(func() {
				rdb := k.client(2)
				defer rdb.Close()
				for round := range 20 {
					pipe := rdb.Pipeline()
					var gets []*redis.StringCmd
					var mgets []*redis.SliceCmd
					for i := range 100 {
						key := fmt.Sprintf("%d:%d", who, i)
						pipe.Set(ctx, key, round*1000+i, 0)
						gets = append(gets, pipe.Get(ctx, key))
						mgets = append(mgets, pipe.MGet(ctx, key, fmt.Sprintf("%d:%d", who, i/2), "none"))
					}
					if _, err := pipe.Exec(ctx); err != nil {
						t.Error(err)
						return
					}
					for i := range gets {
						if got := gets[i].Val(); got != fmt.Sprint(round*1000+i) {
							t.Errorf("GET %d in round %d: %q", i, round, got)
						}
						want := []any{fmt.Sprint(round*1000 + i), fmt.Sprint(round*1000 + i/2), nil}
						if got := mgets[i].Val(); fmt.Sprint(got) != fmt.Sprint(want) {
							t.Errorf("MGET %d in round %d: %v, not %v", i, round, got, want)
						}
					}
				}
			})
		}
		wg.Wait()
	})
}

func TestCoresKeySpace(t *testing.T) {
	onCores(t, func(t *testing.T, ctx context.Context, rdb *redis.Client, k *kvd) {
		const n = 200
		var pairs []any
		var keys []string
		for i := range n {
			keys = append(keys, fmt.Sprint("key", i))
			pairs = append(pairs, keys[i], i)
		}
		wantOK(t, rdb.MSet(ctx, pairs...))
		want(t, rdb.DBSize(ctx), int64(n))
		want(t, rdb.Exists(ctx, keys...), int64(n))
		want(t, rdb.Touch(ctx, append(keys[:10:10], "none")...), int64(10))
		if got := len(rdb.Keys(ctx, "key*").Val()); got != n {
			t.Errorf("KEYS finds %d of %d", got, n)
		}
		for i, v := range rdb.MGet(ctx, keys...).Val() {
			if v != fmt.Sprint(i) {
				t.Errorf("MGET: %q is %v", keys[i], v)
			}
		}
		want(t, rdb.Del(ctx, keys[:50]...), int64(50))
		want(t, rdb.Unlink(ctx, keys[:100]...), int64(50))
		want(t, rdb.DBSize(ctx), int64(n-100))
		if key := rdb.RandomKey(ctx).Val(); !strings.HasPrefix(key, "key") {
			t.Errorf("RANDOMKEY: %q", key)
		}
		info := rdb.Info(ctx).Val()
		if !strings.Contains(info, "db0:keys=100,") || !strings.Contains(info, "shard1:") {
			t.Errorf("INFO:\n%s", info)
		}
		wantOK(t, rdb.FlushAll(ctx))
		want(t, rdb.DBSize(ctx), int64(0))
	})
}

// TestCoresScan scans while others add and delete: what is there all the time
// must be seen.
func TestCoresScan(t *testing.T) {
	onCores(t, func(t *testing.T, ctx context.Context, rdb *redis.Client, k *kvd) {
		const n = 2000
		pipe := rdb.Pipeline()
		for i := range n {
			pipe.Set(ctx, fmt.Sprint("stays", i), i, 0)
		}
		if _, err := pipe.Exec(ctx); err != nil {
			t.Fatal(err)
		}
		done, ended := make(chan struct{}), make(chan error, 1)
		go func() {
			other := k.client(2)
			defer other.Close()
			for i := 0; ; i++ {
				select {
				case <-done:
					ended <- nil
					return
				default:
				}
				pipe := other.Pipeline()
				for j := range 100 {
					pipe.Set(ctx, fmt.Sprint("goes", i, j), "", 0)
					pipe.Del(ctx, fmt.Sprint("goes", i-5, j))
				}
				if _, err := pipe.Exec(ctx); err != nil {
					ended <- err
					return
				}
			}
		}()
		seen := map[string]bool{}
		iter := rdb.Scan(ctx, 0, "stays*", 20).Iterator()
		for iter.Next(ctx) {
			seen[iter.Val()] = true
		}
		close(done)
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if err := iter.Err(); err != nil || len(seen) != n {
			t.Errorf("SCAN finds %d of %d: %v", len(seen), n, err)
		}
	})
}

// TestCoresPublish has subscribers on both cores, with some on each almost surely.
func TestCoresPublish(t *testing.T) {
	onCores(t, func(t *testing.T, ctx context.Context, rdb *redis.Client, k *kvd) {
		const subscribers, messages = 16, 50
		var subs []*redis.PubSub
		for range subscribers {
			sub := k.client(3).Subscribe(ctx, "news")
			defer sub.Close()
			if _, err := sub.Receive(ctx); err != nil {
				t.Fatal(err)
			}
			subs = append(subs, sub)
		}
		for i := range messages {
			want(t, rdb.Publish(ctx, "news", i), int64(subscribers))
		}
		for _, sub := range subs {
			for i := range messages {
				m, err := sub.ReceiveMessage(ctx)
				if err != nil || m.Payload != fmt.Sprint(i) {
					t.Fatalf("message %d: %v, %v", i, m, err)
				}
			}
		}
		if lines := strings.Count(rdb.ClientList(ctx).Val(), "sub=1 "); lines != subscribers {
			t.Errorf("CLIENT LIST shows %d subscribers of %d", lines, subscribers)
		}
		eventually(t, "INFO counts the clients", func() bool {
			return strings.Contains(rdb.Info(ctx, "clients").Val(), fmt.Sprintf("pubsub_clients:%d\r\n", subscribers))
		})
	})
}

// TestCoresTransactions increments one key with WATCH from several connections.
func TestCoresTransactions(t *testing.T) {
	onCores(t, func(t *testing.T, ctx context.Context, rdb *redis.Client, k *kvd) {
		const clients, times = 4, 20
		var wg sync.WaitGroup
		for range clients {
			wg.Go(func() {
				rdb := k.client(2)
				defer rdb.Close()
				for n := 0; n < times; {
					err := rdb.Watch(ctx, func(tx *redis.Tx) error {
						v, err := tx.Get(ctx, "n").Int()
						if err != nil && err != redis.Nil {
							return err
						}
						_, err = tx.TxPipelined(ctx, func(p redis.Pipeliner) error {
							return p.Set(ctx, "n", v+1, 0).Err()
						})
						return err
					}, "n")
					switch err {
					case nil:
						n++
					case redis.TxFailedErr:
					default:
						t.Error(err)
						return
					}
				}
			})
		}
		wg.Wait()
		want(t, rdb.Get(ctx, "n"), fmt.Sprint(clients*times))
		_, err := rdb.TxPipelined(ctx, func(p redis.Pipeliner) error {
			for i := range 20 {
				p.Set(ctx, fmt.Sprint(i), "", 0)
			}
			return nil
		})
		if err == nil || !strings.HasPrefix(err.Error(), "EXECABORT") { // the reasons came when they were queued
			t.Errorf("a transaction of several shards: %v", err)
		}
	})
}

// TestCoresDeafClient sends for more than it reads: it must be slowed down, and
// get everything when it reads.
func TestCoresDeafClient(t *testing.T) {
	onCores(t, func(t *testing.T, ctx context.Context, rdb *redis.Client, k *kvd) {
		const size, keys, gets = 10_000, 4, 4000
		for i := range keys {
			wantOK(t, rdb.Set(ctx, fmt.Sprint("k", i), strings.Repeat("x", size), 0))
		}
		conn, err := net.Dial("tcp", k.addr)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		_ = conn.SetDeadline(time.Now().Add(patience))
		go func() {
			var in bytes.Buffer
			for i := range gets {
				fmt.Fprintf(&in, "GET k%d\r\n", i%keys)
			}
			_, _ = conn.Write(in.Bytes())
		}()
		want(t, rdb.Ping(ctx), "PONG") // others are served
		reply := fmt.Sprintf("$%d\r\n%s\r\n", size, strings.Repeat("x", size))
		buf, got := make([]byte, 1<<20), 0
		for got < gets*len(reply) {
			n, err := conn.Read(buf)
			if err != nil {
				t.Fatalf("after %d of %d bytes: %v", got, gets*len(reply), err)
			}
			got += n
		}
	})
}

// TestCoresAddress looks that cores that share a port do not share it with
// another server.
func TestCoresAddress(t *testing.T) {
	onCores(t, func(t *testing.T, ctx context.Context, rdb *redis.Client, k *kvd) {
		path, err := testedKvd()
		if err != nil {
			t.Fatal(err)
		}
		out, err := command(t, path, "-cores", "2", "-addr", k.addr).CombinedOutput()
		if err == nil || !bytes.Contains(out, []byte("address already in use")) {
			t.Errorf("a second server: %v, %s", err, out)
		}
	})
}
