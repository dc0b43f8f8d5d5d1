//go:build linux && interleave

package models

import (
	"testing"

	"golang.org/x/sys/unix"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/internal/atomics"
)

// A doorbell's word, its eventfd and the driver's own: no ring is lost, though
// only the first of a burst writes.
func (k Kernel) doorbell(t *testing.T) {
	k.check(t, "ring-ring-unpark-park", func(w *world) {
		b := w.bell()
		var bed [2]woken
		var rings [2]driver.Ringing
		for i := range rings {
			rings[i] = b.Wait(i)
		}
		ask := func(i int) bool {
			_, err := rings[i].Poll(rouse.NewContext(rouse.NewWaker(&bed[i])))
			return err == nil
		}
		w.loop(nothing, func() {
			one, two := ask(0), ask(1)
			for !one || !two {
				w.park()
				one = one || ask(0)
				two = two || ask(1)
			}
		})
		for i := range 2 {
			w.Go("ringer", func() { b.Ring(1 << i) })
		}
		w.Go("unparker", w.d.Unpark)
	})
}

// Close with an Unpark under way: its write must not go to a file that has got
// the number of the driver's descriptor since. A ring ends the sleep, so that
// the Unpark may be as late as can be.
func (k Kernel) close(t *testing.T) {
	k.check(t, "unpark-ring-close", func(w *world) {
		b := w.bell()
		var next [16]int // it is one of these
		w.loop(nothing, func() {
			w.park()
			if err := w.d.Close(); err != nil {
				w.Failf("Close: %v", err)
			}
			atomics.Look() // an order of this and the Unpark's write to choose
			for i := range next {
				next[i], _ = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
			}
		})
		w.Go("ringer", func() { b.Ring(1) })
		w.Go("unparker", w.d.Unpark)
		w.Finally(func() {
			for _, fd := range next {
				var buf [8]byte
				if _, err := unix.Read(fd, buf[:]); err != unix.EAGAIN {
					w.Failf("a write to a descriptor that was closed: %v, %v", buf, err)
				}
				unix.Close(fd)
			}
		})
	})
}

// bell hangs a doorbell, which is closed at the end.
func (w *world) bell() *driver.Doorbell {
	b, err := driver.NewDoorbell(w.d)
	if err != nil {
		panic(err)
	}
	w.Finally(func() {
		if err := b.Close(); err != nil {
			w.Failf("%v", err)
		}
	})
	return b
}

// woken is a Wakeable that remembers nothing: the loop asks again by itself.
type woken struct{ _ int }

func (*woken) WakeByRef() {}
