package netio

import (
	"context"
	"runtime"
	"time"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/internal/atomics"
)

// The life of a crossing. Poll, at home, moves it from resting to polling and
// on; the caller, who may be on another goroutine, moves it from resting to
// givenUp. So either the caller has the result, or the future has done nothing
// and will do nothing: no byte is read for nobody, and nothing touches the
// caller's buffer after he has it back.
const (
	resting uint32 = iota
	polling
	settled // the result stands in v and err
	broken  // the poll panicked
	givenUp
)

// A crossing is a future that belongs to an executor while somebody waits for
// it who may leave at any moment, perhaps on another goroutine.
type crossing[T any] struct {
	fut  rouse.Future[T]
	word atomics.Uint32
	v    T // written before settled is stored, read after it is loaded
	err  error
}

// Poll polls the future, at home.
func (x *crossing[T]) Poll(cx *rouse.Context) (T, error) {
	if !x.word.CompareAndSwap(resting, polling) { // pairs with the one in last
		x.Drop()
		var none T
		return none, rouse.ErrCanceled // its caller is gone, an abort is on its way
	}
	end := broken
	defer func() {
		// Pairs with the loads in await and last. When settled is out, x is
		// the caller's, who may use it for something else.
		x.word.Store(end)
	}()
	v, err := x.fut.Poll(cx)
	if err == rouse.Pending {
		end = resting
		return v, err
	}
	x.v, x.err = v, err
	end = settled
	return v, err
}

// Drop drops the future.
func (x *crossing[T]) Drop() {
	if d, ok := x.fut.(rouse.Dropper); ok {
		d.Drop()
	}
}

// await waits for x at ex. If ctx ends first it returns ctx.Err(); a result
// that has been produced by then wins. done reports whether x was polled to its
// result, so that nobody refers to it any more.
func (x *crossing[T]) await(ctx context.Context, ex rouse.Executor) (v T, done bool, err error) {
	_, err = rouse.AwaitOn[T](ctx, ex, x)
	if x.word.Load() == settled {
		return x.v, true, x.err
	}
	return x.last(err)
}

// last ends x after an await that returned err without its result.
func (x *crossing[T]) last(err error) (T, bool, error) {
	var none T
	for i := 0; ; i++ {
		switch x.word.Load() {
		case settled:
			return x.v, true, x.err
		case broken:
			return none, false, err
		case polling:
			// The home's loop is in the middle of one poll, which does not
			// block: this is short.
			atomics.Spinning()
			if i < 100 {
				runtime.Gosched()
			} else {
				time.Sleep(20 * time.Microsecond)
			}
		default:
			if x.word.CompareAndSwap(resting, givenUp) { // pairs with the one in Poll
				return none, false, err
			}
		}
	}
}
