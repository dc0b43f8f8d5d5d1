//go:build interleave

package executor_test

import (
	"errors"
	"testing"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/driver/manual"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/internal/atomics"
	"github.com/rouse-go/rouse/internal/interleave"
)

// Models of a whole executor: the real loop, run in a thread of the model, on a
// driver whose only place to sleep is a bell that the checker knows.

func newModelLocal() *executor.Local {
	d, err := manual.New(manual.Config{})
	if err != nil {
		panic(err)
	}
	l, err := executor.New(executor.Config{Driver: d, Seed: 1})
	if err != nil {
		panic(err)
	}
	return l
}

// slotFuture is ready when news has come: it leaves its waker and looks again.
type slotFuture struct {
	news  *atomics.Bool
	waker atomics.Pointer[rouse.Waker]
}

func (f *slotFuture) Poll(cx *rouse.Context) (int, error) {
	if f.news.Load() {
		return 42, nil
	}
	w := cx.Waker()
	if old := f.waker.Swap(&w); old != nil {
		old.Drop()
	}
	if f.news.Load() {
		return 42, nil
	}
	return 0, rouse.Pending
}

func (f *slotFuture) tell() {
	f.news.Store(true)
	if w := f.waker.Swap(nil); w != nil {
		w.Wake()
	}
}

// bedside is a Wakeable that wakes a thread of the model.
type bedside struct{ bed interleave.Parker }

func (b *bedside) WakeByRef() { b.bed.Unpark() }

// The loop sleeps in its driver; a wake from elsewhere gets it up.
func TestModelWakeLoop(t *testing.T) {
	c := interleave.Config{Model: "executor/run-wake-park"}
	interleave.Check(t, c, func(w *interleave.World) {
		l := newModelLocal()
		f := &slotFuture{news: new(atomics.Bool)}
		w.Go("loop", func() {
			if v, err := executor.RunUntil[int](l, f); v != 42 || err != nil {
				w.Failf("%d, %v", v, err)
			}
			if err := l.Close(); err != nil {
				w.Failf("%v", err)
			}
		})
		w.Go("teller", f.tell)
	})
}

// A task is spawned from elsewhere, and joined there, while the executor runs,
// sleeps or closes.
func TestModelSpawnJoinClose(t *testing.T) {
	for _, abort := range []bool{false, true} {
		c := interleave.Config{Model: "executor/spawn-join-close"}
		if abort {
			c.Model = "executor/spawn-abort-join-close"
		}
		var ran, canceled int
		interleave.Check(t, c, func(w *interleave.World) {
			l := newModelLocal()
			never := &slotFuture{news: new(atomics.Bool)}
			first := &slotFuture{news: new(atomics.Bool)}
			w.Go("loop", func() {
				if v, err := executor.RunUntil[int](l, first); v != 42 || err != nil {
					w.Failf("%d, %v", v, err)
				}
				if err := l.Close(); err != nil {
					w.Failf("%v", err)
				}
			})
			w.Go("spawner", func() {
				first.tell()
				var f rouse.Future[int] = rouse.FutureFunc[int](func(*rouse.Context) (int, error) { return 42, nil })
				if abort {
					f = never
				}
				j := executor.Spawn(l, f)
				if abort {
					j.Abort()
				}
				b := new(bedside)
				cx := rouse.NewContext(rouse.NewWaker(b))
				v, err := j.Poll(cx)
				for ; err == rouse.Pending; v, err = j.Poll(cx) {
					b.bed.Park()
				}
				switch {
				case err == nil && v == 42 && !abort:
					ran++
				case errors.Is(err, rouse.ErrCanceled):
					canceled++
				default:
					w.Failf("%d, %v", v, err)
				}
			})
		})
		if ran == 0 && !abort || canceled == 0 {
			t.Errorf("ran %d times, cancelled %d times", ran, canceled)
		}
	}
}
