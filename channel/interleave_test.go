//go:build interleave

package channel

import (
	"testing"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/internal/atomics"
	"github.com/rouse-go/rouse/internal/interleave"
)

// somewhere is an executor that only is one.
type somewhere struct{ _ int }

func (*somewhere) Now() int64                        { return 0 }
func (*somewhere) Rand() uint64                      { return 0 }
func (*somewhere) Inject(func(*rouse.Context)) error { return nil }

// A receive or a send from elsewhere whose ctx ends while the future, at home,
// gets its turn: the element goes to the caller or stays, and so does the place.
func TestModelDeal(t *testing.T) {
	for _, send := range []bool{false, true} {
		name := "recv"
		if send {
			name = "send"
		}
		var taken, left int
		c := interleave.Config{Model: "channel/deal/" + name}
		interleave.Check(t, c, func(w *interleave.World) {
			ch := NewBounded[int](1)
			ex := new(somewhere)
			var bed interleave.Parker
			var gone, settled atomics.Bool
			recv := &recvAbroad[int]{f: ch.RecvFuture()}
			put := &sendAbroad[int]{f: ch.SendFuture(7)}
			w.Go("home", func() {
				cx := rouse.NewExecutorContext(ex, nil)
				if !send {
					if err := ch.TrySend(7); err != nil {
						w.Failf("%v", err)
					}
				}
				for !gone.Load() {
					var err error
					if send {
						_, err = put.Poll(cx)
					} else {
						_, err = recv.Poll(cx)
					}
					if err == rouse.Pending {
						bed.Park()
						continue
					}
					settled.Store(err == nil)
					return
				}
			})
			w.Go("caller", func() {
				d := &recv.deal
				if send {
					d = &put.deal
				}
				if d.cancel() { // his ctx has ended
					left++
					if settled.Load() {
						w.Failf("both have won")
					}
				} else {
					taken++
					if !send && recv.v != 7 {
						w.Failf("he has %d", recv.v)
					}
				}
				gone.Store(true)
				bed.Unpark()
			})
			w.Finally(func() {
				n := 0
				if _, err := ch.TryRecv(); err == nil {
					n = 1
				}
				want := 0
				if settled.Load() == send {
					want = 1
				}
				if n != want {
					w.Failf("%d elements are left, settled: %v", n, settled.Load())
				}
			})
		})
		if taken == 0 || left == 0 {
			t.Errorf("%s: taken %d times, left %d times", name, taken, left)
		}
	}
}

// A oneshot, like every local channel, is bound to the first executor that uses
// it; a second one is told so, and who finds it bound finds where to.
func TestModelBind(t *testing.T) {
	for _, same := range []bool{true, false} {
		c := interleave.Config{Model: "channel/bind/same"}
		if !same {
			c.Model = "channel/bind/different"
		}
		interleave.Check(t, c, func(w *interleave.World) {
			o := new(Oneshot[int])
			exs := [2]*somewhere{new(somewhere), new(somewhere)}
			if same {
				exs[1] = exs[0]
			}
			refused := [3]bool{}
			for i, ex := range exs {
				w.Go("binder", func() {
					defer func() { refused[i] = recover() != nil }()
					o.Bind(ex)
				})
			}
			w.Go("asker", func() {
				if o.home.bound() && o.home.exec == nil { // plain: the key orders it
					w.Failf("bound to nobody")
				}
			})
			w.Finally(func() {
				if got := refused[0] != refused[1]; got == same || refused[0] && refused[1] {
					w.Failf("refused: %v", refused)
				}
				if o.home.exec != exs[0] && o.home.exec != exs[1] {
					w.Failf("bound to %v", o.home.exec)
				}
			})
		})
	}
}
