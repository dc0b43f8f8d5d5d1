package clienttest

import (
	"context"
	"slices"
	"testing"

	"github.com/redis/go-redis/v9"
)

func TestLists(t *testing.T) {
	onEachClient(t, func(t *testing.T, ctx context.Context, rdb *redis.Client, _ *kvd) {
		want(t, rdb.RPush(ctx, "l", "b", "c"), int64(2))
		want(t, rdb.LPush(ctx, "l", "a", "z"), int64(4))
		want(t, rdb.LPushX(ctx, "none", "a"), int64(0))
		want(t, rdb.RPushX(ctx, "l", "d"), int64(5))
		want(t, rdb.LRange(ctx, "l", 0, -1), []string{"z", "a", "b", "c", "d"})
		want(t, rdb.LRange(ctx, "l", -2, 100), []string{"c", "d"})
		want(t, rdb.LLen(ctx, "l"), int64(5))
		want(t, rdb.LIndex(ctx, "l", -1), "d")
		wantNil(t, rdb.LIndex(ctx, "l", 5))
		want(t, rdb.LSet(ctx, "l", 0, "y"), "OK")
		wantError(t, rdb.LSet(ctx, "l", 9, "y"), "ERR index out of range")
		want(t, rdb.LInsertBefore(ctx, "l", "b", "a"), int64(6))
		want(t, rdb.LRem(ctx, "l", -1, "a"), int64(1))
		want(t, rdb.LPop(ctx, "l"), "y")
		want(t, rdb.RPop(ctx, "l"), "d")
		want(t, rdb.LPopCount(ctx, "l", 2), []string{"a", "b"})
		want(t, rdb.LTrim(ctx, "l", 1, 0), "OK")
		want(t, rdb.Exists(ctx, "l"), int64(0))
		wantNil(t, rdb.LPop(ctx, "l"))
		wantNil(t, rdb.RPopCount(ctx, "l", 2))
	})
}

func TestHashes(t *testing.T) {
	onEachClient(t, func(t *testing.T, ctx context.Context, rdb *redis.Client, _ *kvd) {
		want(t, rdb.HSet(ctx, "h", "a", "1", "b", "2"), int64(2))
		want(t, rdb.HSet(ctx, "h", "a", "3"), int64(0))
		want(t, rdb.HGet(ctx, "h", "a"), "3")
		wantNil(t, rdb.HGet(ctx, "h", "none"))
		want(t, rdb.HMGet(ctx, "h", "b", "none"), []any{"2", nil})
		want(t, rdb.HGetAll(ctx, "h"), map[string]string{"a": "3", "b": "2"})
		want(t, rdb.HGetAll(ctx, "none"), map[string]string{})
		want(t, rdb.HLen(ctx, "h"), int64(2))
		want(t, rdb.HExists(ctx, "h", "a"), true)
		want(t, rdb.HSetNX(ctx, "h", "a", "4"), false)
		want(t, rdb.HIncrBy(ctx, "h", "a", 4), int64(7))
		want(t, rdb.HIncrByFloat(ctx, "h", "b", 0.5), 2.5)
		keys := rdb.HKeys(ctx, "h")
		slices.Sort(keys.Val())
		want(t, keys, []string{"a", "b"})
		vals := rdb.HVals(ctx, "h")
		slices.Sort(vals.Val())
		want(t, vals, []string{"2.5", "7"})
		want(t, rdb.HDel(ctx, "h", "a", "b", "c"), int64(2))
		want(t, rdb.Exists(ctx, "h"), int64(0))
	})
}

func TestSets(t *testing.T) {
	onEachClient(t, func(t *testing.T, ctx context.Context, rdb *redis.Client, _ *kvd) {
		want(t, rdb.SAdd(ctx, "s", "a", "b", "a"), int64(2))
		want(t, rdb.SCard(ctx, "s"), int64(2))
		want(t, rdb.SIsMember(ctx, "s", "a"), true)
		want(t, rdb.SMIsMember(ctx, "s", "b", "c"), []bool{true, false})
		members := rdb.SMembers(ctx, "s")
		slices.Sort(members.Val())
		want(t, members, []string{"a", "b"})
		want(t, rdb.SRem(ctx, "s", "a", "c"), int64(1))
		want(t, rdb.SPop(ctx, "s"), "b")
		wantNil(t, rdb.SPop(ctx, "s"))
	})
}
