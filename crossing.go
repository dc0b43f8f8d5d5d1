package rouse

import (
	"runtime"
	"time"

	"github.com/rouse-go/rouse/internal/atomics"
)

// The life of a crossing. Poll, at home, moves it from resting to polling and
// on; the caller, who is on another goroutine, moves it from resting to
// givenUp. So either the caller has the result, or the future will never be
// polled again, nor is being polled.
const (
	resting uint32 = iota
	polling
	settled // the result stands in v and err
	broken  // the poll panicked, or called Goexit
	givenUp
)

// A crossing is a future that is polled at home by a task while somebody waits
// for it elsewhere, who may leave at any moment.
type crossing[T any] struct {
	fut  Future[T]
	word atomics.Uint32
	v    T // written before settled is stored, read after it is loaded
	err  error
}

// Poll polls the future, at home.
func (x *crossing[T]) Poll(cx *Context) (T, error) {
	if !x.word.CompareAndSwap(resting, polling) { // pairs with the one in leave
		dropFuture(x.fut)
		var none T
		return none, ErrCanceled // its caller is gone, an abort is on its way
	}
	end := broken
	defer func() {
		x.word.Store(end) // pairs with the Load in leave
	}()
	v, err := x.fut.Poll(cx)
	if isPending(err) {
		end = resting
		return v, err
	}
	if err != nil {
		mustNotWrapPending(err, x.fut)
	}
	x.v, x.err = v, err
	end = settled
	return v, err
}

// Drop drops the future.
func (x *crossing[T]) Drop() { dropFuture(x.fut) }

// leave ends the caller's part, with the error that his wait ended with. A
// result that there is by then wins.
func (x *crossing[T]) leave(err error) (T, error) {
	for i := 0; ; i++ {
		switch x.word.Load() { // pairs with the Store in Poll
		case settled:
			return x.v, x.err
		case resting:
			if x.word.CompareAndSwap(resting, givenUp) { // pairs with the one in Poll
				var none T
				return none, err
			}
		case polling:
			// The home's loop is in the middle of one poll, which does not
			// block: this is short.
			if i < 100 {
				runtime.Gosched()
			} else {
				time.Sleep(20 * time.Microsecond)
			}
		default:
			var none T
			return none, err
		}
	}
}
