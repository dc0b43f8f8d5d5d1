package executor_test

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/fiber"
)

// The five-line way in: fn is a fiber, and what it awaits stops nobody else.
func ExampleRun() {
	err := executor.Run(func(ctx context.Context) error {
		h := fiber.Go(ctx, func(context.Context) (string, error) { return "hello", nil })
		text, err := h.Join(ctx)
		fmt.Println(text)
		return err
	})
	fmt.Println(err)
	// Output:
	// hello
	// <nil>
}

// countdown is a future: it says where it is, and lets others run in between.
type countdown struct {
	name string
	n    int
	turn rouse.Yielding
}

func (c *countdown) Poll(cx *rouse.Context) (string, error) {
	for c.n > 0 {
		fmt.Println(c.name, c.n)
		c.n--
		if _, err := c.turn.Poll(cx); err != nil {
			return "", err // Pending: we are polled again after the others
		}
	}
	return c.name + " done", nil
}

// A Local with two queues. Within a queue tasks are polled in the order in
// which they became runnable, and queues take turns.
func ExampleLocal() {
	l, err := executor.New(executor.Config{Name: "example"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer l.Close()

	background := l.NewQueue("background")
	executor.SpawnInto(background, rouse.Future[string](&countdown{name: "background", n: 1}))
	executor.Spawn(l, rouse.Future[string](&countdown{name: "a", n: 2}))
	executor.Spawn(l, rouse.Future[string](&countdown{name: "b", n: 2}))
	if err := l.RunUntilIdle(); err != nil {
		fmt.Println(err)
	}
	// Output:
	// background 1
	// a 2
	// b 2
	// a 1
	// b 1
}

// Spawn returns a handle, which is a future of the task's result, and can be
// joined or aborted from any goroutine.
func ExampleSpawn() {
	l, err := executor.New(executor.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer l.Close()

	h := executor.Spawn(l, rouse.Future[string](&countdown{name: "task", n: 1}))
	forever := executor.Spawn(l, rouse.Future[string](rouse.FutureFunc[string](func(*rouse.Context) (string, error) {
		return "", rouse.Pending
	})))
	forever.Abort()
	fmt.Println(executor.RunUntil(l, rouse.Future[string](h)))
	fmt.Println(executor.RunUntil(l, rouse.Future[string](forever)))
	// Output:
	// task 1
	// task done <nil>
	//  rouse: task canceled
}

// A square is a future that is held by value.
type square struct{ n int }

func (s *square) Poll(*rouse.Context) (int, error) { return s.n * s.n, nil }

// SpawnValue keeps future and task in one object: in the steady state nothing
// is allocated. The result's type must be given.
func ExampleSpawnValue() {
	l, err := executor.New(executor.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer l.Close()
	h := executor.SpawnValue[int](l, square{12})
	fmt.Println(executor.RunUntil(l, rouse.Future[int](h)))
	// Output: 144 <nil>
}

// Blocking takes what blocks off the executor's goroutine.
func ExampleBlocking() {
	err := executor.Run(func(ctx context.Context) error {
		_, err := executor.Blocking(ctx, func() ([]byte, error) {
			return os.ReadFile("/no/such/file") // may take as long as it likes
		})
		fmt.Println(errors.Is(err, os.ErrNotExist))
		return nil
	})
	fmt.Println(err)
	// Output:
	// true
	// <nil>
}
