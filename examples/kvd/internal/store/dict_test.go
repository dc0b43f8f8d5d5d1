package store

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

func name(i int) []byte { return fmt.Appendf(nil, "key:%d", i) }

func TestDictAgainstMap(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	d, model := NewDict[int](1), map[string]int{}
	for phase := range 6 { // grow, shrink, grow ...
		for i := range 20_000 {
			key := name(rng.IntN(5000))
			if rng.IntN(10) < 2+6*(phase%2) {
				if e := d.Find(key); e != nil {
					d.Remove(e)
				}
				delete(model, string(key))
			} else {
				e, added := d.Insert(key)
				if _, have := model[string(key)]; have == added {
					t.Fatalf("%s: added %v", key, added)
				}
				e.Value, model[string(key)] = i, i
			}
		}
		if d.Len() != len(model) {
			t.Fatalf("%d entries, want %d", d.Len(), len(model))
		}
		seen := 0
		for e := range d.All {
			if v, ok := model[e.Key()]; !ok || v != e.Value {
				t.Fatalf("%s: %d", e.Key(), e.Value)
			}
			seen++
		}
		if seen != len(model) {
			t.Fatalf("%d entries iterated, want %d", seen, len(model))
		}
	}
}

// TestScanGuarantee changes the Dict between the steps of a scan, so that it
// grows or shrinks several times, and checks that what was there all the time
// is seen.
func TestScanGuarantee(t *testing.T) {
	for seed := range uint64(20) {
		rng := rand.New(rand.NewPCG(seed, 0))
		d := NewDict[int](seed)
		const stay = 100
		total := stay + rng.IntN(4000)
		for i := range total {
			d.Insert(name(i))
		}
		shrink := seed%2 == 0
		seen := map[string]bool{}
		steps := 0
		for cursor, first := uint64(0), true; first || cursor != 0; first = false {
			cursor = d.Scan(cursor, func(e *Entry[int]) { seen[e.Key()] = true })
			for range rng.IntN(200) {
				if !shrink {
					d.Insert(name(total))
					total++
				} else if total > stay {
					total--
					d.Remove(d.Find(name(total)))
				}
			}
			if total > 50_000 {
				shrink = true
			}
			if steps++; steps > 200_000 {
				t.Fatal("the scan does not end")
			}
		}
		for i := range stay {
			if !seen[string(name(i))] {
				t.Fatalf("seed %d: %s was not seen", seed, name(i))
			}
		}
	}
}

func TestScanVisitorMayRemove(t *testing.T) {
	d := NewDict[int](1)
	for i := range 1000 {
		d.Insert(name(i))
	}
	for cursor, first := uint64(0), true; first || cursor != 0; first = false {
		cursor = d.Scan(cursor, func(e *Entry[int]) { d.Remove(e) })
	}
	if d.Len() != 0 {
		t.Errorf("%d entries left", d.Len())
	}
}

func TestDictShrinks(t *testing.T) {
	d := NewDict[int](1)
	for i := range 10_000 {
		d.Insert(name(i))
	}
	for i := range 9_990 {
		d.Remove(d.Find(name(i)))
	}
	for range 100_000 {
		d.Find(name(0))
	}
	if n := len(d.tables[0].buckets); n > 128 || d.resizing() {
		t.Errorf("%d buckets for %d entries", n, d.Len())
	}
}

func TestRandomReachesEverything(t *testing.T) {
	d, rng := NewDict[int](1), &Rand{State: 1}
	for i := range 65 { // in the middle of a resize
		d.Insert(name(i))
	}
	if !d.resizing() {
		t.Fatal("not resizing")
	}
	seen := map[string]bool{}
	for range 5000 {
		seen[d.Random(rng).Key()] = true
	}
	if len(seen) != 65 {
		t.Errorf("%d of 65 entries seen", len(seen))
	}
}

func TestHashSpreads(t *testing.T) {
	const n = 1 << 12
	for _, format := range []string{"%d", "key:%012d", "%d-and-a-rather-long-tail-behind-it"} {
		var buckets [n]int
		for i := range n {
			buckets[hash(7, fmt.Appendf(nil, format, i))%n]++
		}
		empty := 0
		for _, k := range buckets {
			if k == 0 {
				empty++
			}
			if k > 12 {
				t.Errorf(format+": %d keys in a bucket", 0, k)
			}
		}
		if empty < n*33/100 || empty > n*41/100 { // 1/e is 36.8 %
			t.Errorf(format+": %d of %d buckets empty", 0, empty, n)
		}
	}
}
