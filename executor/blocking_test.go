package executor_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/executor"
)

func TestConformance_131_BlockingAtTheCap(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		h := w.start(t, func(c *executor.Config) { c.BlockingWorkers = 2 })
		ctx := h.l.Context(t.Context())
		var running, most counter
		release := make(chan struct{})
		started := make(chan struct{}, 20)
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() {
				v, err := executor.Blocking(ctx, func() (int, error) {
					raise(&most, running.Add(1))
					started <- struct{}{}
					<-release
					running.Add(-1)
					return i, nil
				})
				if v != i || err != nil {
					t.Errorf("%d, %v", v, err)
				}
			})
		}
		receive(t, started)
		receive(t, started) // at the cap now
		for range 1000 {    // a third would begin now
			runtime.Gosched()
			if running.Load() > 2 {
				break
			}
		}
		close(release)
		wg.Wait()
		if n := most.Load(); n != 2 {
			t.Errorf("%d ran at once, want 2", n)
		}
		if err := h.stop(t); err != nil {
			t.Error(err)
		}
	})
}

func TestConformance_131_BlockingFailures(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		l, _ := w.local(t, func(c *executor.Config) { c.BlockingWorkers = 1 })
		run := func(fn func() (int, error)) (int, error) {
			return executor.RunUntil(l, executor.BlockingFuture(l, fn))
		}
		for range 2 { // the pool goes on after each
			_, err := run(func() (int, error) { panic("in the job") })
			p := asPanic(t, err)
			if p.Value != "in the job" || !strings.Contains(string(p.Stack), "blocking_test.go") {
				t.Errorf("%v", p)
			}
			if _, err = run(func() (int, error) { runtime.Goexit(); return 0, nil }); err != rouse.ErrGoexit {
				t.Errorf("%v", err)
			}
			if _, err = run(func() (int, error) { return 0, errors.ErrUnsupported }); err != errors.ErrUnsupported {
				t.Errorf("%v", err)
			}
			if v, err := run(func() (int, error) { return 3, nil }); v != 3 || err != nil {
				t.Errorf("%d, %v", v, err)
			}
		}
	})
}

func TestConformance_131_CloseResolvesBlockingJobs(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		l, _ := w.local(t, func(c *executor.Config) { c.BlockingWorkers = 1 })
		other := w.start(t)
		started, release := make(chan struct{}), make(chan struct{})
		job := executor.BlockingFuture(l, func() (int, error) { close(started); <-release; return 1, nil })
		running := executor.Spawn(other.l, job) // polled over there
		receive(t, started)
		queued := executor.BlockingFuture(l, func() (int, error) { t.Error("ran after Close"); return 0, nil })
		waiting := executor.Spawn(other.l, queued)
		here := executor.Spawn(l, executor.BlockingFuture(l, func() (int, error) { t.Error("ran after Close"); return 0, nil }))
		idle(t, l)
		polled := executor.Spawn(other.l, fut[int](after(1, 1))) // so waiting has been polled, too
		if _, err := rouse.BlockOn(fut[int](polled)); err != nil {
			t.Fatal(err)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := rouse.BlockOn(fut[int](waiting)); err != rouse.ErrClosed {
			t.Errorf("queued: %v", err)
		}
		if _, err := rouse.BlockOn(fut[int](here)); err != rouse.ErrCanceled {
			t.Errorf("queued at home: %v", err)
		}
		if _, err := rouse.BlockOn(executor.BlockingFuture(l, func() (int, error) { return 1, nil })); err != rouse.ErrClosed {
			t.Errorf("new: %v", err)
		}
		close(release)
		if v, err := rouse.BlockOn(fut[int](running)); v != 1 || err != nil {
			t.Errorf("running: %d, %v", v, err)
		}
		if err := other.stop(t); err != nil {
			t.Error(err)
		}
	})
}

