package executor_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/internal/leakcheck"
)

func TestConformance_087_138_EveryPendingFutureIsDroppedOnce(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		l, _ := w.local(t)
		q := l.NewQueue("q")
		var ps []*probe
		var hs []rouse.JoinHandle[int]
		add := func() *probe {
			p := forever()
			ps = append(ps, p)
			return p
		}
		for i := range 50 {
			hs = append(hs, spawn(l, add()), executor.SpawnInto(q, fut[int](add())))
			executor.SpawnDetached(l, fut[int](add()))
			if i == 25 {
				idle(t, l) // some have been polled, some not
			}
		}
		elsewhere(t, func() { hs = append(hs, spawn(l, add())) }) // this one is mail
		for _, p := range ps[:20] {
			p.waker.WakeByRef() // and these are in their queues
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		for i, p := range ps {
			if p.drops.Load() != 1 {
				t.Fatalf("task %d dropped %d times", i, p.drops.Load())
			}
		}
		for _, h := range hs { // 090
			if _, err := rouse.BlockOn(fut[int](h)); err != rouse.ErrCanceled {
				t.Fatal(err)
			}
		}
	})
}

func TestConformance_088_WakesDuringClose(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		h := w.start(t)
		var mu sync.Mutex
		var wakers []rouse.Waker
		var ps []*probe
		for range 100 {
			p := &probe{script: func(cx *rouse.Context, poll int) (int, error) {
				if poll == 1 {
					mu.Lock()
					wakers = append(wakers, cx.Waker())
					mu.Unlock()
				}
				return 0, rouse.Pending
			}}
			ps = append(ps, p)
			executor.SpawnDetached(h.l, fut[int](p))
		}
		eventually(t, "all polled", func() bool {
			mu.Lock()
			defer mu.Unlock()
			return len(wakers) == 100
		})
		var wg sync.WaitGroup
		for g := range 4 {
			wg.Go(func() {
				for i := range 2000 {
					wakers[(i*7+g)%100].WakeByRef()
				}
			})
		}
		err := h.stop(t)
		wg.Wait()
		if err != nil {
			t.Error(err)
		}
		for _, p := range ps {
			if p.drops.Load() != 1 {
				t.Fatalf("dropped %d times", p.drops.Load())
			}
		}
	})
}

func TestConformance_089_SpawnInADestructor(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		l, _ := w.local(t)
		late := forever()
		var j rouse.JoinHandle[int]
		p := forever()
		p.onDrop = func() {
			j = spawn(l, late)
			p.waker.WakeByRef()
			if err := l.Inject(func(*rouse.Context) {}); err != nil && err != rouse.ErrClosed {
				t.Error(err)
			}
		}
		spawn(l, p)
		idle(t, l)
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		late.check(t, 0, 1)
		if _, err := rouse.BlockOn(fut[int](j)); err != rouse.ErrCanceled {
			t.Error(err)
		}
	})
}

func TestConformance_090_JoinersOfLostTasks(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		h := w.start(t)
		results := make(chan error, 10)
		for i := range 10 {
			j := spawn(h.l, forever())
			go func() {
				var err error
				if i%2 == 0 {
					_, err = j.Join(context.Background())
				} else { // a joiner on another executor
					err = executor.Run(func(ctx context.Context) error { _, err := j.Join(ctx); return err })
				}
				results <- err
			}()
		}
		if err := h.stop(t); err != nil {
			t.Error(err)
		}
		for range 10 {
			if err := receive(t, results); err != rouse.ErrCanceled {
				t.Error(err)
			}
		}
	})
}

func TestConformance_091_CloseDoesNotWaitForBlockingWork(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		l, _ := w.local(t)
		started, release, ended := make(chan struct{}), make(chan struct{}), make(chan struct{})
		spawnBlocking := executor.Spawn(l, executor.BlockingFuture(l, func() (int, error) {
			defer close(ended)
			close(started)
			<-release
			return 1, nil
		}))
		idle(t, l)
		receive(t, started)
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := rouse.BlockOn(fut[int](spawnBlocking)); err != rouse.ErrCanceled {
			t.Error(err)
		}
		close(release)
		receive(t, ended)
	})
}

