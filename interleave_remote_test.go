//go:build interleave

package rouse

import (
	"errors"
	"testing"

	"github.com/rouse-go/rouse/internal/atomics"
	"github.com/rouse-go/rouse/internal/gid"
	"github.com/rouse-go/rouse/internal/interleave"
)

// Models of the remote word and the inbox: the local kind of task, reached from
// elsewhere while its loop runs, sleeps or closes.

// A wake from elsewhere, at any moment, is one more poll; the loop, if asleep,
// wakes up for it.
func TestModelRemoteWakes(t *testing.T) {
	c := interleave.Config{Model: "rouse/remote/wake-wake-park"}
	interleave.Check(t, c, func(w *interleave.World) { remoteModel(w, 2, false, false) })
}

func TestModelRemoteAbort(t *testing.T) {
	c := interleave.Config{Model: "rouse/remote/wake-abort-park"}
	interleave.Check(t, c, func(w *interleave.World) { remoteModel(w, 1, true, false) })
}

func TestModelRemoteDetach(t *testing.T) {
	c := interleave.Config{Model: "rouse/remote/wake-detach-park"}
	interleave.Check(t, c, func(w *interleave.World) { remoteModel(w, 1, false, true) })
}

func TestModelRemoteAll(t *testing.T) {
	c := interleave.Config{Model: "rouse/remote/wake-wake-abort-detach-park", Preemptions: 2, Random: 20_000, Seed: 1}
	interleave.Check(t, c, func(w *interleave.World) { remoteModel(w, 2, true, true) })
}

func remoteModel(w *interleave.World, wakers int, abort, detach bool) {
	s := newStation(w)
	var news atomics.Int32
	f := &probeFuture{w: w, ready: func(int) bool { return int(news.Load()) == wakers }}
	var ends [2]Waker
	r, j := s.spawn(f)
	for i := range wakers {
		ends[i] = r.Waker()
	}
	w.Go("loop", func() {
		s.enter()
		s.runUntil(func() bool { return f.ended || f.drops > 0 })
	})
	for i := range wakers {
		w.Go("waker", func() {
			news.Add(1)
			ends[i].Wake()
		})
	}
	if abort {
		w.Go("aborter", func() { j.Abort() })
	}
	if detach {
		w.Go("detacher", func() { j.Detach() })
	}
	w.Finally(func() {
		f.mustHaveEnded()
		if f.drops > 0 && !abort {
			w.Failf("dropped, and nobody aborted")
		}
		if s.loop.Live() != 0 {
			w.Failf("%d tasks are left", s.loop.Live())
		}
		// What is in the box still is for a task that is over; then nothing is
		// left of it.
		s.loop.g.Store(gid.Get())
		s.loop.Deliver(s.cx)
		if n := len(s.queue); n != 0 {
			w.Failf("%d tasks in the queue", n)
		}
		if h := r.h; h.remote.Load()&anyMail != 0 || int32(h.refs)+h.abroad.load() != 0 {
			w.Failf("remote word %#x, %d references", h.remote.Load(), int32(h.refs)+h.abroad.load())
		}
	})
}

// Two tasks in one box: one is put in again while the loop is about to come to
// the other.
func TestModelRemoteTwoTasks(t *testing.T) {
	c := interleave.Config{Model: "rouse/remote/wake-twice-wake-other"}
	interleave.Check(t, c, func(w *interleave.World) {
		s := newStation(w)
		var news [2]atomics.Int32
		var futures [2]*probeFuture
		var wakers [2]Waker
		for i := range futures {
			futures[i] = &probeFuture{w: w, ready: func(int) bool { return int(news[i].Load()) == 2-i }}
			r, _ := s.spawn(futures[i])
			wakers[i] = r.Waker()
		}
		s.turn() // both are idle
		w.Go("loop", func() {
			s.enter()
			s.runUntil(func() bool { return futures[0].ended && futures[1].ended })
		})
		w.Go("one", func() {
			news[0].Add(1)
			wakers[0].WakeByRef()
			news[0].Add(1)
			wakers[0].Wake()
		})
		w.Go("other", func() {
			news[1].Add(1)
			wakers[1].Wake()
		})
	})
}

// What the waker wrote is there at the poll after, plainly: the mail is the
// only edge.
func TestModelRemoteVisible(t *testing.T) {
	c := interleave.Config{Model: "rouse/remote/visible"}
	interleave.Check(t, c, func(w *interleave.World) {
		s := newStation(w)
		plain := 0
		f := &probeFuture{w: w, ready: func(polls int) bool { return polls > 1 && plain == 1 }}
		r, _ := s.spawn(f)
		wk := r.Waker()
		s.turn() // the first poll; only the wake brings another
		w.Go("loop", func() {
			s.enter()
			s.runUntil(func() bool { return f.ended })
		})
		w.Go("waker", func() {
			plain = 1
			wk.Wake()
		})
	})
}

