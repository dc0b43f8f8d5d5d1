package timer_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/driver/manual"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/internal/exectest"
	"github.com/rouse-go/rouse/internal/gid"
	"github.com/rouse-go/rouse/timer"
)

const (
	limit = exectest.Patience // bounds every wait; an alarm, not a measure
	tick  = time.Millisecond  // the executor's
)

// A stage is an executor on a clock that the test moves.
type stage struct {
	t   testing.TB
	l   *executor.Local
	drv *manual.Driver
}

func onStage(t testing.TB) *stage {
	t.Helper()
	bound(t)
	drv, err := manual.New(manual.Config{})
	if err != nil {
		t.Fatal(err)
	}
	l, err := executor.New(executor.Config{Driver: drv, Tick: tick})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return &stage{t, l, drv}
}

func bound(t testing.TB) { exectest.Bound(t) }

// idle runs what is due.
func (s *stage) idle() {
	s.t.Helper()
	if err := s.l.RunUntilIdle(); err != nil {
		s.t.Fatal(err)
	}
}

// to moves the clock to d after its start and runs what is due then.
func (s *stage) to(d time.Duration) {
	s.t.Helper()
	s.drv.AdvanceTo(int64(d))
	s.idle()
}

// do runs f in a poll.
func (s *stage) do(f func(cx *rouse.Context)) {
	s.t.Helper()
	_, err := executor.RunUntil(s.l, rouse.Future[int](rouse.FutureFunc[int](func(cx *rouse.Context) (int, error) {
		f(cx)
		return 0, nil
	})))
	if err != nil {
		s.t.Fatal(err)
	}
}

// armed checks how many alarms are set.
func (s *stage) armed(want int) {
	s.t.Helper()
	if n := s.l.Alarms().Len(); n != want {
		s.t.Errorf("%d alarms set, want %d", n, want)
	}
}

// armedNow is armed for what was done in this turn, at home: it counts at once,
// unless goroutines can't be told apart.
func (s *stage) armedNow(want int) {
	s.t.Helper()
	if gid.Known {
		s.armed(want)
	}
}

// ended spawns f and returns where the time of its end, or -1, will stand.
func (s *stage) ended(f rouse.Future[struct{}]) *time.Duration {
	at := new(time.Duration)
	*at = -1
	executor.SpawnDetached(s.l, rouse.Future[int](&timed{f, at}))
	return at
}

// timed notes when its future ends.
type timed struct {
	f  rouse.Future[struct{}]
	at *time.Duration
}

func (f *timed) Poll(cx *rouse.Context) (int, error) {
	if _, err := f.f.Poll(cx); err != nil {
		return 0, err
	}
	*f.at = time.Duration(cx.Now())
	return 0, nil
}

func (f *timed) Drop() {
	if d, ok := f.f.(rouse.Dropper); ok {
		d.Drop()
	}
}

// A probe is a future that keeps account.
type probe struct {
	polls, drops int
	readyAt      int // the poll with the result; 0 for none
	waker        rouse.Waker
}

func (p *probe) Poll(cx *rouse.Context) (int, error) {
	if p.polls++; p.polls == p.readyAt {
		return 7, nil
	}
	p.waker.Drop()
	p.waker = cx.Waker()
	return 0, rouse.Pending
}

func (p *probe) Drop() { p.drops++ }

func (p *probe) check(t testing.TB, polls, drops int) {
	t.Helper()
	if p.polls != polls || p.drops != drops {
		t.Errorf("%d polls, %d drops; want %d, %d", p.polls, p.drops, polls, drops)
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	_, err := rouse.Await(ctx, rouse.Future[struct{}](timer.Sleep(d)))
	return err
}

func mustPanic(t testing.TB, want string, f func()) {
	t.Helper()
	defer func() {
		t.Helper()
		if v := recover(); v == nil || !strings.Contains(fmt.Sprint(v), want) {
			t.Errorf("panic %v; want one with %q", v, want)
		}
	}()
	f()
}

func receive[T any](t testing.TB, ch <-chan T) T {
	t.Helper()
	select {
	case v := <-ch:
		return v
	case <-time.After(limit):
		t.Fatal("nothing came")
		panic("unreachable")
	}
}
