package store

import (
	"iter"
	"slices"
)

// maxSmall is how many entries a Table keeps in a slice.
const maxSmall = 32

// A Table maps the fields of a hash, or the members of a set, to values. Most
// are small: those are a slice, which is compact and keeps the order of
// insertion. A Table that has outgrown it is a Dict for the rest of its life.
// Like a nil map, a nil Table is an empty one that can't be added to.
type Table[V any] struct {
	small []field[V]
	dict  *Dict[V]
	seed  uint64
}

// A Hash maps fields to values, a Set has members alone.
type (
	Hash = Table[[]byte]
	Set  = Table[struct{}]
)

type field[V any] struct {
	key   string
	value V
}

// NewTable returns an empty Table.
func NewTable[V any](seed uint64) *Table[V] { return &Table[V]{seed: seed} }

// Len returns the number of entries.
func (t *Table[V]) Len() int {
	switch {
	case t == nil:
		return 0
	case t.dict != nil:
		return t.dict.Len()
	}
	return len(t.small)
}

func (t *Table[V]) index(key []byte) int {
	for i := range t.small {
		if t.small[i].key == string(key) {
			return i
		}
	}
	return -1
}

// Find returns the value of key, or nil. It may be changed until the next
// change of the Table.
func (t *Table[V]) Find(key []byte) *V {
	if t == nil {
		return nil
	}
	if t.dict != nil {
		if e := t.dict.Find(key); e != nil {
			return &e.Value
		}
		return nil
	}
	if i := t.index(key); i >= 0 {
		return &t.small[i].value
	}
	return nil
}

// Insert returns the value of key, which it adds if there is none.
func (t *Table[V]) Insert(key []byte) (v *V, added bool) {
	if t.dict == nil {
		if i := t.index(key); i >= 0 {
			return &t.small[i].value, false
		}
		if len(t.small) < maxSmall {
			t.small = append(t.small, field[V]{key: string(key)})
			return &t.small[len(t.small)-1].value, true
		}
		t.dict = NewDict[V](t.seed)
		for _, f := range t.small {
			e, _ := t.dict.Insert([]byte(f.key))
			e.Value = f.value
		}
		t.small = nil
	}
	e, added := t.dict.Insert(key)
	return &e.Value, added
}

// Remove removes key and reports whether it was there.
func (t *Table[V]) Remove(key []byte) bool {
	if t == nil {
		return false
	}
	if t.dict != nil {
		e := t.dict.Find(key)
		if e != nil {
			t.dict.Remove(e)
		}
		return e != nil
	}
	i := t.index(key)
	if i >= 0 {
		t.small = slices.Delete(t.small, i, i+1)
	}
	return i >= 0
}

// All returns every entry once. The Table must not change meanwhile.
func (t *Table[V]) All() iter.Seq2[string, *V] {
	return func(yield func(string, *V) bool) {
		if t == nil {
			return
		}
		for i := range t.small {
			if !yield(t.small[i].key, &t.small[i].value) {
				return
			}
		}
		if t.dict != nil {
			for e := range t.dict.All {
				if !yield(e.key, &e.Value) {
					return
				}
			}
		}
	}
}

// Scan is Dict.Scan. A small Table is visited in one call.
func (t *Table[V]) Scan(cursor uint64, visit func(key string, v *V)) uint64 {
	if t.dict != nil {
		return t.dict.Scan(cursor, func(e *Entry[V]) { visit(e.key, &e.Value) })
	}
	for key, v := range t.All() {
		visit(key, v)
	}
	return 0
}

// Random returns some entry of a Table that is not empty.
func (t *Table[V]) Random(rng *Rand) (key string, v *V) {
	if t.dict != nil {
		e := t.dict.Random(rng)
		return e.key, &e.Value
	}
	f := &t.small[rng.Intn(len(t.small))]
	return f.key, &f.value
}
