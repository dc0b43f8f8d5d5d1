package timer_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/driver/manual"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/timer"
)

// virtually runs fn on a clock that jumps ahead whenever nothing is runnable:
// hours take no time, and come out the same every time.
func virtually(fn func(ctx context.Context) error) error {
	drv, err := manual.New(manual.Config{AutoAdvance: true})
	if err != nil {
		return err
	}
	return executor.RunWith(executor.Config{Driver: drv}, fn)
}

func ExampleSleep() {
	_ = virtually(func(ctx context.Context) error {
		_, err := rouse.Await(ctx, rouse.Future[struct{}](timer.Sleep(24*time.Hour)))
		fmt.Println("a day later", err)
		return err
	})
	// Output: a day later <nil>
}

// never is pending for ever.
var never rouse.Future[int] = rouse.FutureFunc[int](func(*rouse.Context) (int, error) { return 0, rouse.Pending })

func ExampleTimeout() {
	_ = virtually(func(ctx context.Context) error {
		_, err := rouse.Await(ctx, timer.Timeout(never, time.Second))
		fmt.Println(err, errors.Is(err, os.ErrDeadlineExceeded))
		n, err := rouse.Await(ctx, timer.Timeout(rouse.Ready(3), time.Second))
		fmt.Println(n, err)
		return nil
	})
	// Output:
	// rouse: timed out true
	// 3 <nil>
}

func ExampleInterval() {
	_ = virtually(func(ctx context.Context) error {
		every := timer.NewInterval(10*time.Millisecond, timer.Skip)
		var first int64
		for i := range 4 {
			due, err := every.Tick(ctx)
			if err != nil {
				return err
			}
			if i == 0 {
				first = due
			}
			fmt.Println(time.Duration(due - first))
			if i == 1 { // something takes long: the tick at 20 ms comes late, that at 30 is left out
				rouse.Await(ctx, rouse.Future[struct{}](timer.Sleep(25*time.Millisecond)))
			}
		}
		return nil
	})
	// Output:
	// 0s
	// 10ms
	// 20ms
	// 40ms
}

func ExampleWithTimeout() {
	_ = virtually(func(ctx context.Context) error {
		ctx, cancel := timer.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		_, err := rouse.Await(ctx, never)
		fmt.Println(err)
		fmt.Println(context.Cause(ctx))
		return nil
	})
	// Output:
	// context deadline exceeded
	// rouse: timed out
}
