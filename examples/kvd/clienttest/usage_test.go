package clienttest

import (
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// memory is a process's resident memory in bytes, now and at its most.
func (k *kvd) memory() (now, peak int) {
	k.t.Helper()
	text, err := os.ReadFile("/proc/" + strconv.Itoa(k.pid) + "/status")
	if err != nil {
		k.t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		f := strings.Fields(line)
		if len(f) < 2 {
			continue
		}
		n, _ := strconv.Atoi(f[1])
		switch f[0] {
		case "VmRSS:":
			now = n << 10
		case "VmHWM:":
			peak = n << 10
		}
	}
	if now == 0 || peak == 0 {
		k.t.Fatalf("can't read kvd's memory from:\n%s", text)
	}
	return now, peak
}

// cpuTime is what process pid has used of the CPU, user and system.
func cpuTime(t testing.TB, pid int) time.Duration {
	t.Helper()
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), ") ") // behind the name
	f := strings.Fields(rest)
	user, err1 := strconv.Atoi(f[11])
	system, err2 := strconv.Atoi(f[12])
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	return time.Duration(user+system) * (time.Second / 100) // ticks, as Linux shows them on all machines
}