// A cell is used again for the next task while wakes and aborts that meant the
// last one are on their way: they must not end the next, and no mail is lost.
func TestModelRemoteReuse(t *testing.T) {
	for _, m := range []struct {
		name  string
		stale func(Waker, JoinHandle[int])
	}{
		{"wake", func(wk Waker, _ JoinHandle[int]) { wk.Wake() }},
		{"copy", func(wk Waker, _ JoinHandle[int]) { c := wk; wk.Drop(); c.WakeByRef() }}, // one Drop too few or many
		{"abort", func(wk Waker, j JoinHandle[int]) { wk.Drop(); j.Abort() }},
		{"abort-copy", func(wk Waker, j JoinHandle[int]) { wk.Drop(); j.AbortHandle().Abort(); j.Abort() }},
	} {
		c := interleave.Config{Model: "rouse/remote/reuse-" + m.name}
		reused, kept := 0, 0
		interleave.Check(t, c, func(w *interleave.World) {
			s := newStation(w)
			var news atomics.Int32
			one := &probeFuture{w: w, ready: func(int) bool { return true }}
			two := &probeFuture{w: w, ready: func(polls int) bool { return news.Load() == 1 }}
			r, j := s.spawn(one)
			wk := r.Waker()
			var next Waker
			var given atomics.Bool
			w.Go("loop", func() {
				s.enter()
				for !one.ended && one.drops == 0 {
					s.turn()
				}
				if s.loop.AtHome() {
					j.Detach()
				}
				r2, j2 := NewLocalTask[int](two, s.home)
				r2.Schedule()
				next = r2.Waker()
				if r2.h == r.h {
					reused++
				} else {
					kept++
				}
				given.Store(true)
				s.runUntil(func() bool { return two.ended })
				if v, err := j2.Poll(s.cx); v != probeResult || err != nil {
					w.Failf("the second task: %d, %v", v, err)
				}
			})
			w.Go("stale", func() { m.stale(wk, j) })
			w.Go("waker", func() {
				news.Add(1)
				if given.Load() {
					next.Wake()
				}
			})
			w.Finally(func() {
				if two.drops != 0 {
					w.Failf("the second task was dropped")
				}
			})
		})
		if reused == 0 || kept == 0 {
			t.Errorf("%s: the cell was used again %d times, and %d times not", m.name, reused, kept)
		}
	}
}

// A spawn from elsewhere while the loop closes: the task is run or cancelled,
// never forgotten, and who joins it hears of it.
func TestModelRemoteSpawnClose(t *testing.T) {
	c := interleave.Config{Model: "rouse/remote/spawn-join-close"}
	var ran, canceled int
	interleave.Check(t, c, func(w *interleave.World) {
		s := newStation(w)
		f := &probeFuture{w: w, ready: func(int) bool { return true }}
		w.Go("loop", func() {
			s.enter()
			s.turn()
			s.loop.Close(s.cx)
		})
		w.Go("spawner", func() {
			r, j := NewLocalTask[int](f, s.home)
			r.Schedule()
			me := new(waiting)
			switch v, err := me.join(NewContext(NewWaker(me)), j); {
			case err == nil && v == probeResult:
				ran++
			case errors.Is(err, ErrCanceled):
				canceled++
			default:
				w.Failf("join: %d, %v", v, err)
			}
		})
		w.Finally(func() {
			f.mustHaveEnded()
			if s.loop.Live() != 0 {
				w.Failf("%d tasks are left", s.loop.Live())
			}
		})
	})
	if ran == 0 || canceled == 0 {
		t.Errorf("ran %d times, cancelled %d times", ran, canceled)
	}
}

// A function is called once if Inject took it, and never if it refused; a
// sleeping loop wakes up for it.
func TestModelInject(t *testing.T) {
	c := interleave.Config{Model: "rouse/inject/inject-inject-park"}
	interleave.Check(t, c, func(w *interleave.World) { injectModel(w, 2, false) })
}

func TestModelInjectClose(t *testing.T) {
	c := interleave.Config{Model: "rouse/inject/inject-inject-close"}
	interleave.Check(t, c, func(w *interleave.World) { injectModel(w, 2, true) })
}

func injectModel(w *interleave.World, n int, closing bool) {
	s := newStation(w)
	called := make([]int, n) // on the loop
	taken := make([]bool, n) // each injector's own
	sum := 0
	w.Go("loop", func() {
		s.enter()
		if closing {
			s.loop.Deliver(s.cx)
			s.loop.Close(s.cx)
			return
		}
		for sum < n {
			if s.loop.Deliver(s.cx) == 0 {
				s.bed.Park()
			}
		}
	})
	for i := range n {
		w.Go("injector", func() {
			taken[i] = s.Inject(func(*Context) {
				called[i]++
				sum++
			}) == nil
		})
	}
	w.Finally(func() {
		for i := range n {
			if taken[i] != (called[i] == 1) || called[i] > 1 || !taken[i] && !closing {
				w.Failf("function %d: taken %v, called %d times", i, taken[i], called[i])
			}
		}
	})
}
