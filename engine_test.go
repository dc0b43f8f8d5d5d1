package rouse

import (
	"runtime"
	"sync"
	"testing"
)

// engine runs a rig's tasks on goroutines of its own: one that is the loop for
// the local kind, several that share the queue for the atomic one. It is an
// Executor, with a Home if it is local.
type engine struct {
	*rig
	stop chan struct{}
	wg   sync.WaitGroup
	once sync.Once
}

// start starts an engine; the test's end stops it.
func start(t testing.TB, kind string, workers int) *engine {
	e := &engine{rig: newRig(t, kind), stop: make(chan struct{})}
	if kind == localKind {
		workers = 1
	}
	for range workers {
		e.wg.Go(e.work)
	}
	t.Cleanup(e.close)
	return e
}

func bothEngines(t *testing.T, test func(t *testing.T, e *engine)) {
	for _, kind := range []string{localKind, atomicKind} {
		t.Run(kind, func(t *testing.T) { test(t, start(t, kind, 3)) })
	}
}

func (e *engine) work() {
	ex := Executor(e)
	if e.loop != nil {
		ex = homeEngine{e}
		e.loop.Enter()
		defer e.loop.Leave()
	}
	cx := NewExecutorContext(ex, e.loop)
	for {
		if e.loop != nil {
			e.loop.Deliver(cx)
		}
		if r, ok := e.pop(); ok {
			e.run(r, cx)
			if runtime.GOARCH == "wasm" {
				runtime.Gosched() // nobody is preempted there
			}
			continue
		}
		select {
		case <-e.wake:
		case <-e.stop:
			if e.loop != nil {
				e.loop.Close(cx)
			}
			return
		}
	}
}

// close ends the engine: local tasks are dropped, of the others those that are
// in the queue.
func (e *engine) close() {
	e.once.Do(func() { close(e.stop) })
	e.wg.Wait()
	if e.loop == nil {
		for r, ok := e.pop(); ok; r, ok = e.pop() {
			r.Drop()
		}
	}
}

func (e *engine) Now() int64   { return 42 }
func (e *engine) Rand() uint64 { return 7 }

func (e *engine) Inject(fn func(*Context)) error {
	if e.loop != nil {
		return e.loop.Inject(fn)
	}
	select {
	case <-e.stop:
		return ErrClosed
	default:
	}
	r, j := NewTask[int](FutureFunc[int](func(cx *Context) (int, error) {
		lent := cx.waker
		fn(cx)
		cx.waker = lent
		return 0, nil
	}), e.push)
	j.Detach()
	r.Schedule()
	return nil
}

// homeEngine is an engine of local tasks, as Await finds it in a ctx.
type homeEngine struct{ *engine }

func (e homeEngine) Home() *Home { return e.home }

// executor returns the engine as Await is to see it.
func (e *engine) executor() Executor {
	if e.loop != nil {
		return homeEngine{e}
	}
	return e
}

// wantEmpty checks that a stopped engine has nothing left.
func (e *engine) wantEmpty() {
	e.t.Helper()
	if len(e.queue) != 0 {
		e.t.Errorf("%d tasks are in the queue", len(e.queue))
	}
	if e.loop != nil && e.loop.Live() != 0 {
		e.t.Errorf("%d live tasks", e.loop.Live())
	}
}
