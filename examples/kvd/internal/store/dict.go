// Package store is the memory of the server: databases of strings, lists,
// hashes and sets, and when their keys expire. It knows no protocol and no
// clock, and nothing in it depends on the iteration order of a Go map.
package store

// minBuckets is the size of the smallest table; tables have powers of two.
const minBuckets = 4

// A Dict is a hash table that grows and shrinks a bucket at a time, so that no
// single operation takes long however many entries there are, and that can be
// scanned by a stateless cursor while it changes. It works as Redis's own does:
// while it is being resized there are two tables, and every operation moves
// some entries from the first to the second.
type Dict[V any] struct {
	seed   uint64
	tables [2]table[V]
	moved  int // buckets of tables[0] that are moved already
	pinned int // scans in progress, during which nothing moves
}

type table[V any] struct {
	buckets []*Entry[V]
	used    int
}

// An Entry is one key with its value. It stays where it is until it is deleted.
type Entry[V any] struct {
	next  *Entry[V]
	hash  uint64
	key   string
	Value V
}

// Key returns the entry's key.
func (e *Entry[V]) Key() string { return e.key }

// NewDict returns an empty Dict.
func NewDict[V any](seed uint64) *Dict[V] { return &Dict[V]{seed: seed} }

// Len returns the number of entries.
func (d *Dict[V]) Len() int { return d.tables[0].used + d.tables[1].used }

func (d *Dict[V]) resizing() bool { return d.tables[1].buckets != nil }

// Find returns the entry of key, or nil.
func (d *Dict[V]) Find(key []byte) *Entry[V] {
	h := hash(d.seed, key)
	d.step()
	return d.find(h, key)
}

func (d *Dict[V]) find(h uint64, key []byte) *Entry[V] {
	for i := range d.tables {
		b := d.tables[i].buckets
		if len(b) == 0 {
			break
		}
		for e := b[h&uint64(len(b)-1)]; e != nil; e = e.next {
			if e.hash == h && e.key == string(key) {
				return e
			}
		}
	}
	return nil
}

// Insert returns the entry of key, which it adds if there is none.
func (d *Dict[V]) Insert(key []byte) (e *Entry[V], added bool) {
	h := hash(d.seed, key)
	d.step()
	if e := d.find(h, key); e != nil {
		return e, false
	}
	e = &Entry[V]{hash: h, key: string(key)}
	d.link(e)
	return e, true
}

func (d *Dict[V]) link(e *Entry[V]) {
	if t := &d.tables[0]; t.used >= len(t.buckets) {
		d.resize(t.used + 1)
	}
	t := &d.tables[0]
	if d.resizing() {
		t = &d.tables[1]
	}
	t.link(e)
}

func (t *table[V]) link(e *Entry[V]) {
	b := &t.buckets[e.hash&uint64(len(t.buckets)-1)]
	e.next, *b = *b, e
	t.used++
}

// Remove takes e, which must be in the Dict, out of it.
func (d *Dict[V]) Remove(e *Entry[V]) {
	d.step()
	for i := range d.tables {
		t := &d.tables[i]
		if len(t.buckets) == 0 {
			break
		}
		for p := &t.buckets[e.hash&uint64(len(t.buckets)-1)]; *p != nil; p = &(*p).next {
			if *p == e {
				*p, e.next = e.next, nil
				t.used--
				if n := d.Len(); n < len(d.tables[0].buckets)/8 {
					d.resize(n)
				}
				return
			}
		}
	}
}

// resize starts moving everything into a table for n entries.
func (d *Dict[V]) resize(n int) {
	size := minBuckets
	for size < n {
		size *= 2
	}
	switch have := len(d.tables[0].buckets); {
	case have == 0:
		d.tables[0].buckets = make([]*Entry[V], size)
	case have != size && !d.resizing() && d.pinned == 0:
		d.tables[1].buckets = make([]*Entry[V], size)
	}
}

// step moves one bucket, if a resize is under way. It looks at only so many
// empty ones, as there can be millions of them in a row.
func (d *Dict[V]) step() {
	if !d.resizing() || d.pinned > 0 {
		return
	}
	from, to := &d.tables[0], &d.tables[1]
	for range 10 {
		if d.moved == len(from.buckets) {
			*from, *to, d.moved = *to, table[V]{}, 0
			return
		}
		e := from.buckets[d.moved]
		from.buckets[d.moved] = nil
		d.moved++
		if e == nil {
			continue
		}
		for e != nil {
			next := e.next
			to.link(e)
			from.used--
			e = next
		}
		return
	}
}
