package topo_test

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/rouse-go/rouse/internal/topo"
)

// tree makes a file system of path and text in turn.
func tree(files ...string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for i := 0; i < len(files); i += 2 {
		fsys[files[i]] = &fstest.MapFile{Data: []byte(files[i+1] + "\n")}
	}
	return fsys
}

// twoNodes is a machine of 2 nodes with 2 cores of 2 threads each; thread 2 of
// a core has the number of thread 1 plus 4, as on most.
func twoNodes(more ...string) fstest.MapFS {
	files := []string{
		"sys/devices/system/cpu/online", "0-7",
		"sys/devices/system/node/node0/cpulist", "0-1,4-5",
		"sys/devices/system/node/node1/cpulist", "2-3,6-7",
		"sys/devices/system/node/has_cpu", "0-1",
	}
	for id := range 8 {
		dir := fmt.Sprintf("sys/devices/system/cpu/cpu%d/topology/", id)
		files = append(files, dir+"core_id", fmt.Sprint(id%2), dir+"physical_package_id", fmt.Sprint(id%4/2))
	}
	return tree(append(files, more...)...)
}

func ids(cpus []topo.CPU) []int {
	var list []int
	for _, c := range cpus {
		list = append(list, c.ID)
	}
	return list
}

func mustRead(t *testing.T, fsys fstest.MapFS) topo.Machine {
	t.Helper()
	m, err := topo.Read(fsys)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func want(t *testing.T, what string, got, want []int) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: %v; want %v", what, got, want)
	}
}

func TestOrders(t *testing.T) {
	m := mustRead(t, twoNodes())
	want(t, "pack", ids(topo.Pack(m.Online)), []int{0, 4, 1, 5, 2, 6, 3, 7})
	want(t, "spread", ids(topo.Spread(m.Online)), []int{0, 2, 1, 3, 4, 6, 5, 7})
	m.Affinity = []int{1, 2, 5, 6}
	want(t, "pack of some", ids(topo.Pack(m.Usable())), []int{1, 5, 2, 6})
	want(t, "spread of some", ids(topo.Spread(m.Usable())), []int{1, 2, 5, 6})
	want(t, "spread of none", ids(topo.Spread(nil)), nil)
}

func TestUnevenNodes(t *testing.T) {
	m := mustRead(t, tree("sys/devices/system/cpu/online", "0-4",
		"sys/devices/system/node/node0/cpulist", "0-3", "sys/devices/system/node/node1/cpulist", "4"))
	want(t, "spread", ids(topo.Spread(m.Online)), []int{0, 4, 1, 2, 3})
}

func TestLimits(t *testing.T) {
	for _, c := range []struct {
		name   string
		files  []string
		usable []int
		room   int
		says   string
	}{
		{"none", nil, []int{0, 1, 2, 3, 4, 5, 6, 7}, 8, "online are CPUs 0-7"},
		{"v2", []string{
			"proc/self/cgroup", "0::/a/b",
			"sys/fs/cgroup/a/b/cpu.max", "max 100000",
			"sys/fs/cgroup/a/cpu.max", "250000 100000",
			"sys/fs/cgroup/cpuset.cpus.effective", "0-7",
			"sys/fs/cgroup/a/b/cpuset.cpus.effective", "2-4",
		}, []int{2, 3, 4}, 2, "/sys/fs/cgroup/a/b/cpuset.cpus.effective allows 2-4; /sys/fs/cgroup/a/cpu.max allows the time of 2.5 CPUs"},
		{"v2 in a container", []string{
			"proc/self/cgroup", "0::/host/path",
			"sys/fs/cgroup/cpu.max", "50000 100000",
		}, []int{0, 1, 2, 3, 4, 5, 6, 7}, 1, "/sys/fs/cgroup/cpu.max allows the time of 0.5 CPUs"},
		{"v1", []string{
			"proc/self/cgroup", "4:cpuset:/c\n3:cpu,cpuacct:/c\n1:name=systemd:/\n0::/",
			"sys/fs/cgroup/cpu,cpuacct/c/cpu.cfs_quota_us", "400000",
			"sys/fs/cgroup/cpu,cpuacct/c/cpu.cfs_period_us", "100000",
			"sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "-1",
			"sys/fs/cgroup/cpuset/c/cpuset.effective_cpus", "1-6",
		}, []int{1, 2, 3, 4, 5, 6}, 4, "cpu.cfs_quota_us allows the time of 4 CPUs"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := mustRead(t, twoNodes(c.files...))
			want(t, "usable", ids(m.Usable()), c.usable)
			if m.Room() != c.room || !strings.Contains(m.Limits(), c.says) {
				t.Errorf("room %d, %s", m.Room(), m.Limits())
			}
		})
	}
}

func TestNonsenseIsAnError(t *testing.T) {
	for _, c := range [][]string{
		{"sys/devices/system/cpu/online", "0-x"},
		{"sys/devices/system/cpu/online", "0-99999999"},
		{"sys/devices/system/node/node0/cpulist", "3-1"},
		{"sys/devices/system/cpu/cpu1/topology/core_id", "one"},
		{"proc/self/cgroup", "0::/", "sys/fs/cgroup/cpu.max", "100"},
		{"proc/self/cgroup", "0::/", "sys/fs/cgroup/cpu.max", "0 100000"},
		{"proc/self/cgroup", "0::/", "sys/fs/cgroup/cpuset.cpus.effective", "?"},
	} {
		if m, err := topo.Read(twoNodes(c...)); err == nil || !strings.HasPrefix(err.Error(), "rouse: ") {
			t.Errorf("%q: %+v, %v", c, m, err)
		}
	}
}

func TestNothingKnown(t *testing.T) {
	if m := mustRead(t, tree()); m.Online != nil {
		t.Errorf("of an empty system: %+v", m)
	}
	m := topo.Flat(3)
	want(t, "flat", ids(m.Usable()), []int{0, 1, 2})
	if m.Room() != 3 {
		t.Error(m.Room())
	}
}

func TestThisMachine(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("linux only")
	}
	m, err := topo.Read(os.DirFS("/"))
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s; room for %d", m.Limits(), m.Room())
}

func FuzzParseList(f *testing.F) {
	for _, s := range []string{"", "0", "0-3,8", "1,1,0", "-", "3-1", "0-65536"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		cpus, err := topo.ParseList(s)
		if err != nil || len(cpus) == 0 {
			return
		}
		again, err := topo.ParseList(topo.FormatList(cpus))
		if err != nil || !slices.Equal(cpus, again) || !slices.IsSorted(cpus) {
			t.Errorf("%q: %v, again %v, %v", s, cpus, again, err)
		}
	})
}
