//go:build interleave

package portable

import (
	"testing"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/internal/atomics"
	"github.com/rouse-go/rouse/internal/interleave"
)

// Goroutines leave results in bridges, again and again, while the loop empties
// its inbox and sleeps: none is forgotten, and no bridge is in the inbox twice.
func TestModelInbox(t *testing.T) {
	for _, m := range []struct {
		name  string
		posts [][]int // of each goroutine: which bridge
		bound int
	}{
		{"post-post-one-bridge", [][]int{{0}, {0}}, 0},
		{"post-post-two-bridges", [][]int{{0}, {1}}, 0},
		{"post-twice-each", [][]int{{0, 1}, {1, 0}}, 3},
	} {
		c := interleave.Config{Model: "portable/" + m.name, Preemptions: m.bound}
		interleave.Check(t, c, func(w *interleave.World) {
			d, err := New(Config{})
			if err != nil {
				panic(err)
			}
			var left [2]atomics.Int32
			var bridges [2]bridge
			got, want := 0, 0
			for i := range bridges {
				bridges[i].reap = func() int {
					n := int(left[i].Swap(0))
					got += n
					return n
				}
			}
			for _, posts := range m.posts {
				want += len(posts)
				w.Go("poster", func() {
					for _, i := range posts {
						left[i].Add(1)
						d.post(&bridges[i])
					}
				})
			}
			w.Go("loop", func() {
				for got < want {
					if _, err := d.Park(driver.Forever); err != nil {
						w.Failf("%v", err)
					}
				}
			})
			w.Finally(func() {
				if got != want {
					w.Failf("%d results of %d", got, want)
				}
			})
		})
	}
}

// A doorbell whose rings unpark, since the driver does not sleep in the kernel.
func TestModelDoorbell(t *testing.T) {
	c := interleave.Config{Model: "portable/ring-ring-park"}
	interleave.Check(t, c, func(w *interleave.World) {
		d, err := New(Config{})
		if err != nil {
			panic(err)
		}
		b, err := driver.NewDoorbell(d)
		if err != nil {
			panic(err)
		}
		var wake [2]noted
		var rings [2]driver.Ringing
		for i := range rings {
			rings[i] = b.Wait(i)
		}
		w.Go("loop", func() {
			var heard [2]bool
			for i := range rings { // register
				_, err := rings[i].Poll(rouse.NewContext(rouse.NewWaker(&wake[i])))
				heard[i] = err == nil
			}
			for !heard[0] || !heard[1] {
				if _, err := d.Park(driver.Forever); err != nil {
					w.Failf("%v", err)
				}
				for i := range rings {
					if !heard[i] && wake[i].n > 0 { // only if woken
						_, err := rings[i].Poll(rouse.NewContext(rouse.NewWaker(&wake[i])))
						if heard[i] = err == nil; !heard[i] {
							w.Failf("bit %d: woken for nothing: %v", i, err)
						}
					}
				}
			}
		})
		for i := range rings {
			w.Go("ringer", func() { b.Ring(1 << i) })
		}
		w.Finally(func() {
			if err := b.Close(); err != nil {
				w.Failf("%v", err)
			}
		})
	})
}

// noted counts its wakes.
type noted struct{ n int }

func (t *noted) WakeByRef() { t.n++ }
