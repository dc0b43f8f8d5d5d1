//go:build linux

package wakefd

import (
	"os"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/rouse-go/rouse/internal/atomics"
)

// The states of the word.
const (
	awake    uint32 = iota // the loop runs; nobody has to do anything
	parked                 // it sleeps, or is about to: who finds this writes
	notified               // it has been told, and has not taken notice
)

// A Sleeper is one loop as far as it sleeps. The zero Sleeper must be opened
// before its first use, and not be copied.
type Sleeper struct {
	word atomics.Uint32
	fd   int
	rung uint64 // sleeps that somebody found: each makes one write, which may be under way
}

// Open makes the eventfd.
func (s *Sleeper) Open() (err error) {
	if s.fd, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err != nil {
		return os.NewSyscallError("eventfd2", err)
	}
	return nil
}

// FD returns the eventfd, for the loop to watch in each of its sleeps. It is to
// be watched for edges: each write is one event, and nobody has to read the
// counter to silence it.
func (s *Sleeper) FD() int { return s.fd }

// Unpark ends the sleep that is, or the next one. It may be called from
// anywhere, also after Close. What the caller wrote before is visible after
// that sleep.
func (s *Sleeper) Unpark() {
	// Pairs with the compare-and-swap in Down and the swaps in Up and Take.
	if s.word.Swap(notified) == parked {
		s.ring()
	}
}

// one is what a ring adds to the eventfd. Nobody changes it.
var one uint64 = 1

func (s *Sleeper) ring() {
	atomics.Kick()
	for {
		if _, err := unix.Write(s.fd, (*[8]byte)(unsafe.Pointer(&one))[:]); err != unix.EINTR {
			return
		}
	}
}

// Down begins a sleep and looks again: false says that the loop was told and
// must not sleep, but Take notice. After true an Unpark writes, and the loop
// must call Up, whether it slept or not. For the loop only.
func (s *Sleeper) Down() bool {
	return s.word.CompareAndSwap(awake, parked) // pairs with the Swap in Unpark
}

// Up ends what Down began, and reports whether Unpark did so first: then what
// its caller wrote is visible now. For the loop only.
func (s *Sleeper) Up() (told bool) {
	told = s.word.Swap(awake) == notified // pairs with the Swap in Unpark
	if told {
		s.rung++
	}
	return told
}

// Take takes a notification without having slept. For the loop only.
func (s *Sleeper) Take() {
	// The load spares the exchange of a turn that nobody notified; a
	// notification that it misses forbids the next sleep.
	if s.word.Load() == notified {
		s.word.Swap(awake) // pairs with the Swap in Unpark
	}
}

// closeWait is how long Close waits for writes that are under way: for threads that
// are to make one and have yet to get their turn.
const closeWait = 5 * time.Second

// Close frees the eventfd when every write that is owed to it has arrived. For
// the loop only, between its sleeps.
func (s *Sleeper) Close() {
	var buf [8]byte
	deadline := time.Now().Add(closeWait)
	for arrived := uint64(0); arrived < s.rung; {
		late := time.Now().After(deadline) // before the look
		atomics.Look()
		if n, err := unix.Read(s.fd, buf[:]); n == len(buf) && err == nil {
			arrived += *(*uint64)(unsafe.Pointer(&buf))
			continue
		}
		if late {
			return // better one descriptor lost than a stray write
		}
		atomics.Rest(false)
		set := []unix.PollFd{{Fd: int32(s.fd), Events: unix.POLLIN}}
		_, _ = unix.Poll(set, 1) // for a millisecond; what it says, the next Read finds
	}
	unix.Close(s.fd)
}
