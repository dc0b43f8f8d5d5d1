package executor_test

import (
	"context"
	"log/slog"
	"testing"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/executor"
)

// A crowd is a Shared that runs.
type crowd struct {
	*executor.Shared
	log  *logbook
	quit chan error
}

// newShared makes a Shared that does not run, and is closed at the end.
func newShared(t testing.TB, set ...func(*executor.SharedConfig)) (*executor.Shared, *logbook) {
	t.Helper()
	bound(t)
	log := &logbook{}
	cfg := executor.SharedConfig{Workers: 3, Name: "tested", Log: slog.New(slog.NewTextHandler(log, nil))}
	for _, f := range set {
		f(&cfg)
	}
	s, err := executor.NewShared(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s, log
}

// startShared makes one and runs it.
func startShared(t testing.TB, set ...func(*executor.SharedConfig)) *crowd {
	t.Helper()
	s, log := newShared(t, set...)
	return run(s, log)
}

func run(s *executor.Shared, log *logbook) *crowd {
	c := &crowd{s, log, make(chan error, 1)}
	go func() {
		defer func() {
			if v := recover(); v != nil {
				c.quit <- v.(error)
			}
		}()
		c.quit <- s.Run(context.Background())
	}()
	return c
}

func (c *crowd) stop(t testing.TB) error {
	t.Helper()
	c.Stop()
	return receive(t, c.quit)
}

func spawnShared(s *executor.Shared, p *probe) rouse.JoinHandle[int] {
	return executor.SpawnShared(s, fut[int](p))
}

func wait[T any](t testing.TB, h rouse.JoinHandle[T]) (T, error) {
	t.Helper()
	return rouse.BlockOn(fut[T](h))
}

func TestSharedJoin(t *testing.T) {
	c := startShared(t)
	var hs []rouse.JoinHandle[int]
	for i := range 1000 {
		hs = append(hs, spawnShared(c.Shared, after(1, i)))
	}
	for i, h := range hs {
		if v, err := wait(t, h); v != i || err != nil {
			t.Fatalf("task %d: %d, %v", i, v, err)
		}
	}
	if err := c.stop(t); err != nil {
		t.Error(err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}
