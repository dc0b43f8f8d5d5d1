package clienttest

import (
	"net"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"testing"
	"time"
)

// TestCompareWithRedis prints how much work kvd does in a second of its CPU
// time, and how much redis-server does. It is off unless KVD_COMPARE is set,
// as the machines that run tests are noisy; the repetitions alternate, and
// medians are compared.
func TestCompareWithRedis(t *testing.T) {
	if os.Getenv("KVD_COMPARE") == "" {
		t.Skip("skipped: set KVD_COMPARE=1 to compare kvd with redis-server")
	}
	needProc(t)
	need(t, "redis-server")
	need(t, "redis-benchmark")
	n, rounds := 1_000_000, 7
	if testing.Short() {
		n, rounds = 300_000, 3
	}
	ours := startPlain(t, drivers[0])
	theirPort, theirPID := startRedis(t)
	for _, test := range []string{"set", "get"} {
		measure := func(port string, pid int) float64 {
			t.Helper()
			before := cpuTime(t, pid)
			out, err := command(t, "redis-benchmark", "-p", port, "-q", "-r", "100000", "-n", strconv.Itoa(n), "-P", "16", "-t", test).CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			return float64(n) / (cpuTime(t, pid) - before).Seconds()
		}
		var our, their, ratios []float64
		for range rounds {
			a, b := measure(ours.port(), ours.pid), measure(theirPort, theirPID)
			our, their, ratios = append(our, a), append(their, b), append(ratios, a/b)
		}
		ratio := median(our) / median(their)
		t.Logf("%s -P 16, requests per CPU second: kvd %.0f, redis-server %.0f, ratio %.2f (from %.2f to %.2f)",
			test, median(our), median(their), ratio, slices.Min(ratios), slices.Max(ratios))
		if ratio < 0.5 {
			t.Errorf("%s: kvd does less than half of redis-server's work", test)
		}
	}
}

func median(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	return v[len(v)/2]
}

// startRedis starts a redis-server that keeps nothing.
func startRedis(t *testing.T) (port string, pid int) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ = net.SplitHostPort(l.Addr().String())
	l.Close()
	cmd := exec.Command("redis-server", "--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", t.TempDir())
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	eventually(t, "redis-server answers", func() bool {
		c, err := net.DialTimeout("tcp", "127.0.0.1:"+port, time.Second)
		if err != nil {
			return false
		}
		c.Close()
		return true
	})
	return port, cmd.Process.Pid
}
