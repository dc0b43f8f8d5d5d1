package channel

import (
	"context"
	"hash/maphash"
	"math/bits"

	"github.com/rouse-go/rouse"
)

// A Sharded sends by key: each key has an owner among the peers of a [Mesh] that
// receive, the same for every Sharded of the mesh that is made with the same
// hash. Each peer makes one of its own [Port], and uses it where that may be
// used.
type Sharded[K comparable, T any] struct {
	port   *Port[T]
	hash   func(K) uint64
	owners []int
}

// NewSharded returns a Sharded over p. hash need not be good, but must be the
// same on every peer; nil means one of the mesh's own, which differs from one
// mesh and one run of the program to the next. It panics if p does not send.
func NewSharded[K comparable, T any](p *Port[T], hash func(K) uint64) *Sharded[K, T] {
	s := &Sharded[K, T]{port: p, hash: hash}
	if hash == nil {
		seed := p.mesh.seed
		s.hash = func(key K) uint64 { return maphash.Comparable(seed, key) }
	}
	for i := range p.out {
		if p.out[i].ring != nil {
			s.owners = append(s.owners, i)
		}
	}
	if len(s.owners) == 0 {
		panic("rouse: channel: NewSharded over a Port that does not send; look at the Roles that NewMesh was given")
	}
	return s
}

// Owner returns the peer that owns key.
func (s *Sharded[K, T]) Owner(key K) int {
	// The finalizer of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014), and the
	// high half of a product in place of a remainder (Lemire, "Fast Random
	// Integer Generation in an Interval", 2019).
	h := s.hash(key)
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	i, _ := bits.Mul64(h^h>>31, uint64(len(s.owners)))
	return s.owners[i]
}

// Owns reports whether the port's own peer owns key: then there is no need to
// send.
func (s *Sharded[K, T]) Owns(key K) bool { return s.Owner(key) == s.port.index }

// TrySend is [Port.TrySend] to key's owner.
func (s *Sharded[K, T]) TrySend(key K, v T) error { return s.port.TrySend(s.Owner(key), v) }

// PollSend is [Port.PollSend] to key's owner.
func (s *Sharded[K, T]) PollSend(cx *rouse.Context, key K, v T) error {
	return s.port.PollSend(cx, s.Owner(key), v)
}

// Send is [Port.Send] to key's owner.
func (s *Sharded[K, T]) Send(ctx context.Context, key K, v T) error {
	return s.port.Send(ctx, s.Owner(key), v)
}
