//go:build interleave

package channel

import (
	"testing"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/internal/interleave"
)

// somewhere is an executor that only is one.
type somewhere struct{ _ int }

func (*somewhere) Now() int64                        { return 0 }
func (*somewhere) Rand() uint64                      { return 0 }
func (*somewhere) Inject(func(*rouse.Context)) error { return nil }

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
