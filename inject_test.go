package rouse

import (
	"sync/atomic"
	"testing"
)

func TestInjectedFunctionThatPanicsKeepsTheOthersDue(t *testing.T) {
	l := NewLoop(func() {}, nil)
	cx := NewExecutorContext(nil, l)
	l.Enter()
	defer l.Leave()
	var ran []int
	for i := range 3 {
		if err := l.Inject(func(*Context) {
			ran = append(ran, i)
			if i == 1 {
				panic("boom")
			}
		}); err != nil {
			t.Fatal(err)
		}
	}
	func() {
		defer func() {
			if v := recover(); v != "boom" {
				t.Errorf("recovered %v, want boom", v)
			}
		}()
		l.Deliver(cx)
	}()
	if err := l.Inject(func(*Context) { ran = append(ran, 3) }); err != nil {
		t.Fatal(err)
	}
	l.Close(cx)
	if len(ran) != 4 || ran[2] != 2 || ran[3] != 3 {
		t.Fatalf("ran %v, want 0 1 2 3", ran)
	}
}

func TestInject(t *testing.T) {
	e := start(t, localKind, 1)
	const n = 200
	var ran atomic.Int32
	done := make(chan struct{})
	storm(4, n, func(int, int) {
		err := e.loop.Inject(func(cx *Context) {
			if cx.loop != e.loop {
				t.Error("called with another Context")
			}
			if ran.Add(1) == 4*n {
				close(done)
			}
		})
		if err != nil {
			t.Error(err)
		}
	})
	receive(t, done)
	e.close()
	if err := e.loop.Inject(func(*Context) {}); err != ErrClosed {
		t.Errorf("Inject after Close: %v", err)
	}
	wantPanic(t, "rouse: Inject of a nil function", func() { e.loop.Inject(nil) })
}
