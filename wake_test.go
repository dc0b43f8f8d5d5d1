package rouse

import "testing"

// sleeper spawns p, runs its first poll, and returns a waker of it.
func sleeper(x *rig, p *probe) (Waker, JoinHandle[int]) {
	r, j := x.make(p)
	w := r.Waker()
	r.Schedule()
	x.tick()
	return w, j
}

func TestConformance_012_WakeOfAnIdleTaskSchedulesOnce(t *testing.T) {
	bothKindsAndPlaces(t, func(t *testing.T, x *rig, at func(func())) {
		p := forever()
		w, _ := sleeper(x, p)
		before := x.scheduled
		at(w.WakeByRef)
		if n := x.queued(); n != 1 || x.scheduled != before+1 {
			t.Errorf("%d in the queue, schedule called %d times; want once", n, x.scheduled-before)
		}
		if out := x.step(); out != Idle {
			t.Errorf("outcome %v, want Idle", out)
		}
		p.check(t, 2, 0)
	})
}

func TestConformance_013_KWakesAreOnePoll(t *testing.T) {
	bothKindsAndPlaces(t, func(t *testing.T, x *rig, at func(func())) {
		p := forever()
		w, _ := sleeper(x, p)
		at(func() {
			for range 7 {
				w.WakeByRef()
			}
			w.Clone().Wake()
		})
		x.deliver()
		at(w.WakeByRef) // one that comes when the others are in already
		x.tick()
		p.check(t, 2, 0)
	})
}

func TestConformance_014_SecondWakeNotifiesNobody(t *testing.T) {
	bothKindsAndPlaces(t, func(t *testing.T, x *rig, at func(func())) {
		w, _ := sleeper(x, forever())
		scheduled, unparks := x.scheduled, x.unparks.Load()
		for range 3 {
			at(w.WakeByRef)
		}
		if n := x.unparks.Load() - unparks; n > 1 {
			t.Errorf("%d unparks", n)
		}
		x.deliver()
		if n := x.scheduled - scheduled; n != 1 {
			t.Errorf("schedule was called %d times", n)
		}
	})
}

func TestConformance_015_WakeDuringRun(t *testing.T) {
	bothKindsAndPlaces(t, func(t *testing.T, x *rig, at func(func())) {
		var during int
		p := &probe{script: func(cx *Context, poll int) (int, error) {
			if poll == 2 {
				w := cx.Waker()
				before := x.scheduled
				at(w.Wake)
				during = x.scheduled - before
			}
			return 0, Pending
		}}
		w, _ := sleeper(x, p)
		w.WakeByRef()
		x.step()
		if during != 0 {
			t.Error("scheduled before the poll returned")
		}
		if n := x.queued(); n != 1 {
			t.Errorf("%d in the queue after the poll, want 1", n)
		}
		x.tick()
		p.check(t, 3, 0)
	})
}

func TestConformance_016_KWakesDuringRunAreOnePoll(t *testing.T) {
	bothKindsAndPlaces(t, func(t *testing.T, x *rig, at func(func())) {
		p := &probe{script: func(cx *Context, poll int) (int, error) {
			if poll == 1 {
				w := cx.Waker()
				at(func() {
					for range 5 {
						w.WakeByRef()
					}
				})
				w.Drop()
			}
			return 0, Pending
		}}
		x.spawn(p)
		x.tick()
		p.check(t, 2, 0)
	})
}

func TestConformance_017_SelfWakeThenReady(t *testing.T) {
	bothKindsAndPlaces(t, func(t *testing.T, x *rig, at func(func())) {
		p := doing(func(cx *Context) (int, error) {
			w := cx.Waker()
			at(w.Wake)
			return 5, nil
		})
		j := x.spawn(p)
		x.tick()
		p.check(t, 1, 0)
		if v, err := x.result(j); v != 5 || err != nil {
			t.Errorf("result %d, %v", v, err)
		}
	})
}

func TestConformance_018_WakeOfACompletedTask(t *testing.T) {
	bothKindsAndPlaces(t, func(t *testing.T, x *rig, at func(func())) {
		p := pendingFor(0, 1)
		w, j := sleeper(x, p)
		at(func() {
			w.WakeByRef()
			w.Clone().Wake()
		})
		if n := x.tick(); n != 0 {
			t.Errorf("%d runs after completion", n)
		}
		if v, err := x.result(j); v != 1 || err != nil {
			t.Errorf("result %d, %v", v, err)
		}
		at(w.Wake)
		if n := x.tick(); n != 0 {
			t.Errorf("%d runs after the result was taken", n)
		}
		p.check(t, 1, 0)
	})
}

