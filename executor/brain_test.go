package executor_test

import (
	"sync"
	"testing"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/executor"
)

// What the book's executor gets wrong (conformance, part N) that other files
// don't cover.

// 138: one queue entry per task, however many wakes.
func TestConformance_138_OneQueueEntryPerTask(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		l, _ := w.local(t)
		q := l.NewQueue("q")
		var ps []*probe
		for range 10 {
			p := forever()
			ps = append(ps, p)
			executor.SpawnInto(q, fut[int](p))
		}
		idle(t, l)
		for range 100 {
			for _, p := range ps {
				p.waker.WakeByRef()
				p.waker.Clone().Wake()
			}
		}
		if n := q.Len(); n > len(ps) {
			t.Errorf("%d entries for %d tasks", n, len(ps))
		}
		idle(t, l)
		for _, p := range ps {
			p.check(t, 2, 0)
		}
	})
}

// 139: one task is never polled by two at once; the race detector judges, too.
func TestConformance_139_NeverPolledByTwo(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		h := w.start(t)
		plain := 0
		m := &mailbox{want: 4000}
		wk, j := wakerOf(t, h.l, rouse.FutureFunc[int](func(cx *rouse.Context) (int, error) {
			plain++
			defer func() { plain-- }()
			if plain != 1 {
				t.Error("polled by two")
			}
			return m.Poll(cx)
		}))
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for range 1000 {
					m.sent.Add(1)
					wk.WakeByRef()
				}
			})
		}
		wg.Wait()
		if v, err := rouse.BlockOn(fut[int](j)); v != 4000 || err != nil {
			t.Errorf("%d, %v", v, err)
		}
		if err := h.stop(t); err != nil {
			t.Error(err)
		}
	})
}

// 141, 143, 144: a task spawned before the run is kept; it has an output, a
// handle and a cancel; the end of the executor gives the goroutine back.
func TestConformance_141_143_144_SpawnedBeforeTheRun(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		drv := must(w.open())
		l, err := executor.New(executor.Config{Driver: drv})
		if err != nil {
			t.Fatal(err)
		}
		early := spawn(l, after(1, 11))
		cancelled := spawn(l, forever())
		cancelled.Abort()
		back := make(chan error, 1)
		go func() {
			err := l.Run(t.Context())
			if cerr := l.Close(); err == nil {
				err = cerr
			}
			back <- err
		}()
		if v, err := rouse.BlockOn(fut[int](early)); v != 11 || err != nil {
			t.Errorf("%d, %v", v, err)
		}
		if _, err := rouse.BlockOn(fut[int](cancelled)); err != rouse.ErrCanceled {
			t.Error(err)
		}
		l.Stop()
		if err := receive(t, back); err != nil {
			t.Error(err)
		}
	})
}
