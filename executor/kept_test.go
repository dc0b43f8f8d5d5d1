package executor_test

import (
	"errors"
	"testing"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/executor"
)

func TestKept(t *testing.T) {
	ex, err := executor.New(executor.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer ex.Close()
	type key struct{ n int }
	made := 0
	create := func() any { made++; return made }
	for range 3 {
		if v := ex.Kept(key{1}, create); v != 1 {
			t.Errorf("kept under 1: %v", v)
		}
		if v := ex.Kept(key{2}, create); v != 2 {
			t.Errorf("kept under 2: %v", v)
		}
	}
}

func TestRunBlocking(t *testing.T) {
	bound(t)
	ex, err := executor.New(executor.Config{BlockingWorkers: 1})
	if err != nil {
		t.Fatal(err)
	}
	hold, first := make(chan struct{}), make(chan struct{})
	if err := ex.RunBlocking(func() { <-hold; close(first) }); err != nil {
		t.Fatal(err)
	}
	queued := false
	if err := ex.RunBlocking(func() { queued = true }); err != nil {
		t.Fatal(err)
	}
	ex.Close()
	close(hold)
	if err := ex.WaitBlocking(t.Context()); err != nil { // then all have run that ever will
		t.Fatal(err)
	}
	select {
	case <-first:
	default:
		t.Error("WaitBlocking has not waited for a function that ran when Close came")
	}
	if queued {
		t.Error("a queued function ran after Close")
	}
	if err := ex.RunBlocking(func() {}); !errors.Is(err, rouse.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}