func TestConformance_093_CloseInsideATask(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		l, _ := w.local(t)
		check := func(where string) {
			if err := l.Close(); err == nil || !strings.Contains(err.Error(), "call Stop there") {
				t.Errorf("%s: %v", where, err)
			}
		}
		spawn(l, doing(func(*rouse.Context) { check("poll") }))
		j := executor.SpawnFiber(t.Context(), l, func(context.Context) (int, error) { check("fiber"); return 0, nil })
		if _, err := joined(l, j); err != nil {
			t.Error(err)
		}
		p := forever()
		p.onDrop = func() { check("destructor") }
		spawn(l, p)
		idle(t, l)
		if err := l.Close(); err != nil {
			t.Errorf("outside: %v", err)
		}
		p.check(t, 1, 1)
	})
}

func TestCloseTwiceAndNeverRun(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		fds := leakcheck.Descriptors()
		l, _ := w.local(t)
		p := forever()
		j := spawn(l, p)
		for range 3 {
			if err := l.Close(); err != nil {
				t.Error(err)
			}
			elsewhere(t, func() {
				if err := l.Close(); err != nil {
					t.Error(err)
				}
			})
		}
		p.check(t, 0, 1)
		if _, err := rouse.BlockOn(fut[int](j)); err != rouse.ErrCanceled {
			t.Error(err)
		}
		if n := leakcheck.Descriptors(); n != fds {
			t.Errorf("%d descriptors, before %d", n, fds)
		}
		for name, err := range map[string]error{
			"Run":          l.Run(t.Context()),
			"RunUntilIdle": l.RunUntilIdle(),
			"RunUntil":     second(executor.RunUntil(l, fut[int](p))),
		} {
			if err != rouse.ErrClosed {
				t.Errorf("%s after Close: %v", name, err)
			}
		}
		p.check(t, 0, 2) // RunUntil has dropped what it was given
		l.Stop()
	})
}

func second[T any](_ T, err error) error { return err }

func TestCloseFromElsewhereWaits(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		for _, how := range []string{"Run", "RunUntil", "with fibers"} {
			l, _ := w.local(t)
			p := forever()
			polled := make(chan struct{})
			p.script = func(*rouse.Context, int) (int, error) {
				close(polled)
				return 0, rouse.Pending
			}
			result := make(chan error, 3)
			ran := make(chan error, 1)
			go func() {
				if how == "with fibers" {
					executor.SpawnFiber(t.Context(), l, func(ctx context.Context) (int, error) {
						_, err := rouse.Await(ctx, fut[int](forever()))
						return 0, err
					})
				}
				if how == "RunUntil" {
					ran <- second(executor.RunUntil(l, fut[int](p)))
				} else {
					executor.SpawnDetached(l, fut[int](p))
					ran <- l.Run(t.Context())
				}
			}()
			receive(t, polled)
			for range 3 {
				go func() {
					err := l.Close()
					if p.drops.Load() != 1 {
						t.Error("Close returned too early")
					}
					result <- err
				}()
			}
			for range 3 {
				if err := receive(t, result); err != nil {
					t.Errorf("%s: %v", how, err)
				}
			}
			want := error(nil)
			if how == "RunUntil" {
				want = rouse.ErrCanceled
			}
			if err := receive(t, ran); err != want {
				t.Errorf("%s returned %v", how, err)
			}
		}
	})
}

func TestCloseFromElsewhereBetweenRuns(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		l, _ := w.local(t)
		idle(t, l)
		elsewhere(t, func() {
			if err := l.Close(); err != nil {
				t.Errorf("without fibers: %v", err)
			}
		})

		l, _ = w.local(t)
		j := executor.SpawnFiber(t.Context(), l, func(context.Context) (int, error) { return 1, nil })
		if _, err := joined(l, j); err != nil {
			t.Fatal(err)
		}
		elsewhere(t, func() {
			err := l.Close()
			if needsThread := w.name == "epoll" || w.name == "uring"; needsThread != (err != nil) {
				t.Errorf("with fibers: %v", err)
			}
		})
		if err := l.Close(); err != nil {
			t.Errorf("at home: %v", err)
		}
	})
}
