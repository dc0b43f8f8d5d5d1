package channel_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/internal/gid"
)

// hand is a task driven by hand: a Context and a count of its wakes.
type hand struct {
	cx    *rouse.Context
	wakes int
	extra int // counted wakers alive
}

func newHand() *hand {
	h := new(hand)
	h.renew()
	return h
}

// renew gives a full budget.
func (h *hand) renew() *rouse.Context {
	h.cx = rouse.NewContext(rouse.NewWaker(h))
	return h.cx
}

func (h *hand) WakeByRef() { h.wakes++ }
func (h *hand) Clone()     { h.extra++ }
func (h *hand) Drop()      { h.extra-- }

func newLocal(t testing.TB) *executor.Local {
	t.Helper()
	l, err := executor.New(executor.Config{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

// mustKnowGoroutines skips a test where goroutines can't be told apart.
func mustKnowGoroutines(t *testing.T) {
	if gid.Get() == 0 {
		t.Skip("goroutines can't be told apart in this build")
	}
}

// run runs fn as a fiber of a new executor.
func run(t testing.TB, fn func(ctx context.Context, l *executor.Local)) {
	t.Helper()
	err := executor.Run(func(ctx context.Context) error {
		fn(ctx, executor.FromContext(ctx))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// goFiber starts a fiber without a result.
func goFiber(ctx context.Context, l *executor.Local, fn func(ctx context.Context)) rouse.JoinHandle[struct{}] {
	return executor.SpawnFiber(ctx, l, func(ctx context.Context) (struct{}, error) {
		fn(ctx)
		return struct{}{}, nil
	})
}

// yield lets every runnable task run once.
func yield(ctx context.Context) { rouse.Await(ctx, rouse.Yield()) }

func mustPanic(t *testing.T, want string, fn func()) {
	t.Helper()
	defer func() {
		t.Helper()
		v := recover()
		text, _ := v.(string)
		if !strings.HasPrefix(text, "rouse: channel: ") || !strings.Contains(text, want) {
			t.Errorf("panic %v, want one with %q", v, want)
		}
	}()
	fn()
}

// check fails unless the result is as wanted.
func check[T comparable](t *testing.T, v T, err error, want T, wantErr error) {
	t.Helper()
	if v != want || err != wantErr {
		t.Fatalf("got %v, %v; want %v, %v", v, err, want, wantErr)
	}
}

// silent logs nowhere.
var silent = slog.New(slog.DiscardHandler)
