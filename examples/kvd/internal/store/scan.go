package store

import "math/bits"

// Scan calls visit for the entries of one bucket, or of the few buckets that
// are one bucket in a smaller table, and returns the cursor of the next one. A
// scan starts at cursor 0 and is over when 0 comes back.
//
// Every entry that exists from the start of a scan to its end is visited,
// whatever is added, deleted or resized between the calls: the cursor counts
// with its bits reversed, highest of the mask first, so that buckets which were
// visited in a table of one size are exactly those already visited in a table
// of another. An entry may be visited twice when the table shrinks. The only
// change visit may make is to remove the entry at hand.
func (d *Dict[V]) Scan(cursor uint64, visit func(*Entry[V])) uint64 {
	if d.Len() == 0 {
		return 0
	}
	d.pinned++
	defer func() { d.pinned-- }()

	small, large := d.tables[0].buckets, d.tables[1].buckets
	if large == nil {
		mask := uint64(len(small) - 1)
		visitChain(small[cursor&mask], visit)
		return nextCursor(cursor, mask)
	}
	if len(small) > len(large) {
		small, large = large, small
	}
	smallMask, largeMask := uint64(len(small)-1), uint64(len(large)-1)
	visitChain(small[cursor&smallMask], visit)
	for { // all that one bucket of the small table expands to in the large one
		visitChain(large[cursor&largeMask], visit)
		cursor = nextCursor(cursor, largeMask)
		if cursor&(smallMask^largeMask) == 0 {
			return cursor
		}
	}
}

// nextCursor adds one to the bits of cursor under mask, carrying downwards.
func nextCursor(cursor, mask uint64) uint64 {
	cursor |= ^mask
	return bits.Reverse64(bits.Reverse64(cursor) + 1)
}

func visitChain[V any](e *Entry[V], visit func(*Entry[V])) {
	for e != nil {
		next := e.next
		visit(e)
		e = next
	}
}

// All yields every entry once. The only change the body may make is to
// remove the entry at hand.
func (d *Dict[V]) All(yield func(*Entry[V]) bool) {
	d.pinned++
	defer func() { d.pinned-- }()
	for i := range d.tables {
		for _, e := range d.tables[i].buckets {
			for e != nil {
				next := e.next
				if !yield(e) {
					return
				}
				e = next
			}
		}
	}
}

// Random returns some entry, chosen by what rng yields, or nil if there is
// none. Entries in long chains are a little less likely than others.
func (d *Dict[V]) Random(rng *Rand) *Entry[V] {
	if d.Len() == 0 {
		return nil
	}
	d.step()
	first, second := d.tables[0].buckets, d.tables[1].buckets
	for {
		i := d.moved + rng.Intn(len(first)+len(second)-d.moved)
		buckets := first
		if i >= len(first) {
			i, buckets = i-len(first), second
		}
		e := buckets[i]
		if e == nil {
			continue
		}
		n := 0
		for x := e; x != nil; x = x.next {
			n++
		}
		for range rng.Intn(n) {
			e = e.next
		}
		return e
	}
}
