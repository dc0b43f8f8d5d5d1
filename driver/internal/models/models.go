//go:build linux && interleave

package models

import (
	"runtime"
	"testing"

	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/internal/atomics"
	"github.com/rouse-go/rouse/internal/interleave"
)

// A Kernel names a driver and makes one for each schedule.
type Kernel struct {
	Name string
	Open func() (driver.Driver, error)
}

// All runs every model, each as a test of its own.
func (k Kernel) All(t *testing.T) {
	t.Run("Park", k.park)
	t.Run("Visible", k.visible)
	t.Run("Doorbell", k.doorbell)
	t.Run("Close", k.close)
	t.Run("CancelReadable", k.cancelReadable)
	t.Run("CancelAccept", k.cancelAccept)
	t.Run("CancelRecv", k.cancelRecv)
}

// A world is one execution of a model of a driver.
type world struct {
	*interleave.World
	d driver.Driver
}

// check explores a model of a driver that is open.
func (k Kernel) check(t *testing.T, model string, build func(w *world)) {
	interleave.Check(t, interleave.Config{Model: k.Name + "/" + model}, func(w *interleave.World) {
		d, err := k.Open()
		if err != nil {
			panic(err)
		}
		build(&world{w, d})
	})
}

// loop adds the thread that the driver belongs to. It closes the driver, if body
// has not: a ring lets only its own thread do that in good order. first is done
// before any thread has made a step.
func (w *world) loop(first, body func()) {
	w.Go("loop", func() {
		w.Begin(func() {
			runtime.LockOSThread()
			first()
		})
		defer runtime.UnlockOSThread()
		body()
		if err := w.d.Close(); err != nil {
			w.Failf("Close: %v", err)
		}
	})
}

// park sleeps until something happens.
func (w *world) park() {
	if _, err := w.d.Park(driver.Forever); err != nil {
		w.Failf("Park: %v", err)
	}
}

func nothing() {}

// Unpark at any moment ends the Park that is or the next one.
func (k Kernel) park(t *testing.T) {
	k.check(t, "unpark-unpark-park", func(w *world) {
		var news atomics.Int32
		w.loop(nothing, func() {
			for news.Load() < 2 {
				w.park()
			}
		})
		for range 2 {
			w.Go("unparker", func() {
				news.Add(1)
				w.d.Unpark()
			})
		}
	})
}

// What was written before Unpark is there after the Park that it ended.
func (k Kernel) visible(t *testing.T) {
	k.check(t, "visible", func(w *world) {
		plain := 0
		w.loop(nothing, func() {
			w.park() // nothing but the Unpark ends it
			if plain != 1 {
				w.Failf("plain is %d", plain)
			}
		})
		w.Go("unparker", func() {
			plain = 1
			w.d.Unpark()
		})
	})
}