func TestConformance_019_WakeOfACanceledTask(t *testing.T) {
	bothKindsAndPlaces(t, func(t *testing.T, x *rig, at func(func())) {
		p := &probe{script: func(cx *Context, poll int) (int, error) { return 0, Pending }}
		w, j := sleeper(x, p)
		at(j.Abort)
		at(w.WakeByRef)
		x.tick()
		at(w.Wake)
		if n := x.tick(); n != 0 {
			t.Errorf("%d runs after the end", n)
		}
		p.check(t, 1, 1)
	})
	t.Run("during run", func(t *testing.T) {
		bothKindsAndPlaces(t, func(t *testing.T, x *rig, at func(func())) {
			var j JoinHandle[int]
			p := doing(func(cx *Context) (int, error) {
				w := cx.Waker()
				at(func() { j.Abort(); w.Wake() })
				return 0, Pending
			})
			j = x.spawn(p)
			x.tick()
			p.check(t, 1, 1)
		})
	})
}

func TestConformance_020_WakeIsWakeByRefAndDrop(t *testing.T) {
	bothKindsAndPlaces(t, func(t *testing.T, x *rig, at func(func())) {
		w, _ := sleeper(x, forever())
		h := (*header)(w.Data())
		count := func() int32 { return int32(h.refs) + h.abroad.load() }
		before := count()
		clone := w.Clone()
		if n := count() - before; n != 1 {
			t.Errorf("Clone counts %d", n)
		}
		at(clone.WakeByRef)
		if n := count() - before; n != 1 {
			t.Errorf("WakeByRef counts %d", n-1)
		}
		at(clone.Wake)
		if n := count() - before; n != 0 {
			t.Errorf("Wake leaves %d", n)
		}
		x.tick()
		at(func() { w.Clone().Drop() })
		if n := count() - before; n != 0 {
			t.Errorf("Clone and Drop leave %d", n)
		}
		if n := x.tick(); n != 0 {
			t.Error("Clone and Drop wake")
		}
	})
}

func TestConformance_021_WakeAfterThePollBeganIsNotLost(t *testing.T) {
	bothKindsAndPlaces(t, func(t *testing.T, x *rig, at func(func())) {
		p := &probe{script: func(cx *Context, poll int) (int, error) {
			if poll == 2 { // scheduled before: the flag must be clear by now
				w := cx.Waker()
				at(w.Wake)
			}
			if poll == 3 {
				return 3, nil
			}
			return 0, Pending
		}}
		w, j := sleeper(x, p)
		w.WakeByRef()
		x.tick()
		p.check(t, 3, 0)
		if v, err := x.result(j); v != 3 || err != nil {
			t.Errorf("result %d, %v", v, err)
		}
	})
}

func TestConformance_023_WokenWhileRunningGoesToTheBack(t *testing.T) {
	bothKinds(t, func(t *testing.T, x *rig) {
		var order []int
		note := func(id int) *probe {
			return &probe{script: func(cx *Context, poll int) (int, error) {
				order = append(order, id)
				if poll < 3 {
					cx.WakeByRef()
					return 0, Pending
				}
				return 0, nil
			}}
		}
		for id := range 3 {
			x.spawn(note(id))
		}
		if out := x.step(); out != Rescheduled {
			t.Errorf("outcome %v, want Rescheduled", out)
		}
		x.tick()
		for i, id := range order {
			if id != i%3 {
				t.Fatalf("order of polls %v", order)
			}
		}
		if len(order) != 9 || x.outcomes[Rescheduled] != 6 {
			t.Errorf("%d polls, %d rescheduled; want 9, 6", len(order), x.outcomes[Rescheduled])
		}
	})
}

func TestConformance_025_WakeFromInsideSchedule(t *testing.T) {
	bothKinds(t, func(t *testing.T, x *rig) {
		p, q := forever(), forever()
		a, _ := sleeper(x, p)
		b, _ := sleeper(x, q)
		x.hook = func(r Runnable) {
			a.WakeByRef() // of the task itself, and of another one
			b.WakeByRef()
		}
		a.WakeByRef()
		for range 3 { // where home can't be told, each is mail that brings mail
			x.deliver()
		}
		x.tick()
		x.hook = nil
		p.check(t, 2, 0)
		q.check(t, 2, 0)
	})
}

func TestConformance_031_WakerBeforeTheFirstRun(t *testing.T) {
	t.Run("before Schedule", func(t *testing.T) {
		bothKindsAndPlaces(t, func(t *testing.T, x *rig, at func(func())) {
			p := forever()
			at(func() {
				r, _ := x.make(p)
				r.Waker().Wake()
				r.Schedule()
			})
			x.tick()
			p.check(t, 1, 0)
		})
	})
	t.Run("after Schedule", func(t *testing.T) {
		bothKindsAndPlaces(t, func(t *testing.T, x *rig, at func(func())) {
			p := forever()
			at(func() {
				r, _ := x.make(p)
				w := r.Waker()
				r.Schedule()
				w.Wake()
			})
			x.tick()
			p.check(t, 1, 0)
		})
	})
}
