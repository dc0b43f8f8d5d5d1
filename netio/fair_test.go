package netio_test

import (
	"testing"

	"github.com/rouse-go/rouse"
)

// A task that always finds bytes lets others run all the same.
func TestBudget(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		a, b := w.pair()
		if _, err := a.Write(w.ctx, make([]byte, 4000)); err != nil {
			t.Fatal(err)
		}
		polls, got, most := 0, 0, 0
		_, err := task(w, func(cx *rouse.Context) (int, error) {
			polls++
			one := make([]byte, 1)
			for n := 0; got < 4000; n++ {
				k, err := b.PollRead(cx, one)
				if err != nil {
					return 0, err
				}
				got += k
				most = max(most, n+1)
			}
			return got, nil
		})
		if err != nil || got != 4000 {
			t.Error(got, err)
		}
		if most > 128 || polls < 4000/128 {
			t.Errorf("%d reads in one poll, %d polls", most, polls)
		}
	})
}
