//go:build !interleave

package atomics

import "time"

// A Token is a channel with room for one token, by which one goroutine ends the
// sleep of another. It costs what a channel costs; it has a name so that a
// checked build can tell the checker of it. Make it with NewToken.
type Token struct{ c chan struct{} }

// NewToken returns a Token that is not there.
func NewToken() Token { return Token{make(chan struct{}, 1)} }

// Send puts the token there. There must be none.
func (t *Token) Send() { t.c <- struct{}{} }

// Receive waits for the token and takes it.
func (t *Token) Receive() { <-t.c }

// ReceiveOr waits for the token or for the timer, and reports whether it took
// the token.
func (t *Token) ReceiveOr(timer *time.Timer) bool {
	select {
	case <-t.c:
		return true
	case <-timer.C:
		return false
	}
}
