package channel_test

import (
	"testing"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/channel"
)

func TestConformance_124_CloseWakesAll(t *testing.T) {
	for _, form := range []string{"future", "poll"} {
		t.Run("receivers/"+form, func(t *testing.T) {
			c := channel.NewBounded[int](1)
			var tasks [3]*hand
			var futures [3]channel.BoundedRecv[int]
			poll := func(i int) (int, error) {
				if form == "poll" {
					return c.PollRecv(tasks[i].cx)
				}
				return futures[i].Poll(tasks[i].cx)
			}
			for i := range tasks {
				tasks[i], futures[i] = newHand(), c.RecvFuture()
				if _, err := poll(i); err != rouse.Pending {
					t.Fatal(err)
				}
			}
			c.Close()
			c.Close()
			for i := range tasks {
				if tasks[i].wakes != 1 || tasks[i].extra != 0 {
					t.Fatal("not woken once:", i, tasks[i])
				}
				v, err := poll(i)
				check(t, v, err, 0, channel.ErrClosed)
			}
		})
		t.Run("senders/"+form, func(t *testing.T) {
			c := channel.NewBounded[int](2)
			c.TrySend(1)
			c.TrySend(2)
			var tasks [3]*hand
			var futures [3]channel.BoundedSend[int]
			poll := func(i int) error {
				if form == "poll" {
					return c.PollSend(tasks[i].cx, 9)
				}
				_, err := futures[i].Poll(tasks[i].cx)
				return err
			}
			for i := range tasks {
				tasks[i], futures[i] = newHand(), c.SendFuture(7+i)
				if err := poll(i); err != rouse.Pending {
					t.Fatal(err)
				}
			}
			c.Close()
			for i := range tasks {
				if tasks[i].wakes != 1 || tasks[i].extra != 0 {
					t.Fatal("not woken once:", i, tasks[i])
				}
				if err := poll(i); err != channel.ErrClosed {
					t.Fatal(err)
				}
			}
			if form == "future" {
				v, ok := futures[1].Take()
				if v != 8 || !ok {
					t.Fatal("the element that was not sent is lost:", v, ok)
				}
				if _, ok = futures[1].Take(); ok {
					t.Fatal("taken twice")
				}
			}
			if err := c.TrySend(3); err != channel.ErrClosed || !c.Closed() {
				t.Fatal(err)
			}
			for want := 1; want <= 2; want++ { // what is in it is still delivered
				v, err := c.PollRecv(newHand().cx)
				check(t, v, err, want, nil)
			}
			v, err := c.TryRecv()
			check(t, v, err, 0, channel.ErrClosed)
		})
	}
}

// On Close with an element left that is promised to the first receiver, the
// second may still get it, so it must not be sent away before that is settled.
func TestConformance_124_CloseWithPromises(t *testing.T) {
	for _, firstDrops := range []bool{false, true} {
		c := channel.NewBounded[int](1)
		f1, f2 := c.RecvFuture(), c.RecvFuture()
		h1, h2, h3 := newHand(), newHand(), newHand()
		f1.Poll(h1.cx)
		f2.Poll(h2.cx)
		c.TrySend(5)
		c.Close()
		if _, err := f2.Poll(h2.cx); err != rouse.Pending {
			t.Fatal(err)
		}
		if _, err := c.PollRecv(h3.cx); err != rouse.Pending {
			t.Fatal(err)
		}
		if _, err := c.TryRecv(); err != channel.ErrEmpty {
			t.Fatal(err)
		}
		if firstDrops {
			f1.Drop()
			v, err := f2.Poll(h2.cx)
			check(t, v, err, 5, nil)
		} else {
			v, err := f1.Poll(h1.cx)
			check(t, v, err, 5, nil)
			v, err = f2.Poll(h2.cx)
			check(t, v, err, 0, channel.ErrClosed)
		}
		if h2.wakes != 1 || h3.wakes != 1 {
			t.Fatal(h2.wakes, h3.wakes)
		}
		v, err := c.PollRecv(h3.cx)
		check(t, v, err, 0, channel.ErrClosed)
	}
}

func TestConformance_125_DroppedReceiver(t *testing.T) {
	c := channel.NewBounded[int](3)
	f := [3]channel.BoundedRecv[int]{c.RecvFuture(), c.RecvFuture(), c.RecvFuture()}
	h := [3]*hand{newHand(), newHand(), newHand()}
	for i := range f {
		f[i].Poll(h[i].cx)
	}
	c.TrySend(1)
	f[1].Drop() // from the middle of the line
	f[0].Drop() // after the wake, before the poll: the promise goes on
	if h[1].wakes != 0 || h[1].extra != 0 || h[2].wakes != 1 {
		t.Fatal(h[1], h[2])
	}
	f[2].Drop() // the last one: the element is anybody's
	v, err := c.TryRecv()
	check(t, v, err, 1, nil)

	f[0].Poll(h[0].cx)
	c.PollRecv(h[1].cx) // waits without a future
	wakes := h[1].wakes
	c.TrySend(2)
	if h[1].wakes != wakes {
		t.Fatal("woken for an element that is promised")
	}
	f[0].Drop()
	if h[1].wakes != wakes+1 {
		t.Fatal("a promise given back does not reach the task in poll form")
	}
	v, err = c.PollRecv(h[1].cx)
	check(t, v, err, 2, nil)
	never := c.RecvFuture()
	never.Drop() // never polled
	new(channel.BoundedRecv[int]).Drop()
	new(channel.BoundedSend[int]).Drop()
}

func TestConformance_125_DroppedSender(t *testing.T) {
	c := channel.NewBounded[int](1)
	c.TrySend(0)
	f := [3]channel.BoundedSend[int]{c.SendFuture(1), c.SendFuture(2), c.SendFuture(3)}
	h := [3]*hand{newHand(), newHand(), newHand()}
	for i := range f {
		f[i].Poll(h[i].cx)
	}
	c.TryRecv()
	f[1].Drop()
	f[0].Drop()
	if h[2].wakes != 1 {
		t.Fatal("the place was lost with the sender that was dropped")
	}
	if _, err := f[2].Poll(h[2].cx); err != nil {
		t.Fatal(err)
	}
	v, err := c.TryRecv()
	check(t, v, err, 3, nil)
	if v, ok := f[0].Take(); v != 1 || !ok {
		t.Fatal(v, ok)
	}
	f[0].Set(4)
	if _, err := f[0].Poll(h[0].cx); err != nil {
		t.Fatal(err)
	}
}
