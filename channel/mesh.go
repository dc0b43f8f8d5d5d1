package channel

import (
	"hash/maphash"
	"strconv"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/internal/spsc"
)

// A Role says which ends of a [Mesh] a peer has.
type Role uint8

// The roles.
const (
	Both     Role = iota // sends and receives
	Sends                // sends only
	Receives             // receives only
)

// A Peer is an executor that takes part in a [Mesh].
type Peer struct {
	// Executor must be one that runs local tasks, such as executor.Local.
	Executor rouse.Executor
	Role     Role
}

// A Mesh connects executors: from each peer that sends, a bounded queue leads to
// each that receives, itself included. Each queue has one producer and one
// consumer, so a message costs its two sides a few nanoseconds each and no lock,
// and if the receiver is busy no system call: only a receiver that sleeps is
// woken, and one wake does for all that was sent until it looks. Nothing is
// allocated for a message.
//
// Messages from one peer to another stay in order; between different senders
// there is none. Each peer uses its own end, a [Port]. What is full holds up
// those who send there, and nobody else.
//
// A mesh has a small task on each of its executors. When an executor ends, so
// does its port: what it has sent is still received, and who sends to it gets
// [ErrClosed].
type Mesh[T any] struct {
	ports []*Port[T]
	seed  maphash.Seed // for Sharded
}

// NewMesh connects peers by queues for up to capacity messages each, which must
// be at least 1. The memory for all is allocated at once: senders times
// receivers times capacity. From any goroutine.
func NewMesh[T any](capacity int, peers ...Peer) *Mesh[T] {
	checkPeers(capacity, peers)
	m := &Mesh[T]{seed: maphash.MakeSeed()}
	for i, peer := range peers {
		m.ports = append(m.ports, newPort(m, i, len(peers), peer.Executor))
	}
	for i, from := range peers {
		for j, to := range peers {
			if from.Role != Receives && to.Role != Sends {
				r := spsc.New[T](capacity)
				m.ports[i].out[j].ring = r
				m.ports[j].in = append(m.ports[j].in, inlet[T]{ring: r, from: i})
			}
		}
	}
	for _, p := range m.ports {
		p.start()
	}
	return m
}

// FullMesh is [NewMesh] for executors that all send and receive, such as those
// of an executor.Pool:
//
//	mesh := channel.FullMesh[Request](256, pool.Executors())
func FullMesh[T any, E rouse.Executor](capacity int, executors []E) *Mesh[T] {
	peers := make([]Peer, len(executors))
	for i, ex := range executors {
		peers[i].Executor = ex
	}
	return NewMesh[T](capacity, peers...)
}

func checkPeers(capacity int, peers []Peer) {
	if capacity < 1 {
		panic("rouse: channel: NewMesh with capacity " + strconv.Itoa(capacity) + "; it must be at least 1")
	}
	sends, receives := false, false
	for i, peer := range peers {
		if _, ok := peer.Executor.(homed); !ok {
			panic("rouse: channel: peer " + strconv.Itoa(i) + " of a Mesh has no executor that runs local tasks; a Mesh is for those of executor.Local")
		}
		if peer.Role > Receives {
			panic("rouse: channel: peer " + strconv.Itoa(i) + " of a Mesh has the unknown Role " + strconv.Itoa(int(peer.Role)))
		}
		sends = sends || peer.Role != Receives
		receives = receives || peer.Role != Sends
	}
	if !sends || !receives {
		panic("rouse: channel: a Mesh needs a peer that sends and one that receives")
	}
}

// homed is an executor that runs local tasks.
type homed interface{ Home() *rouse.Home }

// Len returns the number of peers. From any goroutine.
func (m *Mesh[T]) Len() int { return len(m.ports) }

// Port returns the end of peer i, counted from 0 in the order of NewMesh, the
// same each time. From any goroutine. It panics if there is no such peer.
func (m *Mesh[T]) Port(i int) *Port[T] {
	if uint(i) >= uint(len(m.ports)) {
		panic("rouse: channel: Port(" + strconv.Itoa(i) + ") of a Mesh of " + strconv.Itoa(len(m.ports)) +
			"; peers are counted from 0 in the order in which NewMesh was given them")
	}
	return m.ports[i]
}
