package clienttest

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

func TestKeys(t *testing.T) {
	onEachClient(t, func(t *testing.T, ctx context.Context, rdb *redis.Client, _ *kvd) {
		wantOK(t, rdb.MSet(ctx, "a", 1, "b", 2, "c", 3))
		wantOK(t, rdb.RPush(ctx, "list", "x"))
		want(t, rdb.Exists(ctx, "a", "b", "a", "none"), int64(3))
		want(t, rdb.Type(ctx, "a"), "string")
		want(t, rdb.Type(ctx, "list"), "list")
		want(t, rdb.Type(ctx, "none"), "none")
		keys := rdb.Keys(ctx, "[ab]")
		slices.Sort(keys.Val())
		want(t, keys, []string{"a", "b"})
		// Two keys at once must be of one shard: {a}z is where a is.
		want(t, rdb.Rename(ctx, "a", "{a}z"), "OK")
		wantOK(t, rdb.Set(ctx, "{a}b", 2, 0))
		want(t, rdb.RenameNX(ctx, "{a}z", "{a}b"), false)
		want(t, rdb.Del(ctx, "{a}b"), int64(1))
		want(t, rdb.Copy(ctx, "{a}z", "{a}y", 0, false), int64(1))
		want(t, rdb.Touch(ctx, "{a}z", "{a}y", "none"), int64(2))
		want(t, rdb.Del(ctx, "{a}z", "none"), int64(1))
		want(t, rdb.Unlink(ctx, "{a}y"), int64(1))
		wantOK(t, rdb.RandomKey(ctx))
		wantError(t, rdb.Rename(ctx, "none", "{none}b"), "ERR no such key")
		want(t, rdb.DBSize(ctx), int64(3))
		want(t, rdb.FlushDB(ctx), "OK")
		want(t, rdb.DBSize(ctx), int64(0))
	})
}

func TestWrongTypes(t *testing.T) {
	const wrong = "WRONGTYPE Operation against a key holding the wrong kind of value"
	onEachClient(t, func(t *testing.T, ctx context.Context, rdb *redis.Client, _ *kvd) {
		wantOK(t, rdb.Set(ctx, "s", "v", 0))
		wantOK(t, rdb.RPush(ctx, "l", "v"))
		wantOK(t, rdb.HSet(ctx, "h", "f", "v"))
		wantOK(t, rdb.SAdd(ctx, "set", "v"))
		for _, r := range []interface{ Err() error }{
			rdb.LPush(ctx, "s", "v"), rdb.HGet(ctx, "s", "f"), rdb.SAdd(ctx, "s", "v"), rdb.LRange(ctx, "h", 0, -1),
			rdb.Get(ctx, "l"), rdb.Incr(ctx, "l"), rdb.HSet(ctx, "l", "f", "v"), rdb.RPop(ctx, "set"),
			rdb.Append(ctx, "h", "v"), rdb.SMembers(ctx, "l"), rdb.StrLen(ctx, "h"), rdb.HGetAll(ctx, "set"),
		} {
			wantError(t, r, wrong)
		}
		want(t, rdb.MGet(ctx, "s", "l"), []any{"v", nil})
	})
}

func TestDatabases(t *testing.T) {
	onEachClient(t, func(t *testing.T, ctx context.Context, rdb *redis.Client, k *kvd) {
		other := k.client(2, func(o *redis.Options) { o.DB = 3 })
		wantOK(t, other.Set(ctx, "k", "of 3", time.Hour))
		wantNil(t, rdb.Get(ctx, "k"))
		want(t, other.Get(ctx, "k"), "of 3")
		wantError(t, rdb.Do(ctx, "select", "16"), "ERR DB index is out of range")
		want(t, rdb.FlushAll(ctx), "OK")
		wantNil(t, other.Get(ctx, "k"))
	})
}
