package store

// A Value is what a key holds: a string, or else a *List, a *Hash or a *Set.
type Value struct {
	str  []byte
	data any    // nil for a string
	due  uint32 // place among the deadlines plus one; 0: does not expire
	copy uint32 // number of the latest Snapshot that needs nothing of it any more
}

// Kind is the type of a value.
type Kind uint8

// The kinds of values.
const (
	String Kind = iota
	ListKind
	HashKind
	SetKind
)

// String returns the name by which TYPE and SCAN know the kind.
func (k Kind) String() string { return [...]string{"string", "list", "hash", "set"}[k] }

// Kind returns the type of v.
func (v *Value) Kind() Kind {
	switch v.data.(type) {
	case *List:
		return ListKind
	case *Hash:
		return HashKind
	case *Set:
		return SetKind
	}
	return String
}

// Data returns the *List, *Hash or *Set of v, or nil if it is a string.
func (v *Value) Data() any { return v.data }

// Bytes returns the string of v, which is valid until v changes.
func (v *Value) Bytes() []byte { return v.str }

// SetBytes makes v a string with a copy of s, in the memory of the previous
// string if that fits without much waste.
func (v *Value) SetBytes(s []byte) {
	v.str = Reuse(v.str, s)
	v.data = nil
}

// Grow makes v, a string, at least n bytes long with zeros, and returns its
// bytes, which may be changed until v changes. It leaves room to grow further.
func (v *Value) Grow(n int) []byte {
	if n > len(v.str) {
		v.str = append(v.str, make([]byte, n-len(v.str))...)
	}
	return v.str
}

// Append adds s to v, a string.
func (v *Value) Append(s []byte) { v.str = append(v.str, s...) }

// Reuse copies s, into old if that fits without much waste.
func Reuse(old, s []byte) []byte {
	if cap(old) >= len(s) && cap(old) <= 2*len(s)+32 {
		return append(old[:0], s...)
	}
	return append(make([]byte, 0, len(s)), s...)
}
