package alarm

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/rouse-go/rouse"
)

const tick = int64(time.Millisecond)

// bell notes its wakes and the wakers that were given up.
type bell struct {
	name         string
	trace        *[]string
	woken, drops int
}

func (b *bell) WakeByRef() {
	b.woken++
	if b.trace != nil {
		*b.trace = append(*b.trace, b.name)
	}
}
func (b *bell) Wake() { b.WakeByRef() }
func (b *bell) Drop() { b.drops++ }

func (b *bell) cx() *rouse.Context { return rouse.NewContext(rouse.NewWaker(b)) }

// hands are a clock that shows what they point at.
type hands struct{ at *int64 }

func (h hands) Now() int64 { return *h.at }

func clockAt(now *int64) *Clock { return NewClock(hands{now}, tick) }

func TestAlarmsFireInTheOrderOfTheirDeadlines(t *testing.T) {
	now := int64(0)
	c := clockAt(&now)
	var trace []string
	alarms := make([]Alarm, 4)
	for i, at := range []int64{3, 1, 2, 1} {
		c.Set(&alarms[i], at*tick, (&bell{name: string(rune('a' + i)), trace: &trace}).cx())
	}
	if next, ok := c.Next(); !ok || next != tick || c.Len() != 4 {
		t.Errorf("next %d, %v; %d set", next, ok, c.Len())
	}
	if n := c.Fire(tick - 1); n != 0 {
		t.Errorf("%d fired early", n)
	}
	if n := c.Fire(3 * tick); n != 4 {
		t.Errorf("%d fired", n)
	}
	if !slices.Equal(trace, []string{"b", "d", "c", "a"}) {
		t.Errorf("order %v", trace)
	}
	if _, ok := c.Next(); ok || c.Len() != 0 {
		t.Errorf("%d still set", c.Len())
	}
}

func TestWatchReplacesTheWakerAndStopGivesItUp(t *testing.T) {
	now := int64(0)
	c := clockAt(&now)
	var a Alarm
	first, second := &bell{}, &bell{}
	c.Set(&a, tick, first.cx())
	a.Watch(first.cx())
	if first.drops != 0 {
		t.Error("the same waker was replaced")
	}
	a.Watch(second.cx())
	if first.drops != 1 {
		t.Errorf("the old waker was dropped %d times", first.drops)
	}
	c.Stop(&a)
	c.Stop(&a)
	c.Fire(time.Hour.Nanoseconds())
	if second.drops != 1 || second.woken != 0 || a.IsSet() {
		t.Errorf("dropped %d times, woken %d", second.drops, second.woken)
	}
}

func TestCloseDropsEveryWaker(t *testing.T) {
	now := int64(0)
	c := clockAt(&now)
	alarms, bells := make([]Alarm, 50), make([]bell, 50)
	for i := range alarms {
		c.Set(&alarms[i], int64(i)*int64(i)*int64(time.Hour), bells[i].cx())
	}
	c.Close()
	for i := range bells {
		if bells[i].drops != 1 || bells[i].woken != 0 || alarms[i].IsSet() {
			t.Fatalf("alarm %d: dropped %d times, woken %d", i, bells[i].drops, bells[i].woken)
		}
	}
	c.Close()
	var late Alarm
	b := &bell{}
	c.Set(&late, tick, b.cx()) // harmless
	c.Stop(&late)
	if c.Len() != 0 || b.drops != 1 {
		t.Errorf("%d set, dropped %d times", c.Len(), b.drops)
	}
}

type valueKey struct{}

// ender tells its followers at once.
type ender struct {
	context.Context
	followers int
}

func (e *ender) Value(key any) any {
	if IsEnderKey(key) {
		return e
	}
	return e.Context.Value(key)
}

func (e *ender) AfterFunc(f func()) func() bool {
	e.followers++
	return func() bool { e.followers--; return true }
}

func TestAfterEndAsksTheEnderOnlyForItsOwnEnd(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	e := &ender{Context: ctx}
	stop := AfterEnd(context.WithValue(e, valueKey{}, 1), func() {})
	if e.followers != 1 {
		t.Error("a value in between hides the Ender")
	}
	stop()
	if e.followers != 0 {
		t.Error("stop did not stop")
	}
	child, cancelChild := context.WithCancel(ctx) // shares the Value chain, not the Done
	defer cancelChild()
	told := make(chan struct{})
	AfterEnd(context.WithoutCancel(e), func() { t.Error("told of an end that is not its own") })
	AfterEnd(child, func() { close(told) })
	cancelChild()
	select {
	case <-told:
	case <-time.After(30 * time.Second):
		t.Error("never told")
	}
}
