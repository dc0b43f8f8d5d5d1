package channel

import (
	"testing"

	"github.com/rouse-go/rouse"
)

// The caller's ctx has ended, and the future at home doesn't know yet: it must
// take nothing, put nothing, and pass on what it was promised.
func TestConformance_125_DealIsOff(t *testing.T) {
	cx := rouse.NewContext(rouse.Waker{})
	c := NewBounded[int](1)

	r, next := &recvAbroad[int]{f: c.RecvFuture()}, c.RecvFuture()
	r.Poll(cx)
	next.Poll(cx)
	c.TrySend(1)
	if !r.deal.cancel() {
		t.Fatal("the deal was closed without an element")
	}
	if v, err := r.Poll(cx); err != rouse.ErrCanceled || v != 0 || r.v != 0 {
		t.Fatal(v, err)
	}
	if v, err := next.Poll(cx); err != nil || v != 1 {
		t.Fatal(v, err)
	}

	c.TrySend(2)
	s, other := &sendAbroad[int]{f: c.SendFuture(3)}, c.SendFuture(4)
	s.Poll(cx)
	other.Poll(cx)
	c.TryRecv()
	s.deal.cancel()
	if _, err := s.Poll(cx); err != rouse.ErrCanceled || c.Len() != 0 {
		t.Fatal(err, c.Len())
	}
	if _, err := other.Poll(cx); err != nil {
		t.Fatal(err)
	}

	var o Oneshot[int]
	os := &oneshotSendAbroad[int]{o: &o, v: 5}
	os.deal.cancel()
	if _, err := os.Poll(cx); err != rouse.ErrCanceled {
		t.Fatal(err)
	}
	or := &oneshotRecvAbroad[int]{o: &o}
	or.Poll(cx)
	o.TrySend(6)
	or.deal.cancel()
	if _, err := or.Poll(cx); err != rouse.ErrCanceled {
		t.Fatal(err)
	}
	if v, err := o.TryRecv(); err != nil || v != 6 {
		t.Fatal(v, err)
	}
}
