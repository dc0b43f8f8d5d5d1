//go:build linux

package sock

import "testing"

type clock int64

func (c *clock) Now() int64 { return int64(*c) }

// The kernel names interfaces once a minute at most.
func TestZones(t *testing.T) {
	d := new(clock)
	var z zones
	lo := z.index("lo", d)
	if lo == 0 || z.name(lo, d) != "lo" {
		t.Skip("this machine has no interface called lo")
	}
	if i := z.index("17", d); i != 17 {
		t.Errorf("zone 17 is %d", i)
	}
	if i := z.index("no such zone", d); i != 0 {
		t.Errorf("a zone that is not there is %d", i)
	}
	if name := z.name(1<<30, d); name != "1073741824" {
		t.Errorf("interface 1<<30 is called %q", name)
	}
	if n := testing.AllocsPerRun(100, func() { z.index("lo", d); z.name(lo, d) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	z.names[lo] = "old"
	if z.name(lo, d) != "old" {
		t.Error("the kernel is asked again at once")
	}
	*d += clock(zoneAge)
	if z.name(lo, d) != "lo" {
		t.Error("a name is never forgotten")
	}
}
