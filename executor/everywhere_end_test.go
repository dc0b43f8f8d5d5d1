package executor_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/internal/gid"
)

// How tasks end, and what becomes of their handles, on each kind of executor; see
// stage.

func TestConformance_039_040_045_JoinBeforeDuringAndAfter(t *testing.T) {
	eachStage(t, func(s *stage) {
		// Before: the joiner waits when the task begins.
		p := after(2, 5)
		p.script = keeping(p)
		h := s.spawn(p)
		joiner := s.spawn(&probe{script: func(cx *rouse.Context, _ int) (int, error) { return h.Poll(cx) }})
		s.settle()
		if h.IsFinished() || joiner.IsFinished() {
			s.Error("finished before its end")
		}
		p.waker.WakeByRef()
		s.is(joiner, 5, nil)
		if !h.IsFinished() {
			s.Error("joined, and not finished")
		}
		// During its poll.
		var during rouse.JoinHandle[int]
		looked := make(chan bool, 1)
		s.inside(func() {
			during = s.spawn(&probe{script: func(cx *rouse.Context, _ int) (int, error) {
				looked <- during.IsFinished()
				return 6, nil
			}})
		})
		s.is(during, 6, nil)
		if <-looked {
			s.Error("finished while it is polled")
		}
		// After.
		late := s.spawn(after(1, 7))
		s.settle()
		for range 3 {
			if !late.IsFinished() {
				s.Error("not finished after its end")
			}
		}
		s.is(late, 7, nil)
		// Twice.
		again := s.spawn(&probe{script: func(cx *rouse.Context, _ int) (int, error) { return late.Poll(cx) }})
		_, err := s.wait(again)
		if p := asPanic(s, err); !strings.Contains(fmt.Sprint(p.Value), "rouse: ") {
			s.Errorf("a result handed out twice: %v", p.Value)
		}
	})
}

// Every way to abort, to end and to treat the handle: the future is dropped once
// if and only if no poll returned a result, and before the joiner hears of it.
func TestConformance_042_050_051_052_053_055_058_063_069_073_Matrix(t *testing.T) {
	eachStage(t, func(s *stage) {
		for _, abort := range []string{"never", "before", "during", "idle", "twice", "after"} {
			for _, ending := range []string{"ready", "error", "panic", "waits"} {
				for _, fate := range []string{"kept", "awaited", "detached"} {
					for _, at := range s.places() {
						cell(s, abort, ending, fate, at)
						if s.Failed() {
							s.Fatalf("abort %s, polls end with %s, handle %s, %s", abort, ending, fate, at.name)
						}
					}
				}
			}
		}
	})
}

var errOwn = errors.New("the future's own error")

func cell(s *stage, abort, ending, fate string, at place) {
	if ending == "panic" && fate == "detached" {
		return // ends the executor, see 077
	}
	var h rouse.JoinHandle[int]
	p := &probe{}
	p.script = func(cx *rouse.Context, poll int) (int, error) {
		if poll == 1 {
			p.waker = cx.Waker()
			if abort == "during" {
				at.do(h.Abort)
				if p.drops.Load() != 0 {
					s.Error("dropped during the poll")
				}
			} else {
				return 0, rouse.Pending
			}
		}
		switch ending {
		case "panic":
			panic("on purpose")
		case "error":
			return 0, errOwn
		case "ready":
			return 5, nil
		}
		return 0, rouse.Pending
	}
	onLoop := true
	p.onDrop = func() { onLoop = rouse.OnLoop() }
	dropsWhenTold := int32(-1)
	var joiner rouse.JoinHandle[int]
	s.inside(func() {
		h = s.spawn(p)
		if fate == "awaited" {
			j := h
			joiner = s.spawn(&probe{script: func(cx *rouse.Context, _ int) (int, error) {
				v, err := j.Poll(cx)
				dropsWhenTold = p.drops.Load()
				return v, err
			}})
		}
		if abort == "before" {
			at.do(h.Abort)
			if p.drops.Load() != 0 {
				s.Error("dropped inside Abort")
			}
		}
	})
	if fate == "detached" {
		h.Detach()
	}
	a := h.AbortHandle()
	if abort == "idle" || abort == "twice" {
		at.do(a.Abort)
		if abort == "twice" {
			at.do(a.Abort)
		}
		s.settle()
	}
	p.waker.WakeByRef() // harmless to what has ended
	s.settle()
	if abort == "after" {
		at.do(a.Abort)
		s.settle()
	}

	polls, drops := 2, 0
	var want error
	switch {
	case abort == "before":
		polls, drops, want = 0, 1, rouse.ErrCanceled
		if s.neverHad {
			drops = 0
		}
	case abort == "idle", abort == "twice", abort == "during" && ending == "waits":
		polls, drops, want = 1, 1, rouse.ErrCanceled
	case abort == "after" && ending == "waits":
		polls, drops, want = 2, 1, rouse.ErrCanceled
	case ending == "waits":
		want = rouse.Pending // for ever
	case ending == "panic":
		drops = 1
	case ending == "error":
		want = errOwn
	}
	if abort == "during" {
		polls = 1
	}
	p.check(s, polls, drops)
	if !onLoop {
		s.Error("dropped elsewhere")
	}
	if want == rouse.Pending {
		if fate != "detached" && h.IsFinished() {
			s.Error("it has finished")
		}
		a.Abort()
		s.settle()
		p.check(s, polls, 1)
		return
	}
	if fate == "detached" {
		return
	}
	result := h
	if fate == "awaited" {
		result = joiner
	}
	v, err := s.wait(result)
	switch {
	case ending == "panic" && want == nil:
		if asPanic(s, err).Value != "on purpose" {
			s.Errorf("it panicked with %v", err)
		}
	case err != want || err == nil && v != 5:
		s.Errorf("the result is %d, %v; want 5, %v", v, err, want)
	}
	if fate == "awaited" && int(dropsWhenTold) != drops {
		s.Errorf("the joiner was told after %d drops of %d", dropsWhenTold, drops)
	}
	s.settle()
	p.check(s, polls, drops)
}

