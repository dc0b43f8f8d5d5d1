package clienttest

import (
	"context"
	"strconv"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// A key goes away when its time has come although nobody asks for it: DBSIZE
// does not look at keys.
func TestKeysExpireByThemselves(t *testing.T) {
	onEachClient(t, func(t *testing.T, ctx context.Context, rdb *redis.Client, _ *kvd) {
		const life = 300 * time.Millisecond
		wantOK(t, rdb.Set(ctx, "stays", "v", 0))
		wantOK(t, rdb.Set(ctx, "later", "v", time.Hour))
		began := time.Now()
		wantOK(t, rdb.Set(ctx, "k", "v", life))
		size := rdb.DBSize(ctx)
		if took := time.Since(began); took < life {
			want(t, size, int64(3))
		}
		eventually(t, "the key has expired", func() bool { return rdb.DBSize(ctx).Val() == 2 })
		if took := time.Since(began); took < life-time.Millisecond { // kvd's clock is cut to milliseconds
			t.Errorf("a key of %v expired after %v", life, took)
		}
		want(t, rdb.Exists(ctx, "stays", "later", "k"), int64(2))
	})
}

// The task that waits for the nearest deadline hears of a nearer one, and of
// one that was taken back.
func TestDeadlinesThatMove(t *testing.T) {
	onEachClient(t, func(t *testing.T, ctx context.Context, rdb *redis.Client, _ *kvd) {
		wantOK(t, rdb.Set(ctx, "hour", "v", time.Hour))
		wantOK(t, rdb.Set(ctx, "soon", "v", 50*time.Millisecond))
		eventually(t, "the nearer one has expired", func() bool { return rdb.DBSize(ctx).Val() == 1 })
		want(t, rdb.PExpire(ctx, "hour", 50*time.Millisecond), true)
		eventually(t, "the shortened one has expired", func() bool { return rdb.DBSize(ctx).Val() == 0 })

		wantOK(t, rdb.Set(ctx, "persists", "v", time.Minute))
		want(t, rdb.Persist(ctx, "persists"), true)
		want(t, rdb.TTL(ctx, "persists"), time.Duration(-1))
		want(t, rdb.Expire(ctx, "persists", -time.Second), true)
		want(t, rdb.DBSize(ctx), int64(0))
		want(t, rdb.TTL(ctx, "persists"), time.Duration(-2))
	})
}

// Many keys that expire at the same moment do not hold up the others.
func TestMassExpiry(t *testing.T) {
	onFewClients(t, func(t *testing.T, ctx context.Context, rdb *redis.Client, _ *kvd) {
		const n = 50_000
		at := time.Now().Add(2 * time.Second).UnixMilli()
		for from := 0; from < n; from += 5000 {
			_, err := rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
				for i := from; i < from+5000; i++ {
					p.Do(ctx, "set", "k"+strconv.Itoa(i), "v", "pxat", at)
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		var worst time.Duration
		eventually(t, "all have expired", func() bool {
			began := time.Now()
			size := rdb.DBSize(ctx).Val()
			worst = max(worst, time.Since(began))
			return size == 0
		})
		t.Logf("slowest reply meanwhile: %v", worst)
		if worst > 5*time.Second {
			t.Errorf("a reply took %v", worst)
		}
		info := rdb.Info(ctx, "stats").Val()
		if got := infoField(info, "expired_keys"); got != strconv.Itoa(n) {
			t.Errorf("expired_keys is %s, want %d", got, n)
		}
	})
}
