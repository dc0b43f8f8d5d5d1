package rouse

import (
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"unsafe"
)

// Reuse of the cells of atomic tasks: NewTaskIn.

// inQueue is a schedule function that appends to a list; the tests run it.
type inQueue struct{ list []Runnable }

func (q *inQueue) push(r Runnable) { q.list = append(q.list, r) }

func (q *inQueue) run(cx *Context) (last Outcome) {
	for len(q.list) > 0 {
		r := q.list[0]
		q.list = q.list[1:]
		last = r.Run(cx)
	}
	return last
}

func taskIn(cx *Context, q *inQueue, f Future[int]) (Runnable, JoinHandle[int]) {
	r, j := NewTaskIn(cx, f, q.push)
	r.Schedule()
	return r, j
}

func TestAtomicCellsAreReused(t *testing.T) {
	cx := NewExecutorContext(nil, nil)
	var q inQueue
	r1, j1 := taskIn(cx, &q, Ready(1))
	a1 := j1.AbortHandle()
	q.run(cx)
	if r2, j2 := taskIn(cx, &q, Ready(2)); r2.h == r1.h {
		t.Error("a cell was reused whose result nobody has taken")
	} else {
		q.run(cx)
		j2.Detach() // no Context: left to the collector
	}
	if v, err := j1.Poll(cx); v != 1 || err != nil {
		t.Fatalf("%d, %v", v, err)
	}
	r3, j3 := taskIn(cx, &q, Ready(3))
	if r3.h != r1.h {
		t.Fatal("the cell was not reused")
	}

	// 034: the old task's handles don't touch the new one.
	if !a1.IsFinished() || !j1.IsFinished() || j3.IsFinished() {
		t.Error("IsFinished takes one task for the other")
	}
	a1.Abort()
	j1.Abort()
	j1.Detach()
	j1.Drop()
	func() {
		defer func() {
			if recover() == nil {
				t.Error("a stale handle was polled")
			}
		}()
		j1.Poll(cx)
	}()
	if out := q.run(cx); out != Completed {
		t.Errorf("outcome %v", out)
	}
	if v, err := j3.Poll(cx); v != 3 || err != nil {
		t.Errorf("%d, %v", v, err)
	}

	// Detached before the end, the runner keeps the cell; 028: nothing of the task
	// is left in it.
	r4, j4 := taskIn(cx, &q, Ready(4))
	j4.Detach()
	q.run(cx)
	c := (*cell[int])(unsafe.Pointer(r4.h))
	if c.fut != nil || c.out != 0 || c.err != nil || c.shared().schedule != nil || !c.wants.IsZero() {
		t.Errorf("something is left: %+v", c)
	}
	if r5, _ := taskIn(cx, &q, Ready(5)); r5.h != r4.h {
		t.Error("the cell of a detached task was not reused")
	}

	// A Context in which nobody asks for cells keeps none.
	other := NewExecutorContext(nil, nil)
	r6, j6 := NewTask(Ready(6), q.push)
	r6.Schedule()
	q.run(other)
	j6.Poll(other)
	if other.cells.of(r6.h.itab).n != 0 {
		t.Error("kept")
	}
}

// A Runnable of a task that has ended is refused, though the cell waits for its
// next task.
func TestAtomicCellsThatAreKeptDoNotRun(t *testing.T) {
	cx := NewExecutorContext(nil, nil)
	var q inQueue
	taskIn(cx, &q, Ready(0)) // so that cells are asked for
	r, j := taskIn(cx, &q, Ready(1))
	q.run(cx)
	j.Poll(cx)
	for name, misuse := range map[string]func(){"Run": func() { r.Run(cx) }, "Drop": r.Drop} {
		func() {
			defer func() {
				if text, _ := recover().(string); !strings.HasPrefix(text, "rouse: "+name) {
					t.Errorf("%s: %q", name, text)
				}
			}()
			misuse()
		}()
	}
	if r2, j2 := taskIn(cx, &q, Ready(2)); r2.h != r.h {
		t.Error("the cell was not kept")
	} else {
		q.run(cx)
		if v, err := j2.Poll(cx); v != 2 || err != nil {
			t.Errorf("%d, %v", v, err)
		}
	}
}

