package executor_test

import (
	"context"
	"testing"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/executor"
)

// What crosses from one executor to another: spawns, wakes and handles.

func TestSpawnFromAnotherExecutor(t *testing.T) {
	p, _ := pool(t, 2)
	var polledOn, droppedOn *executor.Local
	victim := &probe{script: func(cx *rouse.Context, poll int) (int, error) { return 0, rouse.Pending }}
	victim.onDrop = func() {
		if p.At(1).AtHome() {
			droppedOn = p.At(1)
		}
	}
	err := p.Each(t.Context(), func(ctx context.Context, i int) error {
		if i != 0 {
			return nil
		}
		h := executor.Spawn(p.At(1), fut[int](doing(func(cx *rouse.Context) { polledOn = executor.From(cx) })))
		if _, err := h.Join(ctx); err != nil {
			return err
		}
		v := executor.Spawn(p.At(1), fut[int](victim))
		v.Abort()
		if _, err := v.Join(ctx); err != rouse.ErrCanceled {
			t.Errorf("aborted from another executor: %v", err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if polledOn != p.At(1) {
		t.Errorf("polled on %v", polledOn)
	}
	if victim.drops.Load() != 1 {
		t.Errorf("dropped %d times", victim.drops.Load())
	}
	mustKnow(t)
	if droppedOn != p.At(1) {
		t.Error("dropped elsewhere than at home")
	}
}

func TestSpawnFromElsewhereAllocatesTheTaskOnly(t *testing.T) {
	l, _ := onDefault(t)
	const most = 50
	futures := make([]*probe, most+1)
	for i := range futures {
		futures[i] = after(1, i)
	}
	handles := make([]rouse.JoinHandle[int], 0, most+1)
	n := testing.AllocsPerRun(most, func() {
		handles = append(handles, executor.Spawn(l, fut[int](futures[len(handles)])))
	})
	if n != 1 {
		t.Errorf("%v allocations for each spawn from elsewhere; want 1", n)
	}
	idle(t, l)
	for i, h := range handles {
		if v, err := h.Join(t.Context()); v != i || err != nil {
			t.Fatal(v, err)
		}
	}
}

// turns is one side of a game in which two executors wake each other.
type turns struct {
	mine, theirs *counter // whose turn it is: who is behind
	other        *rouse.Waker
	waker        rouse.Waker
	ready        chan *rouse.Waker
	limit        int64
}

func (g *turns) Poll(cx *rouse.Context) (int, error) {
	if g.other == nil {
		g.waker = cx.Waker()
		g.ready <- &g.waker
		g.other = <-g.ready // the test hands the other's over; that blocks once
	}
	for {
		if g.mine.Load() >= g.limit {
			return int(g.mine.Load()), nil
		}
		if g.mine.Load() > g.theirs.Load() {
			return 0, rouse.Pending // their Add comes before their wake
		}
		g.mine.Add(1)
		g.other.WakeByRef()
	}
}

func TestWakesBetweenExecutors(t *testing.T) {
	limit := int64(20000)
	if testing.Short() {
		limit = 2000
	}
	p, _ := pool(t, 2)
	var a, b counter
	left := &turns{mine: &a, theirs: &b, ready: make(chan *rouse.Waker), limit: limit}
	right := &turns{mine: &b, theirs: &a, ready: make(chan *rouse.Waker), limit: limit}
	hl, hr := executor.Spawn(p.At(0), fut[int](left)), executor.Spawn(p.At(1), fut[int](right))
	wl, wr := receive(t, left.ready), receive(t, right.ready)
	left.ready <- wr
	right.ready <- wl
	for _, h := range []rouse.JoinHandle[int]{hl, hr} {
		if v, err := h.Join(t.Context()); v != int(limit) || err != nil {
			t.Errorf("%d, %v; want %d turns", v, err, limit)
		}
	}
}
