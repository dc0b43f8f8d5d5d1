package clienttest

import (
	"strconv"
	"strings"
	"testing"
	"time"
)

// The first thing that everybody tries.
func TestRedisCLISession(t *testing.T) {
	need(t, "redis-cli")
	onEach(t, func(t *testing.T, k *kvd) {
		cli := func(args ...string) string {
			t.Helper()
			out, err := command(t, "redis-cli", append([]string{"-p", k.port()}, args...)...).CombinedOutput()
			if err != nil {
				t.Fatalf("redis-cli %s: %v, %s", args, err, out)
			}
			return strings.TrimSpace(string(out))
		}
		expect := func(want string, args ...string) {
			t.Helper()
			if got := cli(args...); got != want {
				t.Errorf("redis-cli %s: got %q, want %q", args, got, want)
			}
		}
		began := time.Now()
		expect("OK", "set", "k", "v", "ex", "1")
		if got := cli("get", "k"); got != "v" && time.Since(began) < time.Second {
			t.Errorf("get k: %q", got)
		}
		eventually(t, "the key is gone", func() bool { return cli("get", "k") == "" })
		if took := time.Since(began); took < time.Second-time.Millisecond {
			t.Errorf("a key of a second expired after %v", took)
		}
		expect("(nil)", "--no-raw", "get", "k")
		expect("0", "dbsize")
		expect("3", "rpush", "l", "a", "b", "c")
		expect("1) \"a\"\n2) \"b\"\n3) \"c\"", "--no-raw", "lrange", "l", "0", "-1")
		expect("PONG", "ping")
	})
}

// redis-cli in a pipe, in both protocols.
func TestRedisCLIScript(t *testing.T) {
	need(t, "redis-cli")
	const script = "set k 1\nincr k\nhset h f v\nhgetall h\nlpush k x\nget none\nllen\n"
	onEach(t, func(t *testing.T, k *kvd) {
		for protocol, want := range map[string]string{
			"-2": "OK\n(integer) 2\n(integer) 1\n1) \"f\"\n2) \"v\"\n" +
				"(error) WRONGTYPE Operation against a key holding the wrong kind of value\n(nil)\n" +
				"(error) ERR wrong number of arguments for 'llen' command\n",
			"-3": "OK\n(integer) 2\n(integer) 1\n1# \"f\" => \"v\"\n" +
				"(error) WRONGTYPE Operation against a key holding the wrong kind of value\n(nil)\n" +
				"(error) ERR wrong number of arguments for 'llen' command\n",
		} {
			k.dial().ask("FLUSHALL\r\n", "+OK\r\n")
			cmd := command(t, "redis-cli", protocol, "-p", k.port(), "--no-raw")
			cmd.Stdin = strings.NewReader(script)
			out, err := cmd.CombinedOutput()
			if err != nil || strings.ReplaceAll(string(out), "\n\n", "\n") != want {
				t.Errorf("%s: %v\ngot:\n%s\nwant:\n%s", protocol, err, out, want)
			}
		}
	})
}

// redis-cli's own scans and bulk loads.
func TestRedisCLITools(t *testing.T) {
	need(t, "redis-cli")
	onEach(t, func(t *testing.T, k *kvd) {
		var load strings.Builder
		const n = 5000
		for i := range n {
			load.WriteString(request("SET", "key:"+strconv.Itoa(i), "v"))
		}
		cmd := command(t, "redis-cli", "-p", k.port(), "--pipe")
		cmd.Stdin = strings.NewReader(load.String())
		out, err := cmd.CombinedOutput()
		if err != nil || !strings.Contains(string(out), "errors: 0, replies: 5000") {
			t.Fatalf("--pipe: %v\n%s", err, out)
		}
		out, err = command(t, "redis-cli", "-p", k.port(), "--scan", "--pattern", "key:*").Output()
		if got := strings.Count(string(out), "\n"); err != nil || got < n {
			t.Errorf("--scan finds %d of %d keys, %v", got, n, err)
		}
	})
}
