package rouse

import (
	"sync"
	"testing"
)

// storm has several goroutines do f at once, each n times.
func storm(goroutines, n int, f func(g, i int)) {
	var wg sync.WaitGroup
	for g := range goroutines {
		wg.Go(func() {
			for i := range n {
				f(g, i)
			}
		})
	}
	wg.Wait()
}

func TestConformance_033_CloneDropStormBalances(t *testing.T) {
	bothEngines(t, func(t *testing.T, e *engine) {
		var go_ flag
		p := go_.wait()
		churn := doing(func(cx *Context) (int, error) { // the same at home, meanwhile
			if go_.set.Load() {
				return 0, nil
			}
			cx.Waker().Drop()
			cx.WakeByRef()
			return 0, Pending
		})
		r, j := e.make(p)
		w := r.Waker()
		h := (*header)(w.Data())
		r.Schedule()
		k := e.spawn(churn)
		storm(4, 2000, func(g, i int) {
			c := w.Clone()
			switch i % 3 {
			case 0:
				c.Drop()
			case 1:
				c.Wake()
			case 2:
				c.WakeByRef()
				done := make(chan struct{})
				if i%100 == 2 { // cloned here, dropped there
					go func() { c.Drop(); close(done) }()
					<-done
				} else {
					c.Drop()
				}
			}
		})
		go_.raise()
		join(t, j)
		join(t, k)
		w.Drop()
		e.close()
		// The atomic kind's own two references are gone too.
		if n := int32(h.refs) + h.abroad.load(); n != 0 {
			t.Errorf("%d references are left", n)
		}
		p.checkDrops(t, 0)
		e.wantEmpty()
	})
}

func TestConformance_036_ReferencesSaturate(t *testing.T) {
	t.Run("refs", func(t *testing.T) {
		for _, start := range []refs{saturated, -saturated} {
			r := start
			r.add()
			r.sub()
			r.sub()
			if r != start {
				t.Errorf("%d moved to %d", start, r)
			}
		}
		r := refs(saturated - 1)
		for range 3 {
			r.add()
		}
		if r != saturated {
			t.Errorf("%d, want %d", r, saturated)
		}
	})
	t.Run("foreignRefs", func(t *testing.T) {
		for _, start := range []int32{saturated, -saturated} {
			var r foreignRefs
			r.n.Store(start)
			r.add()
			r.sub()
			r.sub()
			if r.load() != start {
				t.Errorf("%d moved to %d", start, r.load())
			}
		}
	})
	// However a saturated count came about, and whatever the other part says,
	// the cell is left to the collector.
	t.Run("cell", func(t *testing.T) {
		needsGid(t)
		for _, part := range []struct{ home, abroad int32 }{
			{saturated, 0}, {0, saturated}, {0, -saturated}, {saturated, -saturated}, {-saturated, saturated}, {saturated, saturated},
		} {
			onRig(t, localKind, func(t *testing.T, x *rig) {
				r, j := x.make(pendingFor(0, 1))
				r.h.refs = refs(part.home)
				r.h.abroad.n.Store(part.abroad)
				r.Schedule()
				x.tick()
				x.result(j)
				if again, _ := x.make(pendingFor(0, 1)); again.h == r.h {
					t.Errorf("a cell with %d references at home and %d elsewhere was reused", part.home, part.abroad)
				}
			})
		}
	})
	// A future that clones through its Context counts on the same terms.
	t.Run("context", func(t *testing.T) {
		bothKinds(t, func(t *testing.T, x *rig) {
			var h *header
			x.spawn(doing(func(cx *Context) (int, error) {
				w := cx.Waker()
				h = (*header)(w.Data())
				h.refs = saturated
				for range 3 {
					cx.Waker()
				}
				return 0, nil
			}))
			x.tick()
			if h.refs != saturated {
				t.Errorf("%d references, want %d", h.refs, int32(saturated))
			}
		})
	})
}
