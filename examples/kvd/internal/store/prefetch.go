package store

// PrefetchMost is how many keys Prefetch takes at most.
const PrefetchMost = 32

// Prefetch reads what Find or Insert will read for keys, up to PrefetchMost of
// them, so that the processor has it at hand then. It changes nothing.
//
// In a table that is larger than the caches a look-up waits for the memory up to
// four times, one after the other: for the bucket, the entry, its key and the
// string. Many look-ups at once, a step of all of them and then the next, wait
// about as long as one: a processor that executes out of order issues the loads of
// the later keys while those of the first are under way. Where the caches hold all,
// it costs a few nanoseconds a key, see BenchmarkPrefetch.
//
// This is group prefetching (Chen, Ailamaki, Gibbons and Mowry, "Improving Hash
// Join Performance through Prefetching", ICDE 2004), with plain loads, as Go has
// no instruction for it.
func (db *DB) Prefetch(keys [][]byte) {
	var hashes [PrefetchMost]uint64
	var entries [PrefetchMost]*Entry[Value]
	keys = keys[:min(len(keys), PrefetchMost)]
	d := db.keys
	for i, key := range keys {
		hashes[i] = hash(d.seed, key)
	}
	for t := range d.tables {
		b := d.tables[t].buckets
		if len(b) == 0 {
			break
		}
		for i, h := range hashes[:len(keys)] {
			entries[i] = b[h&uint64(len(b)-1)]
		}
		for i, h := range hashes[:len(keys)] {
			e := entries[i]
			for e != nil && e.hash != h {
				e = e.next
			}
			entries[i] = e
		}
		for _, e := range entries[:len(keys)] {
			if e != nil {
				db.fetched += first(e.key) + first(e.Value.str)
			}
		}
	}
}

func first[S string | []byte](s S) byte {
	if len(s) == 0 {
		return 0
	}
	return s[0]
}
