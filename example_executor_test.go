package rouse_test

import (
	"fmt"

	"github.com/rouse-go/rouse"
)

// An executor is whoever runs Runnables. This one is a channel and a loop; the
// tasks it runs may be woken from any goroutine, because NewTask makes tasks of
// the atomic kind.
func Example_executor() {
	queue := make(chan rouse.Runnable, 64)
	schedule := func(r rouse.Runnable) { queue <- r }
	run := func(alive int) {
		cx := rouse.NewContext(rouse.Waker{})
		for alive > 0 {
			switch r := <-queue; r.Run(cx) {
			case rouse.Completed, rouse.Canceled:
				alive--
			case rouse.Panicked:
				panic(r.Panic())
			}
		}
	}

	wakers := make(chan rouse.Waker, 1)
	go func() { // an event from outside
		w := <-wakers
		fmt.Println("event")
		w.Wake()
	}()

	registered := false
	r, answer := rouse.NewTask(rouse.FutureFunc[int](func(cx *rouse.Context) (int, error) {
		if !registered {
			registered = true
			fmt.Println("waiting")
			wakers <- cx.Waker()
			return 0, rouse.Pending
		}
		return 42, nil
	}), schedule)
	r.Schedule()
	r, _ = rouse.NewTask(rouse.FutureFunc[int](func(cx *rouse.Context) (int, error) {
		v, err := answer.Poll(cx)
		if err != nil {
			return 0, err
		}
		fmt.Println("the answer is", v)
		return v, nil
	}), schedule)
	r.Schedule()

	run(2)
	// Output:
	// waiting
	// event
	// the answer is 42
}
