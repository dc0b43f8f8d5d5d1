//go:build interleave

package channel

import (
	"maps"
	"slices"
	"testing"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/internal/interleave"
)

// somewhere is an executor that only is one.
type somewhere struct{ _ int }

func (*somewhere) Now() int64                        { return 0 }
func (*somewhere) Rand() uint64                      { return 0 }
func (*somewhere) Inject(func(*rouse.Context)) error { return nil }

// A crossing is a future that a ctx form sends home, with what its caller asks
// when his ctx has ended, and what it leaves in the channel.
type crossing struct {
	poll func(cx *rouse.Context) error
	deal *deal
	has  func() bool // what the caller takes for his result is right
	left func() int  // elements in the channel
}

var crossings = map[string]func() crossing{
	"recv": func() crossing {
		ch := NewBounded[int](1)
		_ = ch.TrySend(7)
		a := &recvAbroad[int]{f: ch.RecvFuture()}
		return crossing{polls(a.Poll), &a.deal, func() bool { return a.v == 7 }, counts(ch.TryRecv)}
	},
	"send": func() crossing {
		ch := NewBounded[int](1)
		a := &sendAbroad[int]{f: ch.SendFuture(7)}
		return crossing{polls(a.Poll), &a.deal, func() bool { return true }, counts(ch.TryRecv)}
	},
	"oneshot-recv": func() crossing {
		o := new(Oneshot[int])
		_ = o.TrySend(7)
		a := &oneshotRecvAbroad[int]{o: o}
		return crossing{polls(a.Poll), &a.deal, func() bool { return a.v == 7 && a.err == nil }, oneshotLeft(o)}
	},
	"oneshot-recv-gone": func() crossing {
		o := new(Oneshot[int])
		o.CloseSend()
		a := &oneshotRecvAbroad[int]{o: o}
		return crossing{polls(a.Poll), &a.deal, func() bool { return a.v == 0 && a.err == ErrClosed }, oneshotLeft(o)}
	},
	"oneshot-send": func() crossing {
		o := new(Oneshot[int])
		a := &oneshotSendAbroad[int]{o: o, v: 7}
		return crossing{polls(a.Poll), &a.deal, func() bool { return true }, oneshotLeft(o)}
	},
}

func polls[T any](poll func(*rouse.Context) (T, error)) func(*rouse.Context) error {
	return func(cx *rouse.Context) error {
		_, err := poll(cx)
		return err
	}
}

func counts[T any](try func() (T, error)) func() int {
	return func() int {
		if _, err := try(); err != nil {
			return 0
		}
		return 1
	}
}

// oneshotLeft counts the news of a Oneshot that nobody has had.
func oneshotLeft(o *Oneshot[int]) func() int {
	return func() int {
		if o.stage == sent || o.stage == senderGone {
			return 1
		}
		return 0
	}
}

// A receive or a send from elsewhere whose ctx ends while the future, at home,
// gets its turn: the element goes to the caller or stays, and so does the place.
func TestModelDeal(t *testing.T) {
	for _, name := range slices.Sorted(maps.Keys(crossings)) {
		taken, left := 0, 0
		c := interleave.Config{Model: "channel/deal/" + name}
		interleave.Check(t, c, func(w *interleave.World) {
			ex := new(somewhere)
			x := crossings[name]()
			before := x.left()
			if before > 0 {
				x = crossings[name]() // that has taken it
			}
			var settled, won bool
			w.Go("home", func() {
				err := x.poll(rouse.NewExecutorContext(ex, nil))
				settled = err == nil || err == ErrClosed
				if err == rouse.Pending {
					w.Failf("it must wait")
				}
			})
			w.Go("caller", func() {
				if won = x.deal.cancel(); won { // his ctx has ended
					left++
				} else if taken++; !x.has() {
					w.Failf("he has something else")
				}
			})
			w.Finally(func() {
				if settled == won {
					w.Failf("settled at home: %v, given up: %v", settled, won)
				}
				want := before
				if settled {
					want = 1 - before
				}
				if n := x.left(); n != want {
					w.Failf("%d elements are left, want %d", n, want)
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