func TestAtomicCellsWithWakers(t *testing.T) {
	cx := NewExecutorContext(nil, nil)
	var q inQueue
	r, j := taskIn(cx, &q, Ready(1))
	w := r.Waker() // counted
	q.run(cx)
	j.Poll(cx)
	if r2, _ := taskIn(cx, &q, Ready(2)); r2.h == r.h {
		t.Fatal("a cell was reused though a counted waker is left")
	}
	q.run(cx)
	w.Wake()
	if len(q.list) != 0 {
		t.Error("woke a finished task")
	}

	// A copy that is used after its Drop: one spurious poll of the next task.
	r3, j3 := taskIn(cx, &q, Ready(3))
	stale := r3.Waker()
	stale.Drop()
	q.run(cx)
	j3.Poll(cx)
	polls := 0
	r4, j4 := taskIn(cx, &q, FutureFunc[int](func(*Context) (int, error) {
		if polls++; polls < 3 {
			return 0, Pending
		}
		return 4, nil
	}))
	if r4.h != r3.h {
		t.Fatal("the cell was not reused")
	}
	q.run(cx)
	stale.WakeByRef()
	stale.WakeByRef()
	q.run(cx)
	if polls != 2 {
		t.Errorf("%d polls; want 2", polls)
	}
	stale.WakeByRef()
	q.run(cx)
	if v, err := j4.Poll(cx); v != 4 || err != nil {
		t.Errorf("%d, %v", v, err)
	}
}

// Tasks of two runners that join, abort and detach each other's, and wake by
// stale copies, with reuse all the while. Every result must be the task's own.
func TestAtomicCellsStress(t *testing.T) {
	rounds := 20_000
	if testing.Short() {
		rounds = 3000
	}
	type handed struct {
		j    JoinHandle[int]
		w    Waker
		want int
	}
	// Each runner has a queue, under a lock: the test is about the cells.
	type runner struct {
		mu   sync.Mutex
		list []Runnable
	}
	var runners [2]runner
	var crossing [2]chan handed
	for i := range crossing {
		crossing[i] = make(chan handed, 64)
	}
	var wrong atomic.Int64
	var wg sync.WaitGroup
	for id := range runners {
		wg.Go(func() {
			me := &runners[id]
			cx := NewExecutorContext(nil, nil)
			schedule := func(r Runnable) {
				me.mu.Lock()
				me.list = append(me.list, r)
				me.mu.Unlock()
			}
			runAll := func() {
				me.mu.Lock()
				list := me.list
				me.list = nil
				me.mu.Unlock()
				for _, r := range list {
					r.Run(cx)
				}
			}
			join := func(h handed) {
				for n := 0; ; n++ {
					v, err := h.j.Poll(cx)
					if err == Pending {
						runAll()
						runtime.Gosched()
						continue
					}
					if err == nil && v != h.want || err != nil && err != ErrCanceled {
						wrong.Add(1)
					}
					return
				}
			}
			for n := range rounds {
				want := n*2 + id
				polls := 0
				r, j := NewTaskIn(cx, FutureFunc[int](func(cx *Context) (int, error) {
					if polls++; polls < n%3 {
						cx.WakeByRef()
						return 0, Pending
					}
					return want, nil
				}), schedule)
				w := r.Waker()
				w.Drop() // and is used all the same
				r.Schedule()
				h := handed{j, w, want}
				switch n % 5 {
				case 0:
					j.Detach()
				case 1:
					j.Abort()
					join(h)
				case 2:
					select {
					case crossing[1-id] <- h:
					default:
						join(h)
					}
				default:
					join(h)
				}
				runAll()
				select {
				case h, ok := <-crossing[id]:
					if !ok {
						break
					}
					h.w.WakeByRef()
					for !h.j.IsFinished() { // its runner may be in join
						runAll()
						runtime.Gosched()
					}
					join(h)
					h.w.WakeByRef()
				default:
				}
			}
			for range 3 { // a task needs at most three polls
				runAll()
			}
			close(crossing[1-id])
			for h := range crossing[id] { // the other is still at work, or through
				h.j.Detach()
			}
		})
	}
	wg.Wait()
	if wrong.Load() != 0 {
		t.Errorf("%d wrong results", wrong.Load())
	}
}
