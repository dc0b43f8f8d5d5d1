package clienttest

import (
	"context"
	"fmt"
	"strconv"
	"testing"

	"github.com/redis/go-redis/v9"
)

func TestPipelines(t *testing.T) {
	for _, depth := range []int{1, 100, 10_000} {
		t.Run(strconv.Itoa(depth), func(t *testing.T) {
			onEachClient(t, func(t *testing.T, ctx context.Context, rdb *redis.Client, _ *kvd) {
				cmds := pipelined(t, rdb, func(p redis.Pipeliner) {
					for i := range depth {
						p.Set(ctx, "k"+strconv.Itoa(i), i, 0)
						p.Incr(ctx, "n")
						p.Get(ctx, "k"+strconv.Itoa(i/2))
					}
				})
				if len(cmds) != 3*depth {
					t.Fatalf("%d replies", len(cmds))
				}
				for i := range depth {
					if n := cmds[3*i+1].(*redis.IntCmd).Val(); n != int64(i+1) {
						t.Fatalf("INCR number %d: %d", i, n)
					}
					if s := cmds[3*i+2].(*redis.StringCmd).Val(); s != strconv.Itoa(i/2) {
						t.Fatalf("GET number %d: %q", i, s)
					}
				}
			})
		})
	}
}

// An error in the middle is the reply to its own command only.
func TestPipelineGoesOnAfterAnError(t *testing.T) {
	onEachClient(t, func(t *testing.T, ctx context.Context, rdb *redis.Client, _ *kvd) {
		cmds, err := rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
			p.Set(ctx, "k", "v", 0)
			p.LPush(ctx, "k", "x")
			p.Do(ctx, "nonsense", "a")
			p.Get(ctx, "k")
			return nil
		})
		if err == nil {
			t.Error("no error")
		}
		wantError(t, cmds[1], "WRONGTYPE Operation against a key holding the wrong kind of value")
		wantError(t, cmds[2], "ERR unknown command 'nonsense', with args beginning with: 'a' ")
		want(t, cmds[3].(*redis.StringCmd), "v")
	})
}

func TestTransactions(t *testing.T) {
	onEachClient(t, func(t *testing.T, ctx context.Context, rdb *redis.Client, k *kvd) {
		cmds, err := rdb.TxPipelined(ctx, func(p redis.Pipeliner) error {
			p.Incr(ctx, "n")
			p.LPush(ctx, "n", "x")
			p.Incr(ctx, "n")
			return nil
		})
		if len(cmds) != 3 {
			t.Fatal(cmds, err)
		}
		want(t, cmds[2].(*redis.IntCmd), int64(2)) // no roll-back, as in Redis
		wantError(t, cmds[1], "WRONGTYPE Operation against a key holding the wrong kind of value")

		other := k.client(2)
		change := func(interfere bool) error {
			return rdb.Watch(ctx, func(tx *redis.Tx) error {
				n, err := tx.Get(ctx, "n").Int()
				if err != nil {
					return err
				}
				if interfere {
					wantOK(t, other.Set(ctx, "n", "100", 0))
				}
				_, err = tx.TxPipelined(ctx, func(p redis.Pipeliner) error {
					p.Set(ctx, "n", n+1, 0)
					return nil
				})
				return err
			}, "n")
		}
		if err := change(true); err != redis.TxFailedErr {
			t.Errorf("EXEC after a watched key was changed: %v", err)
		}
		want(t, rdb.Get(ctx, "n"), "100")
		if err := change(false); err != nil {
			t.Error(err)
		}
		want(t, rdb.Get(ctx, "n"), "101")
	})
}

// A value as large as a quarter of the default limits of many proxies.
func TestLargeValues(t *testing.T) {
	onFewClients(t, func(t *testing.T, ctx context.Context, rdb *redis.Client, _ *kvd) {
		value := make([]byte, 16<<20)
		for i := range value {
			value[i] = byte(i * 7 >> 3)
		}
		for i := range 2 { // the second one replaces the first
			value[i] ^= 0xff
			wantOK(t, rdb.Set(ctx, "large", value, 0))
			got, err := rdb.Get(ctx, "large").Bytes()
			if err != nil || string(got) != string(value) {
				t.Fatalf("%d bytes come back as %d, %v", len(value), len(got), err)
			}
		}
		want(t, rdb.StrLen(ctx, "large"), int64(len(value)))
		wantOK(t, rdb.RPush(ctx, "list", value, "small", value))
		parts, err := rdb.LRange(ctx, "list", 0, -1).Result()
		if err != nil || len(parts) != 3 || parts[0] != string(value) || parts[1] != "small" || parts[2] != string(value) {
			t.Errorf("a list of large values differs: %d parts, %v", len(parts), err)
		}
	})
}

// A pipeline of everything, from small to large, through one connection.
func TestPipelineOfMixedSizes(t *testing.T) {
	onEachClient(t, func(t *testing.T, ctx context.Context, rdb *redis.Client, _ *kvd) {
		sizes := []int{0, 1, 100, 4095, 4096, 65_535, 65_536, 65_537, 1 << 20, 3}
		value := func(n int) string { return fmt.Sprintf("%0*d", n, n) }
		cmds := pipelined(t, rdb, func(p redis.Pipeliner) {
			for range 5 {
				for _, n := range sizes {
					p.Set(ctx, strconv.Itoa(n), value(n), 0)
					p.Get(ctx, strconv.Itoa(n))
				}
			}
		})
		for i := 1; i < len(cmds); i += 2 {
			n := sizes[i/2%len(sizes)]
			if got := cmds[i].(*redis.StringCmd).Val(); got != value(n) {
				t.Fatalf("GET number %d: %d bytes, want %d", i/2, len(got), n)
			}
		}
	})
}
