package executor_test

import (
	"context"
	"testing"
	"time"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/fiber"
	"github.com/rouse-go/rouse/timer"
)

func TestSmoke(t *testing.T) {
	start := time.Now()
	err := executor.Run(func(ctx context.Context) error {
		h := fiber.Go(ctx, func(ctx context.Context) (int, error) {
			if _, err := rouse.Await(ctx, rouse.Future[struct{}](timer.Sleep(20*time.Millisecond))); err != nil {
				return 0, err
			}
			return 42, nil
		})
		v, err := h.Join(ctx)
		if v != 42 || err != nil {
			t.Errorf("got %d, %v", v, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if d := time.Since(start); d < 20*time.Millisecond {
		t.Errorf("early: %v", d)
	}
}