func TestConformance_054_057_AbortAgainstWakeAndAbort(t *testing.T) {
	eachStage(t, func(s *stage) {
		for range 200 {
			p := forever()
			h := s.asleep(p)
			var wg sync.WaitGroup
			wg.Go(func() { h.AbortHandle().Abort() })
			wg.Go(func() { p.waker.WakeByRef() })
			wg.Go(func() { h.Abort() })
			wg.Wait()
			s.is(h, 0, rouse.ErrCanceled)
			s.settle()
			if n := p.polls.Load(); p.drops.Load() != 1 || n < 1 || n > 2 {
				s.Fatalf("%d drops, %d polls", p.drops.Load(), n)
			}
		}
		for _, wakeFirst := range []bool{false, true} { // in one turn: the abort wins
			p := forever()
			h := s.asleep(p)
			s.inside(func() {
				if wakeFirst {
					p.waker.WakeByRef()
				}
				h.Abort()
				if !wakeFirst {
					p.waker.WakeByRef()
				}
			})
			s.is(h, 0, rouse.ErrCanceled)
			p.check(s, 1, 1)
		}
	})
}

func TestConformance_056_065_067_ForgottenTasks(t *testing.T) {
	eachStage(t, func(s *stage) {
		parked := forever()
		var a rouse.AbortHandle
		ended := make(chan struct{})
		s.inside(func() {
			a = s.spawn(parked).AbortHandle()
			s.spawn(doing(func(*rouse.Context) { // forgotten, and outlives its parent
				s.spawn(&probe{script: func(cx *rouse.Context, poll int) (int, error) {
					if poll < 5 {
						cx.WakeByRef()
						return 0, rouse.Pending
					}
					close(ended)
					return 0, nil
				}})
			}))
		})
		receive(s, ended)
		parked.check(s, 1, 0)
		a.Abort()
		s.settle()
		parked.check(s, 1, 1)
	})
}

func TestConformance_044_DetachAgainstTheEnd(t *testing.T) {
	eachStage(t, func(s *stage) {
		for i := range 300 {
			p := after(2, i)
			p.script = keeping(p)
			h := s.asleep(p)
			var wg sync.WaitGroup
			wg.Go(func() { p.waker.WakeByRef() })
			wg.Go(func() { h.Detach() })
			s.settle()
			wg.Wait()
			s.settle()
			p.check(s, 2, 0)
		}
	})
}

// 085: whoever lets go of a task last, its future is dropped on its executor.
func TestConformance_085_DroppedAtHome(t *testing.T) {
	eachStage(t, func(s *stage) {
		for range 50 {
			var onLoop, atHome bool
			p := forever()
			p.onDrop = func() {
				onLoop, atHome = rouse.OnLoop(), true
				if l, ok := s.ex.(*executor.Local); ok && gid.Known {
					atHome = l.AtHome()
				}
			}
			h := s.asleep(p)
			elsewhere(s, func() {
				h.Abort()
				h.Detach()
				p.waker.WakeByRef()
				p.waker.Drop()
			})
			s.settle()
			p.check(s, 1, 1)
			if !onLoop || !atHome {
				s.Fatal("dropped elsewhere")
			}
		}
	})
}

// A panic, and all that goes on after it.
func TestConformance_069_073_Panics(t *testing.T) {
	eachStage(t, func(s *stage) {
		for _, polls := range []int{1, 2} {
			p := &probe{}
			p.script = func(cx *rouse.Context, poll int) (int, error) {
				if poll == 1 {
					p.waker = cx.Waker()
				}
				if poll < polls {
					return 0, rouse.Pending
				}
				panic("on purpose")
			}
			other := forever()
			o := s.asleep(other)
			h := s.spawn(p, executor.Named("bomb"))
			joiner := s.spawn(&probe{script: func(cx *rouse.Context, _ int) (int, error) { return h.Poll(cx) }})
			s.settle()
			p.waker.WakeByRef()
			_, err := s.wait(joiner)
			e := asPanic(s, err)
			if e.Value != "on purpose" || e.Name != "bomb" || !strings.Contains(e.Site, "stage_test.go") ||
				!strings.Contains(string(e.Stack), "everywhere_end_test.go") {
				s.Errorf("%v of %q from %s\n%s", e.Value, e.Name, e.Site, e.Stack)
			}
			p.check(s, polls, 1)
			for range 3 {
				p.waker.WakeByRef()
				h.Abort()
				s.settle()
			}
			p.check(s, polls, 1)
			other.waker.WakeByRef()
			s.settle()
			other.check(s, 2, 0)
			o.Abort()
			s.is(o, 0, rouse.ErrCanceled)
		}
	})
}
