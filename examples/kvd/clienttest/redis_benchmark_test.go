package clienttest

import (
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// The whole list that redis-benchmark is to be run with, without an error.
func TestRedisBenchmark(t *testing.T) {
	need(t, "redis-benchmark")
	n := 200_000
	if testing.Short() || raceDetector {
		n = 10_000
	}
	onEach(t, func(t *testing.T, k *kvd) {
		const list = "ping,set,get,incr,lpush,rpush,lpop,rpop,hset,mset,lrange_100"
		out, err := command(t, "redis-benchmark", "-p", k.port(), "-q", "-r", "100000", "-n", strconv.Itoa(n), "-P", "16", "-t", list).CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		lines := regexp.MustCompile(`[\r\n]+`).Split(string(out), -1)
		done := regexp.MustCompile(`^(\S+).*: ([0-9.]+) requests per second, p50=`)
		var names []string
		for _, line := range lines {
			line = strings.TrimSpace(line)
			if m := done.FindStringSubmatch(line); m != nil {
				names = append(names, m[1])
				t.Log(line)
			} else if line != "" && !strings.Contains(line, ": rps=") {
				t.Errorf("redis-benchmark says %q", line)
			}
		}
		const all = "PING_INLINE PING_MBULK SET GET INCR LPUSH RPUSH LPOP RPOP HSET LPUSH LRANGE_100 MSET"
		if got := strings.Join(names, " "); got != all {
			t.Errorf("it ran %s; want %s", got, all)
		}

		c := k.dial()
		c.send("INFO commandstats\r\n")
		stats := c.readBulk()
		for name, times := range map[string]int{"ping": 2, "set": 1, "get": 1, "incr": 1, "rpush": 1, "lpop": 1, "rpop": 1, "hset": 1, "mset": 1, "lrange": 1} {
			calls := infoField(stats, "cmdstat_"+name)
			if got, _ := strconv.Atoi(strings.TrimPrefix(calls, "calls=")); got < times*n {
				t.Errorf("kvd has executed %d %s of %d", got, name, times*n)
			}
		}
		c.ask("LRANGE mylist 0 99\r\n", "*100\r\n$3\r\n")
	})
}
