package clienttest

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
)

func TestInfoAndConfig(t *testing.T) {
	onEachClient(t, func(t *testing.T, ctx context.Context, rdb *redis.Client, k *kvd) {
		wantOK(t, rdb.Set(ctx, "k", "v", 0))
		wantOK(t, rdb.Get(ctx, "k"))
		info := rdb.Info(ctx)
		wantOK(t, info)
		for _, section := range []string{"# Server", "# Clients", "# Memory", "# Stats", "# Keyspace"} {
			if !strings.Contains(info.Val(), section+"\r\n") {
				t.Errorf("INFO has no %s", section)
			}
		}
		for name, value := range map[string]string{
			"tcp_port": k.port(), "connected_clients": "1", "db0": "keys=1,expires=0", "keyspace_hits": "1",
		} {
			if got := infoField(info.Val(), name); got != value {
				t.Errorf("INFO: %s is %q, want %q", name, got, value)
			}
		}
		if n, err := strconv.Atoi(infoField(info.Val(), "used_memory")); err != nil || n < 1<<10 {
			t.Errorf("used_memory is %d, %v", n, err)
		}
		want(t, rdb.ConfigGet(ctx, "port"), map[string]string{"port": k.port()})
		want(t, rdb.ConfigGet(ctx, "[sn]av?"), map[string]string{"save": ""})
		wantError(t, rdb.ConfigSet(ctx, "none", "1"), "ERR Unknown option or number of arguments for CONFIG SET - 'none'")
		want(t, rdb.ConfigResetStat(ctx), "OK")
		if got := infoField(rdb.Info(ctx, "stats").Val(), "keyspace_hits"); got != "0" {
			t.Errorf("keyspace_hits is %s after CONFIG RESETSTAT", got)
		}
	})
}

func TestCommandTable(t *testing.T) {
	onEachClient(t, func(t *testing.T, ctx context.Context, rdb *redis.Client, _ *kvd) {
		commands := rdb.Command(ctx)
		wantOK(t, commands)
		get := commands.Val()["get"]
		if get == nil || get.Arity != 2 || !get.ReadOnly || get.FirstKeyPos != 1 || get.LastKeyPos != 1 || get.StepCount != 1 {
			t.Errorf("COMMAND says of get: %+v", get)
		}
		want(t, rdb.Do(ctx, "command", "count"), any(int64(len(commands.Val()))))
		want(t, rdb.CommandGetKeys(ctx, "mset", "a", "1", "b", "2"), []string{"a", "b"})
		list := rdb.CommandList(ctx, nil)
		if !slices.Contains(list.Val(), "lrange") {
			t.Error(list)
		}
		wantError(t, rdb.Do(ctx, "get"), "ERR wrong number of arguments for 'get' command")
		wantError(t, rdb.Do(ctx, "config", "nonsense"), "ERR unknown subcommand 'nonsense'. Try CONFIG HELP.")
	})
}

func TestClientCommands(t *testing.T) {
	onEachClient(t, func(t *testing.T, ctx context.Context, rdb *redis.Client, k *kvd) {
		named := k.client(2, func(o *redis.Options) { o.ClientName = "alice"; o.PoolSize = 1 })
		want(t, named.ClientGetName(ctx), "alice")
		id, err := named.ClientID(ctx).Result()
		if err != nil || id < 1 {
			t.Fatal(id, err)
		}
		line := ""
		for l := range strings.Lines(rdb.ClientList(ctx).Val()) {
			if infoField(l, "name") == "alice" {
				line = l
			}
		}
		if infoField(line, "id") != strconv.FormatInt(id, 10) || !strings.HasPrefix(infoField(line, "lib-name"), "go-redis") ||
			infoField(line, "laddr") != k.addr || infoField(line, "cmd") != "client|id" {
			t.Errorf("CLIENT LIST says of alice: %q", line)
		}
		want(t, rdb.ClientKillByFilter(ctx, "ID", strconv.FormatInt(id, 10)), int64(1))
		eventually(t, "she is gone", func() bool { return !strings.Contains(rdb.ClientList(ctx).Val(), "name=alice") })
		if err := named.Ping(ctx).Err(); err == nil { // on the old connection
			wantOK(t, named.Ping(ctx))
		}
		next, err := named.ClientID(ctx).Result()
		if err != nil || next == id {
			t.Errorf("after CLIENT KILL her id is %d, as before; %v", next, err)
		}
		wantError(t, rdb.ClientKill(ctx, "1.2.3.4:5"), "ERR No such client")
	})
}

func TestQuit(t *testing.T) {
	onEach(t, func(t *testing.T, k *kvd) {
		c := k.dial()
		c.send("PING\r\nQUIT\r\nPING\r\n")
		c.expect("+PONG\r\n+OK\r\n")
		c.expectEnd()
	})
}
