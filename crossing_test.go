package rouse

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"
)

// A ticket yields the next number after a few polls, and writes to its owner's
// memory each time.
type ticket struct {
	last  *int // of the home's own
	polls int
	own   *int // of the caller's
	drops *int // of the home's
}

func (f *ticket) Poll(cx *Context) (int, error) {
	*f.own++ // the race detector listens
	if f.polls--; f.polls >= 0 {
		cx.WakeByRef()
		return 0, Pending
	}
	*f.last++
	return *f.last, nil
}

func (f *ticket) Drop() { *f.drops++ }

// Callers that give up at any moment: each has its result, or the future has
// done nothing and touches nothing any more. Nothing is lost and nothing dropped
// twice.
func TestAwaitOnResultOrNothing(t *testing.T) {
	forEachAwait(t, func(t *testing.T, ctx context.Context, e *engine, ex Executor) {
		if ex == nil {
			t.Skip("the caller polls")
		}
		var mu sync.Mutex // of threads that share a queue
		var last, drops, given, gone int
		const callers, rounds = 4, 300
		var wg sync.WaitGroup
		var all sync.Mutex
		for c := range callers {
			wg.Add(1)
			go func() {
				defer wg.Done()
				for i := range rounds {
					// Every 20th has ended when it is asked for, or has time enough,
					// however slow the machine is.
					span := time.Duration((i*37+c*11)%200) * time.Microsecond
					switch i % 20 {
					case 0:
						span = 0
					case 1:
						span = limit
					}
					short, cancel := context.WithTimeout(ctx, span)
					own := 0
					f := &locked{mu: &mu, f: ticket{last: &last, polls: i % 5, own: &own, drops: &drops}}
					_, err := AwaitOn[int](short, ex, f)
					cancel()
					own++ // ours again
					all.Lock()
					switch {
					case err == nil:
						given++
					case errors.Is(err, context.DeadlineExceeded):
						gone++
					default:
						t.Error(err)
					}
					all.Unlock()
				}
			}()
		}
		wg.Wait()
		// Drops may come a little later.
		for end := time.Now().Add(limit); ; time.Sleep(time.Millisecond) {
			mu.Lock()
			d, l := drops, last
			mu.Unlock()
			if d == gone && l == given {
				break
			}
			if time.Now().After(end) {
				t.Fatalf("%d results were produced and %d given out; %d futures were given up and %d dropped", l, given, gone, d)
			}
		}
		t.Logf("%d results, %d given up", given, gone)
		if each := callers * rounds / 20; gone < each || given < each {
			t.Error("those that were to give up, or those that had time, did not")
		}
	})
}

// locked is a ticket whose counters are shared between threads.
type locked struct {
	mu *sync.Mutex
	f  ticket
}

func (l *locked) Poll(cx *Context) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.f.Poll(cx)
}

func (l *locked) Drop() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.f.Drop()
}

// A panic in a poll that somebody waits for elsewhere is his to see, after ctx
// has ended too.
func TestAwaitOnPanics(t *testing.T) {
	forEachAwait(t, func(t *testing.T, ctx context.Context, e *engine, ex Executor) {
		if ex == nil {
			t.Skip("the caller polls")
		}
		_, err := AwaitOn[int](ctx, ex, FutureFunc[int](func(*Context) (int, error) { panic("in a poll") }))
		var p *PanicError
		if !errors.As(err, &p) || p.Value != "in a poll" {
			t.Error(err)
		}
		_, err = AwaitOn[int](ctx, ex, FutureFunc[int](func(*Context) (int, error) {
			return 0, errors.Join(Pending)
		}))
		if !errors.As(err, &p) {
			t.Error(err)
		}
	})
}

// While a poll is going on the caller waits for its end.
func TestAwaitOnWaitsForThePoll(t *testing.T) {
	forEachAwait(t, func(t *testing.T, ctx context.Context, e *engine, ex Executor) {
		if ex == nil {
			t.Skip("the caller polls")
		}
		short, cancel := context.WithCancel(ctx)
		polling, done := make(chan struct{}), make(chan struct{})
		go func() {
			<-polling
			cancel()
			select {
			case <-done:
				t.Error("AwaitOn returned in the middle of a poll")
			case <-time.After(5 * time.Millisecond):
			}
			polling <- struct{}{}
		}()
		v, err := AwaitOn[int](short, ex, FutureFunc[int](func(*Context) (int, error) {
			polling <- struct{}{}
			<-polling
			return 7, nil
		}))
		close(done)
		if v != 7 || err != nil {
			t.Error(v, err)
		}
	})
}
