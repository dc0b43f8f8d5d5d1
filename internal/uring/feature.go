//go:build linux

package uring

import (
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A Feature is something that not every kernel with io_uring has.
type Feature uint8

// The features.
const (
	FeatureRecvMany        Feature = iota // multishot receive
	FeatureAcceptMany                     // multishot accept
	FeatureBufferRings                    // buffers that a receive picks from
	FeatureQuiet                          // no completion for what succeeds
	FeatureSendZC                         // send without copying
	FeatureSyncCancel                     // cancel and wait, by Ring.CancelNow
	FeatureMessagesAlone                  // ring to ring, by a Letter, from any thread
	FeatureRegisteredFiles                // a table of files with free places
	FeatureAllocate                       // fallocate
	features
)

// featureTable says of each feature what it is called, since when Linux has it,
// how that is found out, and what is done without it. Distributors add features
// to older kernels and take some away, so the release only explains; the probe
// decides.
var featureTable = [features]struct {
	name, since string
	probe       func(p *prober) bool
	without     string
}{
	FeatureRecvMany:        {"multishot receive", "6.0", (*prober).recvMany, "single-shot receives"},
	FeatureAcceptMany:      {"multishot accept", "5.19", (*prober).acceptMany, "single-shot accepts"},
	FeatureBufferRings:     {"buffer rings", "5.19", (*prober).bufferRings, "no receive through the ring: use epoll"},
	FeatureQuiet:           {"quiet sends", "5.19", (*prober).quiet, "a completion for each send"},
	FeatureSendZC:          {"send without copying", "6.0", op(opSendZC), "sends copy"},
	FeatureSyncCancel:      {"synchronous cancel", "6.0", (*prober).syncCancel, "cancel, and enter until it is done"},
	FeatureMessagesAlone:   {"messages to a ring from any thread", "6.13", (*prober).messagesAlone, "an eventfd"},
	FeatureRegisteredFiles: {"sparse registered files", "5.19", (*prober).files, "plain descriptors"},
	FeatureAllocate:        {"fallocate", "5.6", op(opFallocate), "a thread"},
}

// String returns the feature's name.
func (f Feature) String() string { return featureTable[f].name }

// Features is what a kernel has.
type Features uint32

// Has reports whether f is among them.
func (s Features) Has(f Feature) bool { return s&(1<<f) != 0 }

// Without returns s without f.
func (s Features) Without(f Feature) Features { return s &^ (1 << f) }

// Need returns an error that is [ErrNotSupported] if f is missing.
func (s Features) Need(f Feature) error {
	if s.Has(f) {
		return nil
	}
	t := &featureTable[f]
	return unsupported(t.name, "this kernel lacks it; Linux "+t.since+" has it. Without it: "+t.without)
}

// Probe finds out what this kernel has, on a ring that it makes and closes,
// from any goroutine. It takes some dozens of microseconds.
func Probe() (Features, error) {
	r, err := New(Config{Entries: 8, Completions: 16})
	if err != nil {
		return 0, err
	}
	defer r.Close()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := r.Enable(); err != nil {
		return 0, err
	}
	p := &prober{ring: r}
	if _, err := r.register(registerProbe, unsafe.Pointer(&p.ops), uintptr(len(p.ops.ops))); err != nil {
		return 0, unsupportedBecause("io_uring", "the kernel can't tell what it has; it takes Linux 5.6", err)
	}
	var s Features
	for f := range features {
		if featureTable[f].probe(p) {
			s |= 1 << f
		}
	}
	return s, nil
}

// A prober tries things out on a ring of its own.
type prober struct {
	ring *Ring
	ops  probe
}

// has reports what the kernel says of an operation. It speaks of numbers only,
// not of flags: those are tried.
func (p *prober) has(op uint8) bool {
	return op <= p.ops.lastOp && p.ops.ops[op].flags&1 != 0
}

func op(code uint8) func(*prober) bool {
	return func(p *prober) bool { return p.has(code) }
}

// tryFD is a descriptor that no request may touch: what the kernel says of it
// tells whether it understood the request before it looked for the file.
const tryFD = -1

// results submits what was prepared and returns the results, at most four.
func (p *prober) results() []CQE {
	var got []CQE
	for range 4 {
		p.ring.Enter(0)
		for c := (CQE{}); p.ring.Peek(&c); {
			got = append(got, c)
		}
		p.ring.Seen()
		if len(got) > 0 {
			break
		}
	}
	return got
}

func (p *prober) recvMany() bool {
	e := p.ring.Next()
	e.RecvMany(tryFD, 7, 1)
	// An older kernel refuses the flag, EINVAL, before it looks for the file.
	got := p.results()
	return len(got) == 1 && unix.Errno(-got[0].Res) == unix.EBADF
}

func (p *prober) acceptMany() bool {
	e := p.ring.Next()
	e.AcceptMany(tryFD, 0, 1)
	got := p.results()
	return len(got) == 1 && unix.Errno(-got[0].Res) == unix.EBADF
}

func (p *prober) bufferRings() bool {
	b, err := p.ring.NewBufRing(7, slabLen, 64)
	if err != nil {
		return false
	}
	return b.Close() == nil
}

func (p *prober) syncCancel() bool {
	err := p.ring.CancelNow(1)
	return err == nil
}

func (p *prober) messagesAlone() bool {
	if err := p.ring.Message(42, 0); err != nil {
		return false
	}
	got := p.results()
	return len(got) == 1 && got[0].UserData == 42
}

func (p *prober) files() bool {
	if err := p.ring.RegisterFiles(4); err != nil {
		return false
	}
	return p.ring.UnregisterFiles() == nil
}

// quiet tries on a socket of its own what the sends of a driver rest on: that a
// send that may not wait makes no completion if it sent everything, and one
// with the count if it did not. The flags are older than the two together.
func (p *prober) quiet() bool {
	if p.ring.features&featCQESkip == 0 {
		return false
	}
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return false
	}
	defer unix.Close(pair[0])
	defer unix.Close(pair[1])
	big := make([]byte, 1<<20)
	send := func(n int) []CQE {
		e := p.ring.Next()
		e.Send(pair[0], unsafe.Pointer(&big[0]), n, unix.MSG_DONTWAIT|unix.MSG_WAITALL|unix.MSG_NOSIGNAL, 1)
		e.Quiet()
		return p.results()
	}
	if got := send(100); len(got) != 0 {
		return false
	}
	if got := send(len(big)); len(got) != 1 || got[0].Res <= 0 || int(got[0].Res) >= len(big) {
		return false
	}
	got := send(len(big))
	return len(got) == 1 && unix.Errno(-got[0].Res) == unix.EAGAIN
}
