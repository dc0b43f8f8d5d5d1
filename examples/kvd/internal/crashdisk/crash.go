package crashdisk

import (
	"math/rand/v2"
	"slices"
)

// sector is what a disk writes as a whole.
const sector = 512

// CrashWhen has the power fail as soon as at says so. It is asked before each
// operation takes effect, and once more while a Sync is half done, with a name
// such as "WriteAt log-1", "Sync log-1" or "half Sync log-1". on, which may be
// nil, is called when it has happened; then nothing completes any more.
func (d *Disk) CrashWhen(at func(point string) bool, on func(point string)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.crashAt, d.onCrash = at, on
}

// Crashed reports whether the power has failed.
func (d *Disk) Crashed() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.crashed
}

// point is passed at each moment at which the power may fail, with d locked. It
// reports whether it has.
func (d *Disk) point(name string) bool {
	if !d.crashed && d.crashAt != nil && d.crashAt(name) {
		d.crashed = true
		d.lose()
		if d.onCrash != nil {
			d.onCrash(name)
		}
	}
	return d.crashed
}

// lose makes durable what happens to be on the disk already. The rest is lost.
func (d *Disk) lose() {
	rng := d.rng
	for _, r := range pick(rng, d.renames) {
		d.applyName(r)
	}
	d.renames = nil
	seen := map[*inode]bool{}
	for _, name := range sortedNames(d.durable) {
		f := d.durable[name]
		if seen[f] {
			continue
		}
		seen[f] = true
		f.changes = torn(rng, f.changes)
		d.sync(f, f.synced+len(f.changes))
	}
}

// pick returns some of all, in their order: none, a beginning, or any.
func pick[T any](rng *rand.Rand, all []T) []T {
	switch rng.IntN(4) {
	case 0:
		return nil
	case 1:
		return all
	case 2:
		return all[:rng.IntN(len(all)+1)]
	}
	return slices.DeleteFunc(slices.Clone(all), func(T) bool { return rng.IntN(2) == 0 })
}

// torn returns some sectors of some changes.
func torn(rng *rand.Rand, changes []change) (left []change) {
	some := pick(rng, changes)
	if rng.IntN(3) == 0 {
		return some
	}
	for i, c := range some {
		if c.data == nil || i < len(some)-1 && rng.IntN(2) == 0 {
			left = append(left, c)
			continue
		}
		keep := rng.IntN(101)
		for at := int64(0); at < int64(len(c.data)); {
			end := min((c.off+at)/sector*sector+sector-c.off, int64(len(c.data)))
			if rng.IntN(100) < keep {
				left = append(left, change{c.off + at, c.data[at:end]})
			}
			at = end
		}
	}
	return left
}

// Crash makes the power fail now, if it has not, and returns the disk as it is
// when the power is back.
func (d *Disk) Crash() *Disk {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.crashAt = func(string) bool { return true }
	d.onCrash = nil
	d.point("the test's wish")
	after := New(d.root, d.rng.Uint64())
	after.mirror = d.mirror
	for _, name := range sortedNames(d.durable) {
		b := d.durable[name].disk
		f := &inode{cache: slices.Clone(b), disk: slices.Clone(b)}
		after.names[name], after.durable[name] = f, f
	}
	return after
}

func sortedNames(m map[string]*inode) []string {
	var all []string
	for name := range m {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}
