package rouse

import (
	"context"
	"testing"
	"time"

	"github.com/rouse-go/rouse/internal/gid"
)

// limit bounds every wait of these tests. It is an alarm, not a measure: what
// is waited for takes microseconds unless it never happens.
const limit = 30 * time.Second

// join waits for j with a bound.
func join[T any](t testing.TB, j JoinHandle[T]) (T, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	v, err := j.Join(ctx)
	if err == context.DeadlineExceeded {
		t.Fatal("Join: not finished after ", limit)
	}
	return v, err
}

// receive waits for c with a bound.
func receive[T any](t testing.TB, c <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(limit):
		t.Fatal("nothing was received after ", limit)
	}
	return v
}

// eventually polls cond with a bound, for conditions that have no channel.
func eventually(t testing.TB, what string, cond func() bool) {
	t.Helper()
	for end := time.Now().Add(limit); !cond(); time.Sleep(50 * time.Microsecond) {
		if time.Now().After(end) {
			t.Fatal("never came to pass: ", what)
		}
	}
}

// wantPanic calls f, which must panic with text.
func wantPanic(t testing.TB, text string, f func()) {
	t.Helper()
	defer func() {
		t.Helper()
		if v := recover(); v != text {
			t.Errorf("panicked with %v\nwant           %v", v, text)
		}
	}()
	f()
}

// needsGid skips a test that is about a goroutine being told from another.
func needsGid(t testing.TB) {
	t.Helper()
	if !gid.Known {
		t.Skip("this build can't tell goroutines apart")
	}
}
