//go:build linux

package uring

import (
	"os"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/rouse-go/rouse/internal/atomics"
)

// The park word. The loop moves it from awake to parked before it sleeps and
// swaps it back to awake after; Unpark swaps notified in. All are
// read-modify-writes of one word, so they have one order: either Unpark finds
// parked and rings, or the loop finds notified and does not sleep.
const (
	awake uint32 = iota
	parked
	notified
)

// A sleeper is where the loop's sleep is ended from elsewhere.
type sleeper struct {
	word  atomics.Uint32
	bell  int    // an eventfd, which the ring polls
	rung  uint64 // times that Unpark found parked: it writes, or has written
	armed bool   // the ring polls the bell
	told  bool   // the last sleep was ended by Unpark
}

func (p *sleeper) open() (err error) {
	if p.bell, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err != nil {
		return os.NewSyscallError("eventfd2", err)
	}
	return nil
}

// Unpark ends the Park that sleeps, or the next one. It may be called from
// anywhere, also after Close. What the caller wrote before is visible after
// that Park.
func (p *sleeper) Unpark() {
	// Pairs with the compare-and-swap in down and the swap in up.
	if p.word.Swap(notified) == parked {
		p.ring()
	}
}

// one is what a ring adds to the eventfd. Nobody changes it.
var one uint64 = 1

func (p *sleeper) ring() {
	for {
		if _, err := unix.Write(p.bell, (*[8]byte)(unsafe.Pointer(&one))[:]); err != unix.EINTR {
			return
		}
	}
}

// down begins a sleep, unless a notification forbids it.
func (p *sleeper) down() bool { return p.word.CompareAndSwap(awake, parked) }

// up ends it, and sees whether Unpark did.
func (p *sleeper) up() {
	// Pairs with the Swap in Unpark: what it made visible is seen after this.
	if p.told = p.word.Swap(awake) == notified; p.told {
		p.rung++
	}
}

// take takes a notification without having slept. The load spares the exchange
// of a turn that nobody notified; one that it misses ends the next sleep.
func (p *sleeper) take() {
	if p.word.Load() == notified {
		p.word.Swap(awake)
	}
}

// close frees the eventfd. An Unpark that found parked may be about to write to
// it, though the sleep it meant has ended for another reason. Closing it under
// that would send the write to whatever file gets the number next; so first we
// wait until every ring has arrived. Nobody rings after that, since nobody
// sleeps.
func (p *sleeper) close() {
	var buf uint64
	deadline := time.Now().Add(time.Second)
	for arrived := uint64(0); arrived < p.rung; {
		if n, err := unix.Read(p.bell, (*[8]byte)(unsafe.Pointer(&buf))[:]); n == 8 && err == nil {
			arrived += buf
			continue
		}
		if time.Now().After(deadline) {
			return // better one descriptor lost than a stray write
		}
		time.Sleep(10 * time.Microsecond)
	}
	unix.Close(p.bell)
}
