package rouse

import "testing"

func TestConformance_074_PanicInBlockOn(t *testing.T) {
	p := doing(func(*Context) (int, error) { panic("thrown") })
	wantPanic(t, "thrown", func() { BlockOn[int](p) })
	p.check(t, 1, 1)
}

func TestBlockOnSleepsUntilWoken(t *testing.T) {
	var open flag
	p := open.wait()
	result := make(chan int, 1)
	go func() {
		v, _ := BlockOn[int](p)
		result <- v
	}()
	eventually(t, "the first poll", func() bool { return p.polls.Load() == 1 })
	open.raise()
	if v := receive(t, result); v != 1 {
		t.Errorf("BlockOn: %d", v)
	}
	p.check(t, 2, 0)
}

// Any number of wakes before BlockOn looks are one poll; the budget is whole at
// each.
func TestBlockOnCollapsesWakes(t *testing.T) {
	p := &probe{script: func(cx *Context, poll int) (int, error) {
		if poll == 4 {
			return poll, nil
		}
		for range budgetPerPoll {
			if !cx.Spend() {
				t.Error("the budget is not whole")
			}
		}
		for range 5 {
			cx.WakeByRef()
		}
		return 0, Pending
	}}
	if v, err := BlockOn[int](p); v != 4 || err != nil {
		t.Errorf("BlockOn: %d, %v", v, err)
	}
	p.check(t, 4, 0)
}
