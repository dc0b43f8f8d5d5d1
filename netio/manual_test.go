package netio_test

import (
	"testing"
	"time"

	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/driver/manual"
)

// The deadlines of a view are kept by the executor's clock: none passes while
// that stands still, and not a tick too early.
func TestDeadlineByManualClock(t *testing.T) {
	var d *manual.Driver
	w := newWorld(t, func() (driver.Driver, error) {
		var err error
		d, err = manual.New(manual.Config{})
		return d, err
	})
	c, _ := w.pair()
	view := c.NetConn(w.ctx)
	view.SetReadDeadline(d.Wall().Add(time.Hour))
	ended := make(chan struct{})
	read := async(t, func() (int, error) {
		defer close(ended)
		return view.Read(make([]byte, 1))
	})
	w.settle()
	d.Advance(time.Hour - time.Nanosecond)
	w.settle()
	select {
	case <-ended:
		t.Error("too early")
	case <-time.After(20 * time.Millisecond):
	}
	d.Advance(2 * time.Millisecond)
	_, err := read()
	wantTimeout(t, err)
}
