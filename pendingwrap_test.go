package rouse

import (
	"fmt"
	"testing"
)

// wrapping returns Pending, wrapped.
type wrapping struct{ probe }

func (w *wrapping) Poll(cx *Context) (int, error) {
	w.polls.Add(1)
	return 0, fmt.Errorf("not yet: %w", Pending)
}

func (w *wrapping) Drop() { w.drops.Add(1) }

// A future that wraps Pending believes that it will be polled again, and may
// hold registrations: it is dropped.
func TestPendingWrappedPanics(t *testing.T) {
	const text = "rouse: Pending was wrapped by *rouse.wrapping; return it unchanged"
	t.Run("task", func(t *testing.T) {
		bothKinds(t, func(t *testing.T, x *rig) {
			w := &wrapping{}
			j := x.spawn(w)
			x.tick()
			_, err := x.result(j)
			if e, ok := err.(*PanicError); !ok || e.Value != text {
				t.Errorf("joined %v", err)
			}
			w.check(t, 1, 1)
			x.wantLive(0)
		})
	})
	t.Run("value task", func(t *testing.T) {
		onRig(t, localKind, func(t *testing.T, x *rig) {
			r, j := NewLocalValue[int](wrappingValue{}, x.home)
			r.Schedule()
			x.tick()
			_, err := x.result(j)
			if e, ok := err.(*PanicError); !ok || e.Value != "rouse: Pending was wrapped by *rouse.wrappingValue; return it unchanged" {
				t.Errorf("joined %v", err)
			}
		})
	})
	t.Run("BlockOn", func(t *testing.T) {
		w := &wrapping{}
		wantPanic(t, text, func() { BlockOn[int](w) })
		w.check(t, 1, 1)
	})
}

type wrappingValue struct{}

func (*wrappingValue) Poll(*Context) (int, error) { return 0, fmt.Errorf("%w", Pending) }
