package server

import (
	"math"
	"time"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/timer"
)

// expireBatch is how many keys are expired before other tasks have a turn.
const expireBatch = 256

// expiry is the task that removes keys when their time has come. Keys that are
// asked for are expired on access; this is for those that nobody asks for.
type expiry struct {
	srv   *Server
	waker rouse.Waker
	armed int64 // the unix milliseconds that timer waits for
	timer *timer.Timer
}

func (e *expiry) Poll(cx *rouse.Context) (struct{}, error) {
	if !cx.WillWake(e.waker) {
		e.waker.Drop()
		e.waker = cx.Waker()
	}
	for {
		now := e.srv.now()
		e.srv.engine.ExpireDue(now, expireBatch)
		at, ok := e.srv.engine.NextExpiry()
		if !ok {
			e.disarm()
			return struct{}{}, rouse.Pending
		}
		if at <= now { // a batch is through, and there is more
			cx.WakeByRef()
			return struct{}{}, rouse.Pending
		}
		if e.timer == nil || e.armed != at {
			e.disarm()
			e.armed = at
			e.timer = timer.Sleep(time.Duration(min(at-now, math.MaxInt64/int64(time.Millisecond))) * time.Millisecond)
		}
		if _, err := e.timer.Poll(cx); err != nil {
			return struct{}{}, err
		}
		e.timer = nil
	}
}

// look is called when keys may have got an earlier time to expire.
func (e *expiry) look() {
	if at, ok := e.srv.engine.NextExpiry(); ok && (e.timer == nil || at < e.armed) {
		e.waker.WakeByRef()
	}
}

func (e *expiry) disarm() {
	if e.timer != nil {
		e.timer.Drop()
		e.timer = nil
	}
}

func (e *expiry) Drop() {
	e.disarm()
	e.waker.Drop()
}
