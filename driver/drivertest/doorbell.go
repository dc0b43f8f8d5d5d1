package drivertest

import (
	"errors"
	"time"

	"github.com/rouse-go/rouse/driver"
)

var bellCases = []testCase{
	{"Doorbell/Before", nil, bellBefore},
	{"Doorbell/During", nil, bellDuring},
	{"Doorbell/Close", nil, bellClose},
	{"Doorbell/OutlivesDriver", nil, bellOutlives},
}

// bell makes a doorbell, where the driver can have one.
func (w *world) bell() *driver.Doorbell {
	w.Helper()
	b, err := driver.NewDoorbell(w.d)
	if errors.Is(err, driver.ErrNotSupported) {
		w.Skip("the driver can't watch a doorbell: ", err)
	}
	if err != nil {
		w.Fatal(err)
	}
	return b
}

func (w *world) shutBell(b *driver.Doorbell) {
	w.Helper()
	if err := b.Close(); err != nil {
		w.Errorf("closing the doorbell: %v", err)
	}
}

// What is rung before anybody waits counts, and any number of rings are one.
func bellBefore(w *world) {
	b := w.bell()
	b.Ring(1 << 3)
	b.Ring(1<<3 | 1<<63)
	b.Ring(0)
	for _, bit := range []int{3, 63} {
		r := b.Wait(bit)
		w.until("a bit rung before", func() bool { _, err := r.Poll(w.cx); return err == nil })
		if _, err := r.Poll(w.cx); err == nil {
			w.Errorf("bit %d was handed out twice", bit)
		}
		r.Drop()
	}
	w.shutBell(b)
}

// Several wait; who is rung is woken, again and again, from a sleeping Park.
func bellDuring(w *world) {
	b := w.bell()
	n0, cx0 := counted()
	_, cx9 := counted()
	r0, r9 := b.Wait(0), b.Wait(9)
	poll := func(want error) {
		w.Helper()
		if _, err := r0.Poll(cx0); err != want {
			w.Fatalf("got %v, want %v", err, want)
		}
	}
	for range 20 {
		if _, err := r0.Poll(cx0); err == nil {
			w.Fatal("rung by nobody")
		}
		r9.Poll(cx9)
		before := n0.n.Load()
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			time.Sleep(time.Millisecond)
			b.Ring(1)
		}()
		w.until("a ring", func() bool { return n0.n.Load() > before })
		poll(nil)
		<-ended
	}
	r0.Drop()
	r9.Drop()
	w.shutBell(b)
}

func bellClose(w *world) {
	b := w.bell()
	n, cx := counted()
	r := b.Wait(1)
	r.Poll(cx)
	before := n.n.Load()
	w.shutBell(b)
	w.shutBell(b)
	if n.n.Load() == before {
		w.Error("Close woke nobody")
	}
	_, err := r.Poll(cx)
	w.wantErr(err, driver.ErrClosed)
}

func bellOutlives(w *world) {
	b := w.bell()
	r := b.Wait(1)
	r.Poll(w.cx)
	w.close()
	b.Ring(2)
	r.Drop()
	w.shutBell(b)
	if _, err := driver.NewDoorbell(w.d); err == nil {
		w.Error("a closed driver took a doorbell")
	}
}
