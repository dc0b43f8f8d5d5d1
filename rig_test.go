package rouse

import (
	"sync"
	"sync/atomic"
	"testing"
)

// rig runs tasks of one kind by hand, on the goroutine that made it, and keeps
// account of what the root package asked of its executor.
type rig struct {
	t    testing.TB
	kind string
	make func(Future[int]) (Runnable, JoinHandle[int])
	cx   *Context
	loop *Loop // nil for the atomic kind
	home *Home

	unparks atomic.Int32

	mu        sync.Mutex
	queue     []Runnable
	scheduled int              // calls of the schedule function
	hook      func(r Runnable) // called by schedule, if set
	outcomes  map[Outcome]int  // of every Run
	panics    []*PanicError    // of every Run that returned Panicked
	reports   []*PanicError    // of Drops that panicked
	wake      chan struct{}    // for engines: something was queued or mailed
}

const (
	localKind  = "local"
	atomicKind = "atomic"
)

func newRig(t testing.TB, kind string) *rig {
	x := &rig{t: t, kind: kind, outcomes: map[Outcome]int{}, wake: make(chan struct{}, 4)}
	if kind == atomicKind {
		x.cx = NewExecutorContext(nil, nil)
		x.make = func(f Future[int]) (Runnable, JoinHandle[int]) { return NewTask(f, x.push) }
		return x
	}
	x.loop = NewLoop(x.unpark, func(e *PanicError) { x.reports = append(x.reports, e) })
	x.home = x.loop.NewHome("rig", x.push)
	x.cx = NewExecutorContext(nil, x.loop)
	x.make = func(f Future[int]) (Runnable, JoinHandle[int]) { return NewLocalTask(f, x.home) }
	return x
}

// bothKinds runs a test for each kind of task, on a goroutine that counts as
// home for the local kind.
func bothKinds(t *testing.T, test func(t *testing.T, x *rig)) {
	for _, kind := range []string{localKind, atomicKind} {
		t.Run(kind, func(t *testing.T) { onRig(t, kind, test) })
	}
}

func onRig(t *testing.T, kind string, test func(t *testing.T, x *rig)) {
	x := newRig(t, kind)
	if x.loop != nil {
		x.loop.Enter()
		defer x.loop.Leave()
	}
	test(t, x)
}

// A place is where a test's operation on a task happens.
type place struct {
	name string
	do   func(func())
}

// places are the task's home and another goroutine. For the atomic kind the
// two must be alike; under rouse_nogid they are for the local kind too.
var places = []place{
	{"here", func(f func()) { f() }},
	{"elsewhere", elsewhere},
}

// elsewhere runs f on another goroutine and waits for its end.
func elsewhere(f func()) {
	done := make(chan any)
	go func() {
		defer func() { done <- recover() }()
		f()
	}()
	if v := <-done; v != nil {
		panic(v)
	}
}

// bothKindsAndPlaces runs a test for each kind and place.
func bothKindsAndPlaces(t *testing.T, test func(t *testing.T, x *rig, at func(func()))) {
	for _, p := range places {
		t.Run(p.name, func(t *testing.T) {
			bothKinds(t, func(t *testing.T, x *rig) { test(t, x, p.do) })
		})
	}
}

func (x *rig) unpark() {
	x.unparks.Add(1)
	x.signal()
}

// signal leaves a token for an engine's worker. If none fits in, as many are
// still to be taken by workers who will look at the queue then.
func (x *rig) signal() {
	select {
	case x.wake <- struct{}{}:
	default:
	}
}

func (x *rig) push(r Runnable) {
	x.mu.Lock()
	x.queue = append(x.queue, r)
	x.scheduled++
	hook := x.hook
	x.mu.Unlock()
	if hook != nil {
		hook(r)
	}
	x.signal()
}

func (x *rig) pop() (r Runnable, ok bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if len(x.queue) == 0 {
		return r, false
	}
	r = x.queue[0]
	x.queue[0] = Runnable{}
	x.queue = x.queue[1:]
	return r, true
}

// queued returns the length of the run queue after the mail is in.
func (x *rig) queued() int {
	x.deliver()
	x.mu.Lock()
	defer x.mu.Unlock()
	return len(x.queue)
}

// spawn makes and schedules a task.
func (x *rig) spawn(f Future[int]) JoinHandle[int] {
	r, j := x.make(f)
	r.Schedule()
	return j
}

func (x *rig) deliver() {
	if x.loop != nil {
		x.loop.Deliver(x.cx)
	}
}

// run runs r and keeps account.
func (x *rig) run(r Runnable, cx *Context) Outcome {
	out := r.Run(cx)
	x.mu.Lock()
	defer x.mu.Unlock()
	x.outcomes[out]++
	if out == Panicked {
		x.panics = append(x.panics, r.Panic())
	}
	return out
}

// step delivers and runs the first task of the queue.
func (x *rig) step() Outcome {
	x.t.Helper()
	x.deliver()
	r, ok := x.pop()
	if !ok {
		x.t.Fatal("step: nothing is runnable")
	}
	return x.run(r, x.cx)
}

// tick runs until nothing is runnable, and returns the number of runs.
func (x *rig) tick() (runs int) {
	x.t.Helper()
	for ; ; runs++ {
		x.deliver()
		r, ok := x.pop()
		if !ok {
			return runs
		}
		if runs > 1<<20 {
			x.t.Fatal("tick: a task is woken without end")
		}
		x.run(r, x.cx)
	}
}

// result polls j once with a noop waker; the task must have finished.
func (x *rig) result(j JoinHandle[int]) (int, error) {
	x.t.Helper()
	if !j.IsFinished() {
		x.t.Fatal("result: the task has not finished")
	}
	v, err := x.poll(j, Waker{})
	if isPending(err) {
		x.t.Fatal("result: pending, though IsFinished")
	}
	return v, err
}

// poll polls j as a task of this rig with waker w would.
func (x *rig) poll(j JoinHandle[int], w Waker) (int, error) {
	cx := NewExecutorContext(nil, x.loop)
	cx.waker = w
	return j.Poll(cx)
}

// wantLive checks the number of tasks the loop knows.
func (x *rig) wantLive(n int) {
	x.t.Helper()
	x.deliver()
	if x.loop != nil && x.loop.Live() != n {
		x.t.Errorf("live tasks: %d, want %d", x.loop.Live(), n)
	}
}
