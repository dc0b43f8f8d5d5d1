// Package bell is where a loop sleeps if its driver has no kernel object to
// sleep in: a word that says whether it sleeps, and a channel.
package bell

import (
	"runtime"
	"time"

	"github.com/rouse-go/rouse/internal/atomics"
)

// The states of the word. All changes are read-modify-writes of this one word,
// so they have one order: either Ring finds parked and sends, or Sleep finds
// rung and does not sleep.
const (
	awake uint32 = iota
	parked
	rung
)

// A Bell ends the sleep of one loop. Make it with New.
type Bell struct {
	word  atomics.Uint32
	token atomics.Token // sent by each Ring that found parked
	// The loop's alone; a timer is kept since a new one costs an allocation.
	timer *time.Timer
}

// New returns a Bell that nobody rang.
func New() *Bell { return &Bell{token: atomics.NewToken()} }

// Ring ends the sleep that is, or else the next one. It may be called from
// anywhere. What the caller wrote before is visible after that sleep.
func (b *Bell) Ring() {
	// Pairs with the compare-and-swap and the swap in Sleep. The token has
	// room: the loop takes it before it parks again.
	if b.word.Swap(rung) == parked {
		b.token.Send()
	}
}

// cooperative says that Go preempts no goroutine here: there is one thread, and a
// loop that always has something to run would keep it for itself, from those
// who do its driver's work, too.
const cooperative = runtime.GOARCH == "wasm"

// Taken reports whether somebody rang, and takes it. For the loop only, once in
// each of its turns.
func (b *Bell) Taken() bool {
	if cooperative {
		runtime.Gosched()
	}
	// The load spares the exchange; what it misses ends the next sleep.
	return b.word.Load() == rung && b.word.Swap(awake) == rung
}

// Sleep sleeps until somebody rings, or for d if that is not negative. It
// reports whether somebody rang. For the loop only.
func (b *Bell) Sleep(d time.Duration) bool {
	if !b.word.CompareAndSwap(awake, parked) {
		b.word.Swap(awake)
		return true
	}
	if d < 0 {
		b.token.Receive()
		b.word.Swap(awake)
		return true
	}
	if b.timer == nil {
		b.timer = time.NewTimer(d)
	} else {
		b.timer.Reset(d)
	}
	if b.token.ReceiveOr(b.timer) {
		b.timer.Stop()
		b.word.Swap(awake)
		return true
	}
	if b.word.Swap(awake) == rung {
		b.token.Receive() // sent already, or about to be
		return true
	}
	return false
}
