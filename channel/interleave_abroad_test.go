//go:build interleave

package channel

import (
	"context"
	"testing"
	"time"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/internal/atomics"
	"github.com/rouse-go/rouse/internal/interleave"
)

// Models of the ctx forms that are called by a fiber of another executor and
// whose ctx may end at any moment: the whole way, with the task at home.

// A port is the home: what is sent there lies in a box until its thread runs it.
type port struct {
	somewhere
	box    atomics.Pointer[letter]
	bed    interleave.Parker
	guests int // who may still send
}

func (p *port) goodbye() { _ = p.Inject(func(*rouse.Context) { p.guests-- }) }

type letter struct {
	do   func(*rouse.Context)
	next *letter
}

func (p *port) Inject(do func(*rouse.Context)) error {
	l := &letter{do: do}
	for {
		l.next = p.box.Load()
		if p.box.CompareAndSwap(l.next, l) {
			p.bed.Unpark()
			return nil
		}
	}
}

// run runs what comes until all who send have said goodbye, and the box is empty.
func (p *port) run() {
	cx := rouse.NewExecutorContext(p, nil)
	for {
		var batch *letter
		for l := p.box.Swap(nil); l != nil; { // the first goes first
			l.next, batch, l = batch, l, l.next
		}
		if batch == nil {
			if p.guests == 0 {
				return
			}
			p.bed.Park()
		}
		for l := batch; l != nil; l = l.next {
			l.do(cx)
		}
	}
}

// A visitor is the fiber of another executor, and its own ctx, which ends when
// somebody says so.
type visitor struct {
	ex   somewhere
	over atomics.Bool
	bed  interleave.Parker
	cx   *rouse.Context
}

func newVisitor() *visitor {
	v := &visitor{}
	v.cx = rouse.NewContext(rouse.NewWaker(v))
	return v
}

func (v *visitor) Executor() rouse.Executor    { return &v.ex }
func (v *visitor) Current() bool               { return true }
func (v *visitor) Begin(context.Context) error { return v.Err() }
func (v *visitor) Context() *rouse.Context     { return v.cx }
func (v *visitor) WakeByRef()                  { v.bed.Unpark() }

func (v *visitor) Suspend(context.Context) error {
	v.bed.Park()
	return v.Err()
}

func (v *visitor) Deadline() (time.Time, bool) { return time.Time{}, false }
func (v *visitor) Done() <-chan struct{}       { return nil }
func (v *visitor) Value(any) any               { return nil }

func (v *visitor) Err() error {
	if v.over.Load() {
		return context.Canceled
	}
	return nil
}

func (v *visitor) end() {
	v.over.Store(true)
	v.bed.Unpark()
}

// A visit is one call from abroad, what happens at home meanwhile, and what must
// be there in the end: left says what is wrong with it, if it is.
type visit struct {
	call    func(ctx context.Context) error
	deliver func(cx *rouse.Context)
	left    func(cx *rouse.Context, err error) string
}

var visits = []struct {
	name string
	make func(home rouse.Executor) visit
}{
	{"recv", func(home rouse.Executor) visit {
		ch := NewBounded[int](1)
		ch.Bind(home)
		got, next := 0, ch.RecvFuture()
		return visit{
			func(ctx context.Context) (err error) { got, err = ch.Recv(ctx); return err },
			func(cx *rouse.Context) {
				_, _ = next.Poll(cx) // stands in the line, perhaps behind the caller
				_ = ch.TrySend(7)
			},
			func(cx *rouse.Context, err error) string {
				v, nextErr := next.Poll(cx)
				switch {
				case err == nil && nextErr == nil:
					return "both have the element"
				case err != nil && nextErr != nil:
					return "nobody has the element"
				case got+v != 7:
					return "it is another element"
				}
				return ""
			},
		}
	}},
	{"send", func(home rouse.Executor) visit {
		ch := NewBounded[int](1)
		ch.Bind(home)
		_ = ch.TrySend(1)
		next := ch.SendFuture(4)
		return visit{
			func(ctx context.Context) error { return ch.Send(ctx, 7) },
			func(cx *rouse.Context) {
				_, _ = next.Poll(cx)
				_, _ = ch.TryRecv()
			},
			func(cx *rouse.Context, err error) string {
				_, nextErr := next.Poll(cx)
				v, _ := ch.TryRecv()
				switch {
				case err == nil && (nextErr == nil || v != 7):
					return "the caller's element is not in the channel"
				case err != nil && (nextErr != nil || v != 4):
					return "the next one's element is not in the channel"
				}
				return ""
			},
		}
	}},
	{"oneshot-recv", func(home rouse.Executor) visit {
		return oneshotVisit(home, func(o *Oneshot[int]) { _ = o.TrySend(7) }, 7, nil)
	}},
	{"oneshot-recv-gone", func(home rouse.Executor) visit {
		return oneshotVisit(home, (*Oneshot[int]).CloseSend, 0, ErrClosed)
	}},
	{"oneshot-send", func(home rouse.Executor) visit {
		o := new(Oneshot[int])
		o.Bind(home)
		return visit{
			func(ctx context.Context) error { return o.Send(ctx, 7) },
			func(*rouse.Context) {},
			func(_ *rouse.Context, err error) string {
				if v, none := o.TryRecv(); (err == nil) != (none == nil && v == 7) {
					return "it was sent and the caller is told otherwise, or the other way round"
				}
				return ""
			},
		}
	}},
}

// oneshotVisit receives news that can be had once.
func oneshotVisit(home rouse.Executor, tell func(*Oneshot[int]), want int, wantErr error) visit {
	o := new(Oneshot[int])
	o.Bind(home)
	got := 0
	return visit{
		func(ctx context.Context) (err error) { got, err = o.Recv(ctx); return err },
		func(*rouse.Context) { tell(o) },
		func(_ *rouse.Context, err error) string {
			if err == context.Canceled {
				if got, err = o.TryRecv(); err == ErrEmpty {
					return "the news is lost"
				}
			} else if o.stage != over {
				return "the news is there a second time"
			}
			if got != want || err != wantErr {
				return "it is other news"
			}
			return ""
		},
	}
}

// The caller's ctx ends while what he waits for happens at home: either he has
// it, or nothing has been done for him, and it is there for the next.
func TestModelAbroad(t *testing.T) {
	for _, m := range visits {
		had, given := 0, 0
		c := interleave.Config{Model: "channel/abroad/" + m.name, Preemptions: 2}
		interleave.Check(t, c, func(w *interleave.World) {
			home := &port{guests: 2}
			caller := newVisitor()
			x := m.make(home)
			var err error
			w.Go("home", home.run)
			w.Go("caller", func() {
				switch err = x.call(caller); err {
				case context.Canceled:
					given++
				case nil, ErrClosed:
					had++
				default:
					w.Failf("%v", err)
				}
				home.goodbye()
			})
			w.Go("world", func() {
				_ = home.Inject(x.deliver)
				caller.end()
				home.goodbye()
			})
			w.Finally(func() {
				if wrong := x.left(rouse.NewExecutorContext(home, nil), err); wrong != "" {
					w.Failf("the caller has %v: %s", err, wrong)
				}
			})
		})
		if had == 0 || given == 0 {
			t.Errorf("%s: had %d times, given up %d times", m.name, had, given)
		}
	}
}
