//go:build interleave

package atomics

import (
	"time"
	"unsafe"

	"github.com/rouse-go/rouse/internal/interleave"
)

// A Token is a channel with room for one token that the checker knows of. The
// real channel does the same, for the race detector to see.
type Token struct{ c chan struct{} }

// NewToken returns a Token that is not there.
func NewToken() Token { return Token{make(chan struct{}, 1)} }

// addr is the channel's, which stays if the Token is copied.
func (t *Token) addr() uintptr { return *(*uintptr)(unsafe.Pointer(t)) }

// Send puts the token there. There must be none.
func (t *Token) Send() {
	interleave.Signal(interleave.Send, t.addr())
	t.c <- struct{}{}
}

// Receive waits for the token and takes it.
func (t *Token) Receive() {
	interleave.Wait(interleave.Receive, t.addr())
	<-t.c
}

// ReceiveOr waits for the token or for the timer, which in a checked run may
// fire at any moment, and reports whether it took the token.
func (t *Token) ReceiveOr(timer *time.Timer) bool {
	if got, ok := interleave.Wait(interleave.ReceiveOrTimeout, t.addr()); ok {
		if got {
			<-t.c
		}
		return got
	}
	select {
	case <-t.c:
		return true
	case <-timer.C:
		return false
	}
}
