//go:build linux && cgo

package foreigntest

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/executor"
)

type listener struct {
	r     driver.Ringing
	total *atomic.Int64
	heard **uint64
}

func (l *listener) Poll(cx *rouse.Context) (struct{}, error) {
	for {
		if v, err := l.r.Poll(cx); err != nil {
			return v, err
		}
		l.total.Add(1)
		atomic.AddUint64(*l.heard, 1)
	}
}

func (l *listener) Drop() { l.r.Drop() }

func TestCRings(t *testing.T) {
	for name, c := range map[string]struct {
		n        int
		bySignal bool
	}{"thread": {1_000_000, false}, "signal handler": {100_000, true}} {
		t.Run(name, func(t *testing.T) {
			l, err := executor.New(executor.Config{})
			if err != nil {
				t.Fatal(err)
			}
			b, err := driver.NewDoorbell(l.Driver())
			if err != nil {
				t.Fatal(err)
			}
			var heard *uint64
			var total atomic.Int64
			for bit := range 64 {
				executor.SpawnDetached(l, rouse.Future[struct{}](&listener{b.Wait(bit), &total, &heard}))
			}
			if err := l.RunUntilIdle(); err != nil { // they wait
				t.Fatal(err)
			}
			r, err := Start(b.Word(), b.FD(), c.n, c.bySignal)
			if err != nil {
				t.Fatal(err)
			}
			heard = r.Heard() // nobody polls yet
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
			defer cancel()
			go func() {
				r.Join()
				l.Stop()
			}()
			if err := l.Run(ctx); err != nil {
				t.Fatal(err)
			}
			if got := total.Load(); got != int64(c.n) {
				t.Errorf("%d rings, %d heard", c.n, got)
			}
			if err := l.Close(); err != nil {
				t.Error(err)
			}
			if err := b.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}
