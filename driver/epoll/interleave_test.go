//go:build linux && interleave

package epoll

import (
	"testing"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/internal/atomics"
	"github.com/rouse-go/rouse/internal/interleave"
)

// A real epoll instance and its real bell, once for each schedule: Unpark at
// any moment ends the Park that is or the next one.
func TestModelPark(t *testing.T) {
	c := interleave.Config{Model: "epoll/unpark-unpark-park"}
	interleave.Check(t, c, func(w *interleave.World) {
		d := open(w)
		var news atomics.Int32
		w.Go("loop", func() {
			for news.Load() < 2 {
				park(w, d)
			}
		})
		for range 2 {
			w.Go("unparker", func() {
				news.Add(1)
				d.Unpark()
			})
		}
		w.Finally(func() {
			if d.word.Load() == parked {
				w.Failf("the word says that it sleeps")
			}
		})
	})
}

// What was written before Unpark is there after the Park that it ended.
func TestModelParkVisible(t *testing.T) {
	c := interleave.Config{Model: "epoll/visible"}
	interleave.Check(t, c, func(w *interleave.World) {
		d := open(w)
		plain := 0
		w.Go("loop", func() {
			park(w, d) // nothing but the Unpark ends it
			if plain != 1 {
				w.Failf("plain is %d", plain)
			}
		})
		w.Go("unparker", func() {
			plain = 1
			d.Unpark()
		})
	})
}

// A doorbell's word, its eventfd and the driver's own bell: no ring is lost,
// though only the first of a burst writes.
func TestModelDoorbell(t *testing.T) {
	c := interleave.Config{Model: "epoll/ring-ring-unpark-park"}
	interleave.Check(t, c, func(w *interleave.World) {
		d := open(w)
		b, err := driver.NewDoorbell(d)
		if err != nil {
			panic(err)
		}
		var bed [2]woken
		var rings [2]driver.Ringing
		for i := range rings {
			rings[i] = b.Wait(i)
		}
		ask := func(i int) bool {
			_, err := rings[i].Poll(rouse.NewContext(rouse.NewWaker(&bed[i])))
			return err == nil
		}
		unparked := false
		w.Go("loop", func() {
			one, two := ask(0), ask(1)
			for !one || !two {
				park(w, d)
				one = one || ask(0)
				two = two || ask(1)
			}
		})
		for i := range 2 {
			w.Go("ringer", func() { b.Ring(1 << i) })
		}
		w.Go("unparker", func() { d.Unpark(); unparked = true })
		w.Finally(func() {
			if !unparked {
				w.Failf("an end is missing")
			}
			if err := b.Close(); err != nil {
				w.Failf("%v", err)
			}
		})
	})
}

// woken is a Wakeable that remembers nothing: the loop asks again by itself.
type woken struct{ _ int }

func (*woken) WakeByRef() {}

func open(w *interleave.World) *Driver {
	d, err := New(Config{})
	if err != nil {
		panic(err)
	}
	w.Finally(func() {
		if err := d.Close(); err != nil {
			w.Failf("%v", err)
		}
	})
	return d
}

func park(w *interleave.World, d *Driver) {
	if _, err := d.Park(driver.Forever); err != nil {
		w.Failf("Park: %v", err)
	}
}
