package rouse

import "testing"

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
