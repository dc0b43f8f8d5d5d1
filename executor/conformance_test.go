package executor_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/driver/manual"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/timer"
)

// large is a future of 32 KiB by value, which checks in each poll that it is
// still whole. It is ready after a few.
type large struct {
	words [4096]uint64
	polls uint64
}

func makeLarge(seed uint64) (f large) {
	for i := range f.words {
		f.words[i] = seed + uint64(i)
	}
	return f
}

func (f *large) Poll(cx *rouse.Context) (uint64, error) {
	for i := range f.words {
		if f.words[i] != f.words[0]+uint64(i) {
			return 0, fmt.Errorf("word %d is %d after %d polls", i, f.words[i], f.polls)
		}
	}
	if f.polls++; f.polls < 4 {
		f.words[0]++
		for i := range f.words[1:] {
			f.words[i+1]++
		}
		cx.WakeByRef()
		return 0, rouse.Pending
	}
	return f.words[0], nil
}

func TestConformance_011_LargeFutures(t *testing.T) {
	const n = 50
	check := func(t *testing.T, i int, v uint64, err error) {
		t.Helper()
		if want := uint64(1000*i + 3); v != want || err != nil {
			t.Fatalf("future %d: %d, %v; want %d", i, v, err, want)
		}
	}
	t.Run("Local", func(t *testing.T) {
		for _, byTick := range []bool{false, true} {
			l, _ := onDefault(t)
			var joins []rouse.JoinHandle[uint64]
			for i := range n {
				if i%2 == 0 {
					joins = append(joins, executor.SpawnValue[uint64](l, makeLarge(uint64(1000*i))))
					continue
				}
				f := makeLarge(uint64(1000 * i))
				joins = append(joins, executor.Spawn[uint64](l, &f))
			}
			if byTick {
				idle(t, l)
			}
			for i, j := range joins {
				v, err := joined(l, j)
				check(t, i, v, err)
			}
		}
	})
	for _, workers := range []int{1, 16} {
		t.Run(fmt.Sprintf("%d/Shared", workers), func(t *testing.T) {
			bound(t)
			s, err := executor.NewShared(executor.SharedConfig{Workers: workers})
			if err != nil {
				t.Fatal(err)
			}
			var joins []rouse.JoinHandle[uint64]
			for i := range n {
				f := makeLarge(uint64(1000 * i))
				joins = append(joins, executor.SpawnShared[uint64](s, &f))
			}
			ran := make(chan error, 1)
			go func() { ran <- s.Run(context.Background()) }()
			for i, j := range joins {
				v, err := j.Join(context.Background())
				check(t, i, v, err)
			}
			if err := errors.Join(s.Close(), <-ran); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// After a run has panicked, its goroutine is nobody's loop any more.
func TestConformance_076_NothingIsLeftOfARunThatPanicked(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		l, _ := w.local(t)
		executor.SpawnDetached(l, fut[int](doing(func(*rouse.Context) { panic("on purpose") })))
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the run did not panic")
				}
			}()
			_ = l.RunUntilIdle()
		}()
		if rouse.OnLoop() {
			t.Fatal("the goroutine still counts as a loop's")
		}
		other, _ := w.local(t)
		if v, err := executor.RunUntil(other, fut[int](after(0, 7))); v != 7 || err != nil {
			t.Fatalf("another executor here: %d, %v", v, err)
		}
	})
}

var everywhere *executor.Local

// An executor in a global variable is closed from another goroutine than the one
// that ran it, with tasks that hold it.
func TestConformance_094_AGlobalExecutor(t *testing.T) {
	bound(t)
	d, err := manual.New(manual.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if everywhere, err = executor.New(executor.Config{Driver: d}); err != nil {
		t.Fatal(err)
	}
	defer func() { everywhere = nil }()
	p := &probe{script: func(*rouse.Context, int) (int, error) {
		_ = everywhere.Name()
		return 0, rouse.Pending
	}}
	j := executor.Spawn(everywhere, fut[int](p))
	ran := make(chan error, 1)
	go func() { ran <- everywhere.RunUntilIdle() }()
	if err := <-ran; err != nil {
		t.Fatal(err)
	}
	if err := everywhere.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := j.Join(context.Background()); !errors.Is(err, rouse.ErrCanceled) {
		t.Fatalf("its task: %v", err)
	}
}

// Time that is paused moves only when nothing else is to be done, and then to
// the next deadline exactly.
func TestConformance_122_PausedTime(t *testing.T) {
	for range 2 { // the same each time
		bound(t)
		d, err := manual.New(manual.Config{AutoAdvance: true})
		if err != nil {
			t.Fatal(err)
		}
		l, err := executor.New(executor.Config{Driver: d, Seed: 1, Tick: time.Nanosecond})
		if err != nil {
			t.Fatal(err)
		}
		var trace []string
		note := func(what string) { trace = append(trace, fmt.Sprint(what, "@", d.Now())) }
		sleeper := func(name string, span time.Duration) {
			s := timer.Sleep(span)
			executor.Spawn(l, rouse.FutureFunc[struct{}](func(cx *rouse.Context) (none struct{}, err error) {
				if _, err = s.Poll(cx); err == nil {
					note(name)
				}
				return none, err
			}))
		}
		sleeper("year", 365*24*time.Hour)
		sleeper("micros", 1500*time.Nanosecond)
		sleeper("hour", time.Hour)
		polls := 0
		executor.Spawn(l, fut[int](&probe{script: func(cx *rouse.Context, _ int) (int, error) {
			if polls++; polls < 1000 {
				cx.WakeByRef()
				return 0, rouse.Pending
			}
			note("busy")
			return 0, nil
		}}))
		last := timer.Sleep(366 * 24 * time.Hour)
		if _, err := executor.RunUntil[struct{}](l, last); err != nil {
			t.Fatal(err)
		}
		want := fmt.Sprintf("busy@0 micros@1500 hour@%d year@%d", int64(time.Hour), int64(365*24*time.Hour))
		if got := strings.Join(trace, " "); got != want {
			t.Errorf("%s, want %s", got, want)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}
}

// A local task that another executor's loop runs is refused before it is polled.
func TestConformance_132_ALocalTaskElsewhere(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		a, _ := w.local(t)
		p := doing(func(*rouse.Context) {})
		r, j := rouse.NewLocalTask(fut[int](p), a.Home())
		said := ""
		elsewhere(t, func() { // b has a goroutine of its own
			b, err := executor.New(executor.Config{})
			if err != nil {
				t.Error(err)
				return
			}
			_, err = executor.RunUntil(b, rouse.FutureFunc[int](func(cx *rouse.Context) (int, error) {
				defer func() { said = fmt.Sprint(recover()) }()
				r.Run(cx)
				return 0, nil
			}))
			if cerr := b.Close(); err != nil || cerr != nil {
				t.Error(err, cerr)
			}
		})
		if !strings.Contains(said, "another loop than its own") {
			t.Errorf("it said: %s", said)
		}
		r.Schedule()
		if _, err := joined(a, j); err != nil || p.polls.Load() != 1 {
			t.Errorf("at home: %v, %d polls", err, p.polls.Load())
		}
	})
}
