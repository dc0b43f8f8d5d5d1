package clienttest

import (
	"context"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"testing"
)

// TestCompareCores prints how much work kvd does in a second of its CPU time with
// two cores, and with one: what crossing from one to the other costs. And how the
// keys spread. It is off unless KVD_COMPARE is set; KVD_COMPARE_N is the number of
// requests of each kind. The repetitions alternate, and medians are compared.
func TestCompareCores(t *testing.T) {
	if os.Getenv("KVD_COMPARE") == "" {
		t.Skip("skipped: set KVD_COMPARE=1 to compare two cores with one")
	}
	needProc(t)
	need(t, "redis-benchmark")
	n := 2_000_000
	if v := os.Getenv("KVD_COMPARE_N"); v != "" {
		var err error
		if n, err = strconv.Atoi(v); err != nil || n <= 0 {
			t.Fatalf("KVD_COMPARE_N=%s: give a positive number", v)
		}
	}
	const rounds = 3
	two, one := startPlain(t, drivers[0]+twoCores), startPlain(t, drivers[0])
	measure := func(k *kvd) float64 {
		t.Helper()
		before := cpuTime(t, k.pid)
		ctx, cancel := context.WithTimeout(t.Context(), 10*patience) // the machine may be busy
		defer cancel()
		cmd := exec.CommandContext(ctx, "redis-benchmark", "-p", k.port(), "-q", "-t", "set,get", "-c", "50", "-P", "16", "-r", "1000000", "-n", strconv.Itoa(n))
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return float64(2*n) / (cpuTime(t, k.pid) - before).Seconds()
	}
	var ofTwo, ofOne, ratios []float64
	for range rounds {
		a, b := measure(two), measure(one)
		ofTwo, ofOne, ratios = append(ofTwo, a), append(ofOne, b), append(ratios, a/b)
		t.Logf("SET and GET, requests per CPU second: two cores %.0f, one %.0f, ratio %.2f", a, b, a/b)
	}
	t.Logf("medians of %d: two cores %.0f, one %.0f; ratio %.2f (from %.2f to %.2f)",
		rounds, median(ofTwo), median(ofOne), median(ratios), slices.Min(ratios), slices.Max(ratios))
	if median(ratios) < 0.8 {
		t.Error("two cores do less than 0.8 of one core's work in a second of CPU time")
	}
	c := two.dial()
	c.send("INFO shards\r\n")
	var commands []int
	sum := 0
	for _, m := range regexp.MustCompile(`shard\d:keys=\d+,commands=(\d+),`).FindAllStringSubmatch(c.readBulk(), -1) {
		v, _ := strconv.Atoi(m[1])
		commands = append(commands, v)
		sum += v
	}
	for shard, v := range commands {
		share := 100 * float64(v) / float64(sum)
		t.Logf("shard %d has executed %.1f%% of %d commands", shard, share, sum)
		if share < 45 || share > 55 {
			t.Errorf("shard %d has executed %.1f%% of all", shard, share)
		}
	}
	if len(commands) != 2 {
		t.Errorf("there are %d shards", len(commands))
	}
}