func TestBlockingInAFiberSuspendsTheFiberOnly(t *testing.T) {
	bound(t)
	release := make(chan struct{})
	err := executor.Run(func(ctx context.Context) error {
		l := executor.FromContext(ctx)
		j := executor.SpawnFiber(ctx, l, func(ctx context.Context) (int, error) {
			return executor.Blocking(ctx, func() (int, error) { <-release; return 8, nil })
		})
		// If the job stopped the executor, nobody would release it.
		_, err := rouse.Await(ctx, fut[int](executor.Spawn(l, fut[int](doing(func(*rouse.Context) { close(release) })))))
		if err != nil {
			return err
		}
		if v, err := j.Join(ctx); v != 8 || err != nil {
			t.Errorf("%d, %v", v, err)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	// Without an executor the caller may block.
	if v, err := executor.Blocking(context.Background(), func() (int, error) { return 2, nil }); v != 2 || err != nil {
		t.Errorf("%d, %v", v, err)
	}
}

func TestBlockingEndsWithItsCtx(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		h := w.start(t, func(c *executor.Config) { c.BlockingWorkers = 1 })
		ctx, cancel := context.WithCancel(h.l.Context(t.Context()))
		started, release := make(chan struct{}), make(chan struct{})
		result := make(chan error, 2)
		go func() {
			_, err := executor.Blocking(ctx, func() (int, error) { close(started); <-release; return 0, nil })
			result <- err
		}()
		receive(t, started)
		go func() {
			_, err := executor.Blocking(ctx, func() (int, error) { t.Error("it started after its end"); return 0, nil })
			result <- err
		}()
		cancel()
		for range 2 {
			if err := receive(t, result); err != context.Canceled {
				t.Error(err)
			}
		}
		// A later job proves that the worker has passed the cancelled one by;
		// it is sent after its Drop, which goes by the same mailbox.
		flushed := make(chan error, 1)
		go func() {
			_, err := executor.Blocking(h.l.Context(t.Context()), func() (int, error) { return 0, nil })
			flushed <- err
		}()
		if _, err := rouse.BlockOn(fut[int](spawn(h.l, after(1, 1)))); err != nil {
			t.Error(err)
		}
		close(release)
		if err := receive(t, flushed); err != nil {
			t.Error(err)
		}
		if err := h.stop(t); err != nil {
			t.Error(err)
		}
	})
}

func TestBlockingFuturePolledAfterItsResult(t *testing.T) {
	l, _ := onDefault(t)
	f := executor.BlockingFuture(l, func() (int, error) { return 1, nil })
	if v, err := rouse.BlockOn(f); v != 1 || err != nil {
		t.Fatal(v, err)
	}
	mustPanic(t, "polled after its result", func() { rouse.BlockOn(f) })
}

// Whoever waits for the jobs hears of it when the last has ended, before Close and
// after it, whatever the jobs end with; and of the end of ctx.
func TestWaitBlocking(t *testing.T) {
	l, _ := onDefault(t, func(c *executor.Config) { c.BlockingWorkers = 2 })
	s, _ := newShared(t, func(c *executor.SharedConfig) { c.BlockingWorkers = 2 })
	for name, ex := range map[string]interface {
		executor.BlockingHost
		WaitBlocking(context.Context) error
		Close() error
	}{"Local": l, "Shared": s} {
		t.Run(name, func(t *testing.T) {
			if err := ex.WaitBlocking(t.Context()); err != nil {
				t.Errorf("without any job: %v", err)
			}
			for _, closed := range []bool{false, true} {
				release, begun := make(chan struct{}), make(chan struct{})
				var ended counter
				job := func(end func()) {
					f := executor.BlockingFuture(ex, func() (int, error) {
						defer ended.Add(1)
						begun <- struct{}{}
						<-release
						end()
						return 0, nil
					})
					if _, err := f.Poll(rouse.NewContext(rouse.Waker{})); err != rouse.Pending {
						t.Fatal(err)
					}
				}
				job(runtime.Goexit)
				job(func() { panic("in the job") })
				receive(t, begun)
				receive(t, begun)
				want := int64(2)
				if !closed { // two that are queued count, too
					job(func() {})
					job(func() {})
					want = 4
				} else if err := ex.Close(); err != nil {
					t.Error(err)
				}
				short, cancel := context.WithCancel(t.Context())
				cancel()
				if err := ex.WaitBlocking(short); err != context.Canceled {
					t.Errorf("with a ctx that has ended: %v", err)
				}
				waited := make(chan error, 3)
				for range cap(waited) {
					go func() {
						err := ex.WaitBlocking(t.Context())
						if n := ended.Load(); n != want {
							t.Errorf("closed is %v: %d of %d jobs had ended", closed, n, want)
						}
						waited <- err
					}()
				}
				close(release)
				for range want - 2 {
					receive(t, begun)
				}
				for range cap(waited) {
					if err := receive(t, waited); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	inside, _ := onDefault(t)
	spawn(inside, doing(func(*rouse.Context) {
		mustPanic(t, "WaitBlocking on a goroutine that runs an executor", func() { inside.WaitBlocking(t.Context()) })
	}))
	idle(t, inside)
}

// The same under Shared: more jobs than goroutines, jobs that fail, and an end that
// waits for none.
func TestConformance_091_131_SharedBlocking(t *testing.T) {
	c := startShared(t, func(cfg *executor.SharedConfig) { cfg.BlockingWorkers = 2 })
	job := func(fn func() (int, error)) rouse.JoinHandle[int] {
		return executor.SpawnShared(c.Shared, executor.BlockingFuture(c.Shared, fn))
	}
	var running, most counter
	var hs []rouse.JoinHandle[int]
	for i := range 50 {
		hs = append(hs, job(func() (int, error) {
			raise(&most, running.Add(1))
			runtime.Gosched()
			running.Add(-1)
			return i, nil
		}))
	}
	for i, h := range hs {
		if v, err := wait(t, h); v != i || err != nil {
			t.Errorf("job %d: %d, %v", i, v, err)
		}
	}
	if n := most.Load(); n > 2 {
		t.Errorf("%d ran at once, want 2", n)
	}
	for range 3 { // the pool goes on after each
		_, err := wait(t, job(func() (int, error) { panic("in the job") }))
		if p := asPanic(t, err); p.Value != "in the job" {
			t.Errorf("%v", p)
		}
		if _, err := wait(t, job(func() (int, error) { runtime.Goexit(); return 0, nil })); err != rouse.ErrGoexit {
			t.Error(err)
		}
		if _, err := wait(t, job(func() (int, error) { return 0, errors.ErrUnsupported })); err != errors.ErrUnsupported {
			t.Error(err)
		}
	}
	begun, release, ended := make(chan struct{}), make(chan struct{}), make(chan struct{})
	hs = nil
	for i := range 3 {
		hs = append(hs, job(func() (int, error) {
			begun <- struct{}{}
			<-release
			ended <- struct{}{}
			return 0, nil
		}))
		if i < 2 {
			receive(t, begun)
		}
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	for _, h := range hs {
		if _, err := wait(t, h); err != rouse.ErrCanceled {
			t.Errorf("a job's task after Close: %v", err)
		}
	}
	if _, err := rouse.BlockOn(executor.BlockingFuture(c.Shared, func() (int, error) { return 1, nil })); err != rouse.ErrClosed {
		t.Errorf("a new job after Close: %v", err)
	}
	close(release)
	receive(t, ended)
	receive(t, ended)
}
