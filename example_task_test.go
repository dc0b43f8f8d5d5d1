package rouse_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/rouse-go/rouse"
)

// toy is a single-threaded executor of local tasks: a Loop is its identity and
// mailbox, a Home its queue, kept by the tasks' own links.
type toy struct {
	loop       *rouse.Loop
	home       *rouse.Home
	head, tail rouse.Runnable
	cx         *rouse.Context
	mail       chan struct{}
}

func newToy() *toy {
	e := &toy{mail: make(chan struct{}, 1)}
	e.loop = rouse.NewLoop(func() { // unpark, from any goroutine
		select {
		case e.mail <- struct{}{}:
		default:
		}
	}, nil)
	e.home = e.loop.NewHome("toy", func(r rouse.Runnable) {
		r.SetNext(rouse.Runnable{})
		if e.head.IsZero() {
			e.head = r
		} else {
			e.tail.SetNext(r)
		}
		e.tail = r
	})
	e.cx = rouse.NewExecutorContext(nil, e.loop)
	return e
}

// run runs until done reports true, and then ends what is left.
func (e *toy) run(done func() bool) {
	e.loop.Enter()
	defer e.loop.Leave()
	for !done() {
		e.loop.Deliver(e.cx)
		if r := e.head; !r.IsZero() {
			e.head = r.Next()
			r.Run(e.cx)
			continue
		}
		if !done() && !e.loop.HasMail() {
			<-e.mail
		}
	}
	e.loop.Close(e.cx)
}

func ExampleNewLocalTask() {
	e := newToy()
	var gate Gate
	r, j := rouse.NewLocalTask(&gate, e.home)
	r.Schedule()
	go gate.Open() // from elsewhere: a wake by mail
	e.run(j.IsFinished)
	fmt.Println(j.Join(context.Background()))
	// Output: through <nil>
}

// Abort ends a task from outside. Its future is dropped by its own executor,
// and only then does the handle say so.
func ExampleJoinHandle_Abort() {
	e := newToy()
	gate := new(Gate) // nobody will open it
	r, j := rouse.NewLocalTask(gate, e.home)
	r.Schedule()
	go j.Abort()
	e.run(j.IsFinished)
	_, err := j.Join(context.Background())
	fmt.Println(err, errors.Is(err, context.Canceled))
	// Output: rouse: task canceled true
}

// Join may give up and be called again; the task goes on meanwhile.
func ExampleJoinHandle_Join() {
	e := newToy()
	gate := new(Gate)
	r, j := rouse.NewLocalTask(gate, e.home)
	r.Schedule()
	finished := make(chan struct{})
	go func() {
		e.run(j.IsFinished)
		close(finished)
	}()

	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := j.Join(ctx)
	fmt.Println(err)

	gate.Open()
	<-finished
	fmt.Println(j.Join(context.Background()))
	// Output:
	// context canceled
	// through <nil>
}

// A panic of a future ends its task and nothing else.
func ExamplePanicError() {
	e := newToy()
	r, j := rouse.NewLocalTask(rouse.FutureFunc[int](func(*rouse.Context) (int, error) {
		panic("out of cheese")
	}), e.home)
	r.Schedule()
	e.run(j.IsFinished)
	_, err := j.Join(context.Background())
	var p *rouse.PanicError
	fmt.Println(errors.As(err, &p), p.Value)
	// Output: true out of cheese
}

// An executor that makes its tasks with the Context it polls with uses their
// memory again.
func ExampleNewTaskIn() {
	var queue []rouse.Runnable
	cx := rouse.NewExecutorContext(nil, nil)
	for i := range 3 {
		r, j := rouse.NewTaskIn(cx, rouse.Ready(i), func(r rouse.Runnable) { queue = append(queue, r) })
		r.Schedule()
		for _, r := range queue {
			r.Run(cx)
		}
		queue = queue[:0]
		fmt.Println(j.Poll(cx)) // the cell is free now
	}
	// Output:
	// 0 <nil>
	// 1 <nil>
	// 2 <nil>
}
