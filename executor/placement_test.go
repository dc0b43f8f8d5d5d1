package executor

import (
	"slices"
	"strings"
	"testing"

	"github.com/rouse-go/rouse/internal/topo"
)

// eight is two nodes of two cores of two threads.
func eight() topo.Machine {
	var m topo.Machine
	for id := range 8 {
		m.Online = append(m.Online, topo.CPU{ID: id, Core: id % 2, Package: id % 4 / 2, Node: id % 4 / 2})
	}
	return m
}

func TestPlacements(t *testing.T) {
	whole, cut := eight(), eight()
	cut.Affinity = []int{0, 1, 2, 5}
	cut.Quota, cut.QuotaFrom = 3.7, "/sys/fs/cgroup/cpu.max"
	const nowhere = anywhere
	for _, c := range []struct {
		name string
		p    Placement
		m    topo.Machine
		cpus []int
		note string // a part of it
		err  string
	}{
		{"zero", Placement{}, whole, []int{nowhere, nowhere, nowhere, nowhere, nowhere, nowhere, nowhere, nowhere}, "", ""},
		{"zero, cut", Placement{}, cut, []int{nowhere, nowhere, nowhere}, "3 of 8 CPUs have an executor: online are CPUs 0-7; the affinity mask allows 0-2,5; /sys/fs/cgroup/cpu.max allows the time of 3.7 CPUs", ""},
		{"unbound 2", Unbound(2), cut, []int{nowhere, nowhere}, "", ""},
		{"unbound 5", Unbound(5), cut, []int{nowhere, nowhere, nowhere, nowhere, nowhere}, "5 executors share 3 CPUs: online are CPUs 0-7", ""},
		{"spread 3", MaxSpread(3), whole, []int{0, 2, 1}, "", ""},
		{"spread all, cut", MaxSpread(0), cut, []int{0, 2, 1}, "3 of 8", ""},
		{"pack 3", MaxPack(3), whole, []int{0, 4, 1}, "", ""},
		{"pack 2, cut", MaxPack(2), cut, []int{0, 1}, "", ""},
		{"spread 4, cut", MaxSpread(4), cut, nil, "", "MaxSpread(4): there is CPU time for 3 only; online are CPUs 0-7; the affinity mask allows 0-2,5; /sys/fs/cgroup/cpu.max allows the time of 3.7 CPUs"},
		{"pack 5, cut", MaxPack(5), cut, nil, "", "MaxPack(5): only 4 CPUs may be used; online"},
		{"given", OnCPUs(5, 0), cut, []int{5, 0}, "", ""},
		{"given, forbidden", OnCPUs(0, 3), cut, nil, "", "CPU 3 may not be used; online are CPUs 0-7; the affinity mask allows 0-2,5"},
		{"given, twice", OnCPUs(1, 1), cut, nil, "", "CPU 1 stands there twice"},
		{"given, none", OnCPUs(), cut, nil, "", "name at least one CPU"},
		{"negative", Unbound(-1), cut, nil, "", "Unbound(-1): give a positive number"},
	} {
		t.Run(c.name, func(t *testing.T) {
			pl, err := c.p.on(c.m)
			if c.err != "" {
				if err == nil || !strings.HasPrefix(err.Error(), "rouse: ") || !strings.Contains(err.Error(), c.err) {
					t.Errorf("error %v; want one with %q", err, c.err)
				}
				return
			}
			if err != nil || !slices.Equal(pl.cpus, c.cpus) {
				t.Errorf("%v, %v; want %v", pl.cpus, err, c.cpus)
			}
			if (c.note == "") != (pl.note == "") || !strings.HasPrefix(pl.note, c.note) {
				t.Errorf("note %q; want %q", pl.note, c.note)
			}
			if pl.warn != strings.Contains(pl.note, "share") {
				t.Errorf("warn is %v", pl.warn)
			}
		})
	}
}
