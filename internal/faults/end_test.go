package faults_test

import (
	"errors"
	"net"
	"testing"

	"github.com/rouse-go/rouse/internal/faults"
	"github.com/rouse-go/rouse/netio"
)

// The executor ends in the midst of everything, while completions are held back:
// every call returns, and says that what it works on is closed.
func TestEndInTheMidst(t *testing.T) {
	onEach(t, faults.Plan{Short: 0.5, Late: 0.5, Swap: 0.8}, []string{faults.Short, faults.Late}, func(w *world) {
		const n = 8
		a, b := w.conns(n)
		l, err := netio.Listen(w.ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			w.Fatal(err)
		}
		begun := make(chan struct{}, 2*n)
		var waits []func() (int, error)
		for i := range n {
			waits = append(waits, async(w, func() (int, error) {
				for {
					if _, err := a[i].Write(w.ctx, pattern(i, 3000)); err != nil {
						return 0, err
					}
				}
			}), async(w, func() (int, error) {
				buf := make([]byte, 1000)
				for k := 0; ; k++ {
					if k == 20 {
						begun <- struct{}{}
					}
					if _, err := b[i].Read(w.ctx, buf); err != nil {
						return 0, err
					}
				}
			}), async(w, func() (int, error) {
				_, err := l.Accept(w.ctx)
				return 0, err
			}), async(w, func() (int, error) {
				_, err := a[i].Read(w.ctx, make([]byte, 10)) // nothing comes
				return 0, err
			}))
		}
		for range n {
			select {
			case <-begun:
			case <-w.ctx.Done():
				w.Fatal("nothing goes over the connections")
			}
		}
		w.ex.Stop()
		for i, wait := range waits {
			if _, err := wait(); !errors.Is(err, net.ErrClosed) {
				w.Errorf("call %d ends with %v", i, err)
			}
		}
	})
}
