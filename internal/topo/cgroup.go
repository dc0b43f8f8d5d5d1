package topo

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

// readGroups reads the limits of the control groups that this process is in: of
// its own group and of every one above, since each limit holds for all below.
// Inside a container the path in /proc is often the host's, of which only the
// end of the mount is there: groups without files are passed over.
func (m *Machine) readGroups(fsys fs.FS) error {
	text, _ := read(fsys, "proc/self/cgroup")
	for line := range strings.Lines(text) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(parts) != 3 {
			continue
		}
		controllers := strings.Split(parts[1], ",")
		var err error
		if parts[1] == "" { // version 2, alone or beside version 1
			err = m.walk(fsys, parts[2], []string{"sys/fs/cgroup", "sys/fs/cgroup/unified"}, m.group2)
		}
		if err == nil && slices.Contains(controllers, "cpu") {
			err = m.walk(fsys, parts[2], []string{"sys/fs/cgroup/cpu", "sys/fs/cgroup/cpu,cpuacct"}, m.quota1)
		}
		if err == nil && slices.Contains(controllers, "cpuset") {
			err = m.walk(fsys, parts[2], []string{"sys/fs/cgroup/cpuset"}, m.cpuset1)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// walk calls look for a group and all above it.
func (m *Machine) walk(fsys fs.FS, group string, bases []string, look func(fs.FS, string) error) error {
	for _, base := range bases {
		for g := path.Clean("/" + group); ; g = path.Dir(g) {
			if err := look(fsys, path.Join(base, g)); err != nil {
				return err
			}
			if g == "/" {
				break
			}
		}
	}
	return nil
}

// group2 reads a group of version 2.
func (m *Machine) group2(fsys fs.FS, dir string) error {
	name := dir + "/cpu.max"
	if text, ok := read(fsys, name); ok {
		quota, period, _ := strings.Cut(text, " ")
		if quota != "max" {
			if err := m.limitTime(name, quota, period); err != nil {
				return err
			}
		}
	}
	return m.limitCPUs(fsys, dir+"/cpuset.cpus.effective")
}

// quota1 reads the time limit of a group of version 1.
func (m *Machine) quota1(fsys fs.FS, dir string) error {
	name := dir + "/cpu.cfs_quota_us"
	quota, ok := read(fsys, name)
	if !ok || strings.HasPrefix(quota, "-") {
		return nil
	}
	period, _ := read(fsys, dir+"/cpu.cfs_period_us")
	return m.limitTime(name, quota, period)
}

func (m *Machine) cpuset1(fsys fs.FS, dir string) error {
	return m.limitCPUs(fsys, dir+"/cpuset.effective_cpus")
}

func (m *Machine) limitTime(name, quota, period string) error {
	q, err := strconv.ParseFloat(quota, 64)
	p, err2 := strconv.ParseFloat(period, 64)
	if err != nil || err2 != nil || !(q > 0) || !(p > 0) {
		return fmt.Errorf("rouse: /%s says %q of %q, which is no share of CPU time", name, quota, period)
	}
	if m.Quota == 0 || q/p < m.Quota {
		m.Quota, m.QuotaFrom = q/p, "/"+name
	}
	return nil
}

func (m *Machine) limitCPUs(fsys fs.FS, name string) error {
	cpus, err := readList(fsys, name)
	if err != nil || cpus == nil {
		return err
	}
	if m.Cpuset == nil || len(cpus) < len(m.Cpuset) {
		m.Cpuset, m.CpusetFrom = cpus, "/"+name
	}
	return nil
}
