// Package topo reads what CPUs a machine has, how they share cores, packages and
// memory, and which limits this process is under. It reads Linux's /sys and
// /proc from a file system, so that tests can show it other machines.
package topo

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

// A CPU is one logical processor and where it sits. CPUs with the same Core (of
// one Package) share its execution units.
type CPU struct{ ID, Core, Package, Node int }

// A Machine is the CPUs and the limits. A limit that is nil or 0 is none.
type Machine struct {
	Online   []CPU // sorted by ID
	Affinity []int // what sched_getaffinity allows
	Cpuset   []int // what the cgroup allows
	Quota    float64

	CpusetFrom, QuotaFrom string // the files that say so
}

// Flat returns a machine of n CPUs about which nothing else is known.
func Flat(n int) Machine {
	var m Machine
	for id := range n {
		m.Online = append(m.Online, CPU{ID: id, Core: id})
	}
	return m
}

// Read reads the machine from a file system whose root is the system's. Missing
// files are no error: what is not known is taken as one package and one node,
// and as no limit. A file that makes no sense is an error. Affinity is not in
// files; the caller sets it.
func Read(fsys fs.FS) (Machine, error) {
	var m Machine
	online, err := readList(fsys, "sys/devices/system/cpu/online")
	if err != nil || online == nil {
		return m, err
	}
	node, err := readNodes(fsys)
	if err != nil {
		return m, err
	}
	for _, id := range online {
		dir := fmt.Sprintf("sys/devices/system/cpu/cpu%d/topology/", id)
		c := CPU{ID: id, Core: id, Node: node[id]}
		if c.Core, err = readInt(fsys, dir+"core_id", id); err != nil {
			return m, err
		}
		if c.Package, err = readInt(fsys, dir+"physical_package_id", 0); err != nil {
			return m, err
		}
		m.Online = append(m.Online, c)
	}
	return m, m.readGroups(fsys)
}

// readNodes returns the memory node of each CPU.
func readNodes(fsys fs.FS) (map[int]int, error) {
	const dir = "sys/devices/system/node"
	node := make(map[int]int)
	entries, err := fs.ReadDir(fsys, dir)
	if err != nil {
		return node, nil // a kernel without nodes
	}
	for _, e := range entries {
		n, err := strconv.Atoi(strings.TrimPrefix(e.Name(), "node"))
		if err != nil || !strings.HasPrefix(e.Name(), "node") {
			continue
		}
		cpus, err := readList(fsys, path.Join(dir, e.Name(), "cpulist"))
		if err != nil {
			return nil, err
		}
		for _, id := range cpus {
			node[id] = n
		}
	}
	return node, nil
}

// Usable returns the CPUs that no limit forbids.
func (m Machine) Usable() []CPU {
	var cpus []CPU
	for _, c := range m.Online {
		if (m.Affinity == nil || slices.Contains(m.Affinity, c.ID)) && (m.Cpuset == nil || slices.Contains(m.Cpuset, c.ID)) {
			cpus = append(cpus, c)
		}
	}
	return cpus
}

// Room returns how many executors the limits leave room for: one for each
// usable CPU, and no more than the quota pays for in full, but at least one.
func (m Machine) Room() int {
	n := len(m.Usable())
	if m.Quota > 0 {
		n = min(n, int(m.Quota))
	}
	return max(1, n)
}

// Limits says in words what Room and Usable rest on.
func (m Machine) Limits() string {
	ids := make([]int, len(m.Online))
	for i, c := range m.Online {
		ids[i] = c.ID
	}
	text := "online are CPUs " + FormatList(ids)
	if m.Affinity != nil {
		text += "; the affinity mask allows " + FormatList(m.Affinity)
	}
	if m.Cpuset != nil {
		text += "; " + m.CpusetFrom + " allows " + FormatList(m.Cpuset)
	}
	if m.Quota > 0 {
		text += fmt.Sprintf("; %s allows the time of %.4g CPUs", m.QuotaFrom, m.Quota)
	}
	return text
}

// read returns a file's text; ok is false if there is none.
func read(fsys fs.FS, name string) (text string, ok bool) {
	b, err := fs.ReadFile(fsys, name)
	return strings.TrimSpace(string(b)), err == nil
}

func readList(fsys fs.FS, name string) ([]int, error) {
	text, ok := read(fsys, name)
	if !ok {
		return nil, nil
	}
	cpus, err := ParseList(text)
	if err != nil {
		return nil, fmt.Errorf("%w, in /%s", err, name)
	}
	return cpus, nil
}

func readInt(fsys fs.FS, name string, missing int) (int, error) {
	text, ok := read(fsys, name)
	if !ok {
		return missing, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0, fmt.Errorf("rouse: /%s says %q, which is no number", name, text)
	}
	return n, nil
}
