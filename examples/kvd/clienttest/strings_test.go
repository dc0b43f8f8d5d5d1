package clienttest

import (
	"context"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

func TestStrings(t *testing.T) {
	onEachClient(t, func(t *testing.T, ctx context.Context, rdb *redis.Client, _ *kvd) {
		wantNil(t, rdb.Get(ctx, "k"))
		want(t, rdb.Set(ctx, "k", "v", 0), "OK")
		want(t, rdb.Get(ctx, "k"), "v")
		want(t, rdb.Append(ctx, "k", "alue"), int64(5))
		want(t, rdb.StrLen(ctx, "k"), int64(5))
		want(t, rdb.GetRange(ctx, "k", 1, -2), "alu")
		want(t, rdb.SetRange(ctx, "k", 6, "x"), int64(7))
		want(t, rdb.Get(ctx, "k"), "value\x00x")
		want(t, rdb.GetDel(ctx, "k"), "value\x00x")
		wantNil(t, rdb.GetDel(ctx, "k"))
		wantNil(t, rdb.Do(ctx, "getset", "k", "1"))
		want(t, rdb.MSet(ctx, "a", "1", "b", "\r\n\x00\xff", "c", ""), "OK")
		want(t, rdb.MGet(ctx, "a", "b", "none", "c"), []any{"1", "\r\n\x00\xff", nil, ""})
		want(t, rdb.MSetNX(ctx, "d", "1", "a", "2"), false)
		want(t, rdb.MSetNX(ctx, "d", "1", "e", "2"), true)
		want(t, rdb.DBSize(ctx), int64(6))
	})
}

func TestSetOptions(t *testing.T) {
	onEachClient(t, func(t *testing.T, ctx context.Context, rdb *redis.Client, _ *kvd) {
		wantNil(t, rdb.SetArgs(ctx, "k", "v", redis.SetArgs{Mode: "XX"}))
		want(t, rdb.SetArgs(ctx, "k", "1", redis.SetArgs{Mode: "NX"}), "OK")
		wantNil(t, rdb.SetArgs(ctx, "k", "2", redis.SetArgs{Mode: "NX"}))
		want(t, rdb.SetArgs(ctx, "k", "2", redis.SetArgs{Mode: "XX", Get: true}), "1")
		want(t, rdb.SetArgs(ctx, "k", "3", redis.SetArgs{Mode: "NX", Get: true}), "2")
		want(t, rdb.Get(ctx, "k"), "2")
		want(t, rdb.SetArgs(ctx, "k", "3", redis.SetArgs{TTL: time.Hour}), "OK")
		want(t, rdb.TTL(ctx, "k"), time.Hour)
		want(t, rdb.SetArgs(ctx, "k", "4", redis.SetArgs{KeepTTL: true}), "OK")
		want(t, rdb.TTL(ctx, "k"), time.Hour)
		want(t, rdb.SetArgs(ctx, "k", "5", redis.SetArgs{TTL: 90 * time.Minute}), "OK")
		want(t, rdb.TTL(ctx, "k"), 90*time.Minute)
		at := time.Now().Add(2 * time.Hour).Truncate(time.Second)
		want(t, rdb.SetArgs(ctx, "k", "6", redis.SetArgs{ExpireAt: at}), "OK")
		want(t, rdb.ExpireTime(ctx, "k"), time.Duration(at.Unix())*time.Second)
		wantOK(t, rdb.Do(ctx, "set", "k", "7", "pxat", at.UnixMilli()+7))
		want(t, rdb.PExpireTime(ctx, "k"), time.Duration(at.UnixMilli()+7)*time.Millisecond)
		want(t, rdb.Set(ctx, "k", "8", 0), "OK")
		want(t, rdb.TTL(ctx, "k"), time.Duration(-1))
		wantError(t, rdb.Do(ctx, "set", "k", "v", "nx", "xx"), "ERR syntax error")
		wantError(t, rdb.Do(ctx, "set", "k", "v", "ex"), "ERR syntax error")
		wantError(t, rdb.Do(ctx, "set", "k", "v", "ex", "0"), "ERR invalid expire time in 'set' command")
		wantError(t, rdb.Do(ctx, "set", "k", "v", "ex", "one"), "ERR value is not an integer or out of range")
		wantError(t, rdb.Do(ctx, "set", "k"), "ERR wrong number of arguments for 'set' command")
	})
}

func TestCounters(t *testing.T) {
	onEachClient(t, func(t *testing.T, ctx context.Context, rdb *redis.Client, _ *kvd) {
		want(t, rdb.Incr(ctx, "n"), int64(1))
		want(t, rdb.IncrBy(ctx, "n", 41), int64(42))
		want(t, rdb.Decr(ctx, "n"), int64(41))
		want(t, rdb.DecrBy(ctx, "n", 42), int64(-1))
		want(t, rdb.IncrByFloat(ctx, "n", 1.5), 0.5)
		wantError(t, rdb.Incr(ctx, "n"), "ERR value is not an integer or out of range")
		wantOK(t, rdb.Set(ctx, "n", "9223372036854775807", 0))
		wantError(t, rdb.Incr(ctx, "n"), "ERR increment or decrement would overflow")
		want(t, rdb.Get(ctx, "n"), "9223372036854775807")
	})
}
