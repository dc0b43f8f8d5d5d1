//go:build interleave

package channel

import (
	"fmt"
	"testing"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/internal/interleave"
)

// Models of the MPMC channel: tasks on as many threads, each driven by its
// thread, which sleeps when a poll is pending and nobody has woken it since.

// A sitter drives one future at a time. A wake, also one from inside its own
// poll, is a token.
type sitter struct {
	w   *interleave.World
	bed interleave.Parker
	cx  *rouse.Context
}

func newSitter(w *interleave.World) *sitter {
	s := &sitter{w: w}
	s.cx = rouse.NewContext(rouse.NewWaker(s))
	return s
}

func (s *sitter) WakeByRef() { s.bed.Unpark() }

// poll polls until there is a result, at most times times if that is positive.
func (s *sitter) poll(times int, poll func(cx *rouse.Context) error) error {
	for n := 1; ; n++ {
		err := poll(s.cx)
		if err != rouse.Pending || n == times {
			return err
		}
		s.bed.Park()
	}
}

// An island does something with the channel; sums say what went in and came out.
type island func(s *sitter, c *MPMC[int], t *totals)

type totals struct {
	sent, received [8]int // by thread
	closed         [8]bool
}

func sends(me int, values ...int) island {
	return func(s *sitter, c *MPMC[int], t *totals) {
		for _, v := range values {
			f := c.SendFuture(v)
			err := s.poll(0, func(cx *rouse.Context) error { _, err := f.Poll(cx); return err })
			if err == nil {
				t.sent[me] += v
			} else {
				f.Drop()
			}
		}
	}
}

func receives(me, n int) island {
	return func(s *sitter, c *MPMC[int], t *totals) {
		f := c.RecvFuture()
		for range n {
			var v int
			err := s.poll(0, func(cx *rouse.Context) (err error) { v, err = f.Poll(cx); return err })
			if err != nil {
				t.closed[me] = true
				return
			}
			t.received[me] += v
		}
	}
}

// receivesPlainly is a task that waits without a future.
func receivesPlainly(me, n int) island {
	return func(s *sitter, c *MPMC[int], t *totals) {
		for range n {
			var v int
			err := s.poll(0, func(cx *rouse.Context) (err error) { v, err = c.PollRecv(cx); return err })
			if err != nil {
				t.closed[me] = true
				return
			}
			t.received[me] += v
		}
	}
}

func sendsPlainly(me int, values ...int) island {
	return func(s *sitter, c *MPMC[int], t *totals) {
		for _, v := range values {
			if s.poll(0, func(cx *rouse.Context) error { return c.PollSend(cx, v) }) == nil {
				t.sent[me] += v
			}
		}
	}
}

// givesUp polls a receive twice at most and drops it if it is pending: a wake
// that was meant for it is others'. If it has had an element it sends one in return.
func givesUp(me int) island {
	return func(s *sitter, c *MPMC[int], t *totals) {
		f := c.RecvFuture()
		var v int
		err := rouse.Pending
		for range 2 { // the first only yields
			if err == rouse.Pending {
				v, err = f.Poll(s.cx)
			}
		}
		if err == rouse.Pending {
			f.Drop()
			return
		}
		t.received[me] += v
		sends(me, 5)(s, c, t)
	}
}

func closes(_ *sitter, c *MPMC[int], _ *totals) { c.Close() }

func TestModelMPMC(t *testing.T) {
	for _, m := range []struct {
		name     string
		capacity int
		islands  []island
		left     bool // something may be left in the channel
		bound    int
		strong   int // as well, with stores that are seen at once: a bound that is too much otherwise
	}{
		{"send-recv", 1, []island{sends(0, 1), receives(1, 1)}, false, 0, 0},
		{"send-send-recv", 1, []island{sends(0, 1, 2), receives(1, 2)}, false, 2, 3},
		{"send-send-recv-recv", 1, []island{sends(0, 1), sends(1, 2), receives(2, 1), receives(3, 1)}, false, 1, 0},
		{"two-sends-two-receivers", 2, []island{sends(0, 1, 2), receives(1, 1), receives(2, 1)}, false, 1, 2},
		{"two-receives-two-senders", 1, []island{sends(0, 1), sends(1, 2), receives(2, 2)}, false, 1, 2},
		{"plain-send-recv", 1, []island{sendsPlainly(0, 1, 2), receivesPlainly(1, 2)}, false, 2, 3},
		{"plain-recv-recv", 2, []island{sends(0, 1, 2), receivesPlainly(1, 1), receivesPlainly(2, 1)}, false, 1, 2},
		{"mixed-recv-recv", 2, []island{sends(0, 1, 2), receives(1, 1), receivesPlainly(2, 1)}, false, 1, 2},
		{"send-recv-give-up", 2, []island{sends(0, 1), givesUp(1), receives(2, 1)}, false, 2, 0},
		{"send-recv-close", 1, []island{sends(0, 1), receives(1, 2), closes}, false, 2, 0},
		{"send-send-close", 1, []island{sends(0, 1, 2), closes, receives(2, 1)}, true, 2, 0},
	} {
		model := func(w *interleave.World) {
			ch := NewMPMC[int](m.capacity)
			var total totals
			for i, do := range m.islands {
				w.Go(fmt.Sprint("island", i), func() { do(newSitter(w), ch, &total) })
			}
			w.Finally(func() {
				sent, received := 0, 0
				for i := range total.sent {
					sent += total.sent[i]
					received += total.received[i]
				}
				for {
					v, err := ch.TryRecv()
					if err != nil {
						break
					}
					if !m.left {
						w.Failf("%d is left in the channel", v)
					}
					received += v
				}
				if sent != received {
					w.Failf("%d were sent, %d received", sent, received)
				}
				// A task without a future owes the channel nothing, not even to
				// say that it waits no longer.
				if ch.recv.line.any() || ch.send.line.any() {
					w.Failf("a future is still counted as waiting")
				}
			})
		}
		t.Run(m.name, func(t *testing.T) {
			interleave.Check(t, interleave.Config{Model: "channel/mpmc/" + m.name, Preemptions: m.bound}, model)
		})
		if m.strong > 0 {
			t.Run(m.name+"-strong", func(t *testing.T) {
				interleave.Check(t, interleave.Config{Model: "channel/mpmc/" + m.name + "/strong", Preemptions: m.strong, Strong: true}, model)
			})
		}
	}
}
