package interleave

import (
	"fmt"
	"time"
)

// patience is how long an execution may go without a step. It takes
// microseconds, unless a thread blocks in something that the checker does not
// know of, such as a mutex whose holder waits for its turn: then nobody would
// ever go on.
const patience = 30 * time.Second

// watch panics if e stands still; stop ends that.
func watch(e *engine, model string) (stop func()) {
	done := make(chan struct{})
	go func() {
		tick := time.NewTicker(patience)
		defer tick.Stop()
		last, _ := e.progress()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
			}
			now, who := e.progress()
			if now == last {
				panic(fmt.Sprintf("rouse: interleave: model %s stands still; thread %s blocks in something other than an atomic operation, a Parker or a Token", model, who))
			}
			last = now
		}
	}()
	return func() { close(done) }
}

// progress returns a number that changes with every execution or step, and who
// runs. It looks from outside, at words that change meanwhile, and is right
// when they don't.
//
//go:norace
func (e *engine) progress() (n int, who string) {
	if t := e.current; t != nil {
		who = t.name
	}
	return e.executions<<20 + len(e.steps), who
}
