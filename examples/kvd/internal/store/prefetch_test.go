package store

import (
	"fmt"
	"strings"
	"testing"
)

// Prefetch takes any keys, at any stage of a resize, and changes nothing that
// anybody could see.
func TestPrefetchChangesNothing(t *testing.T) {
	db := NewDB(1)
	for i := range 200 {
		keys := [][]byte{nil, []byte("missing")}
		for k := range i % (2 * PrefetchMost) {
			keys = append(keys, fmt.Append(nil, k*i))
		}
		before, moved := contents(db), db.keys.moved
		if n := testing.AllocsPerRun(1, func() { db.Prefetch(keys) }); n != 0 {
			t.Errorf("%v allocations", n)
		}
		if after := contents(db); after != before || db.keys.moved != moved {
			t.Fatalf("%d keys: Prefetch has changed\n%s into\n%s", i, before, after)
		}
		e, _ := db.Insert(0, fmt.Append(nil, i))
		e.Value.SetBytes(make([]byte, i%3))
	}
}

// contents is the entries of db in the order of its tables.
func contents(db *DB) string {
	var all strings.Builder
	for e := range db.keys.All {
		fmt.Fprintf(&all, "%p %q=%q\n", e, e.key, e.Value.Bytes())
	}
	return all.String()
}

// BenchmarkPrefetch is a look-up among eight, which is what a pipeline of sixteen
// has for one shard of two: in a table that the caches hold and in one that they
// don't, as they are and with a Prefetch before.
func BenchmarkPrefetch(b *testing.B) {
	const together = 8
	for _, n := range []int{1 << 8, 1 << 19} {
		db, rng := NewDB(1), Rand{State: 1}
		var keys [][]byte
		input := make([]byte, 0, 16*n) // as they come: one behind the other
		for i := range n {
			e, _ := db.Insert(0, fmt.Appendf(nil, "key:%012d", i))
			e.Value.SetBytes([]byte("xxx"))
			input = fmt.Appendf(input, "key:%012d", rng.Intn(n))
			keys = append(keys, input[16*i:16*i+16])
		}
		for _, fetch := range []bool{false, true} {
			b.Run(fmt.Sprintf("keys=%d/fetch=%v", n, fetch), func(b *testing.B) {
				at, sum := 0, byte(0)
				for i := 0; i < b.N; i += together {
					these := keys[at : at+together]
					at = (at + together) % n
					if fetch {
						db.Prefetch(these)
					}
					for _, key := range these {
						sum += db.Find(0, key).Value.Bytes()[0]
					}
				}
				db.fetched = sum
			})
		}
	}
}
