package channel_test

import (
	"context"
	"fmt"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/channel"
	"github.com/rouse-go/rouse/executor"
)

// A producer in direct style and a consumer that reads until the end.
func Example() {
	executor.Run(func(ctx context.Context) error {
		c := channel.NewBounded[string](2)
		executor.SpawnFiber(ctx, executor.FromContext(ctx), func(ctx context.Context) (int, error) {
			defer c.Close()
			for _, word := range []string{"to", "be", "or", "not"} {
				if err := c.Send(ctx, word); err != nil {
					return 0, err
				}
			}
			return 0, nil
		})
		for {
			word, err := c.Recv(ctx)
			if err != nil {
				fmt.Println(err)
				return nil
			}
			fmt.Println(word)
		}
	})
	// Output:
	// to
	// be
	// or
	// not
	// rouse: channel: closed
}

// sum is a task in poll form: it adds up what it receives.
type sum struct {
	in    *channel.Bounded[int]
	total int
}

func (s *sum) Poll(cx *rouse.Context) (int, error) {
	for {
		v, err := s.in.PollRecv(cx)
		switch err {
		case nil:
			s.total += v
		case channel.ErrClosed:
			return s.total, nil
		default:
			return 0, err // not yet
		}
	}
}

func ExampleBounded_PollRecv() {
	l, err := executor.New(executor.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer l.Close()
	c := channel.NewBounded[int](8)
	for i := range 5 {
		c.TrySend(i)
	}
	c.Close()
	total, err := executor.RunUntil(l, rouse.Future[int](&sum{in: c}))
	fmt.Println(total, err)
	// Output: 10 <nil>
}

// A request that carries the place for its answer.
func ExampleOneshot() {
	type request struct {
		n      int
		answer channel.Oneshot[int]
	}
	executor.Run(func(ctx context.Context) error {
		requests := channel.NewBounded[*request](1)
		executor.SpawnFiber(ctx, executor.FromContext(ctx), func(ctx context.Context) (int, error) {
			for {
				r, err := requests.Recv(ctx)
				if err != nil {
					return 0, err
				}
				r.answer.TrySend(r.n * r.n)
			}
		})
		r := &request{n: 12}
		if err := requests.Send(ctx, r); err != nil {
			return err
		}
		fmt.Println(r.answer.Recv(ctx))
		return nil
	})
	// Output: 144 <nil>
}
