package driver_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/driver/manual"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/internal/leakcheck"
)

func TestMain(m *testing.M) { os.Exit(leakcheck.Main(m, nil)) }

func open(t *testing.T, name string) driver.Driver {
	t.Helper()
	d, err := executor.OpenDriver(name)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func newLocal(t *testing.T, d driver.Driver) *executor.Local {
	t.Helper()
	l, err := executor.New(executor.Config{Driver: d})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

func newBell(t *testing.T, l *executor.Local) *driver.Doorbell {
	t.Helper()
	b, err := driver.NewDoorbell(l.Driver())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

func mustPanic(t *testing.T, want string, f func()) {
	t.Helper()
	defer func() {
		t.Helper()
		if v := recover(); v == nil || !strings.Contains(fmt.Sprint(v), want) {
			t.Errorf("panic %v; want one with %q", v, want)
		}
	}()
	f()
}

func TestDoorbellMisuse(t *testing.T) {
	d, err := manual.New(manual.Config{})
	if err != nil {
		t.Fatal(err)
	}
	l := newLocal(t, d)
	b := newBell(t, l)
	mustPanic(t, "bits 0 to 63, not 64", func() { b.Wait(64) })
	mustPanic(t, "bits 0 to 63, not -1", func() { b.Wait(-1) })
	cx := rouse.NewContext(rouse.Waker{})
	one, two := b.Wait(7), b.Wait(7)
	if _, err := one.Poll(cx); err != rouse.Pending {
		t.Fatal(err)
	}
	mustPanic(t, "two futures wait for bit 7", func() { two.Poll(cx) })
	two.Drop() // takes nothing from the first
	mustPanic(t, "two futures wait", func() { two.Poll(cx) })
	one.Drop()
	if _, err := two.Poll(cx); err != rouse.Pending {
		t.Fatal(err)
	}
	two.Drop()
	var zero driver.Ringing
	mustPanic(t, "zero Ringing", func() { zero.Poll(cx) })
	zero.Drop()

	other := newLocal(t, open(t, ""))
	h := executor.Spawn(other, rouse.Future[struct{}](&one))
	_, err = executor.RunUntil(other, rouse.Future[struct{}](h))
	if err == nil || !strings.Contains(err.Error(), "another executor") {
		t.Errorf("polled abroad: %v", err)
	}
}

// A ring in the same poll costs a task its budget, like everything that
// succeeds at once.
func TestDoorbellSpendsBudget(t *testing.T) {
	l := newLocal(t, open(t, ""))
	b := newBell(t, l)
	r := b.Wait(0)
	most := 0
	_, err := executor.RunUntil(l, rouse.Future[int](rouse.FutureFunc[int](func(cx *rouse.Context) (int, error) {
		for n := 0; n < 1000; n++ {
			b.Ring(1)
			b.Drain()
			if _, err := r.Poll(cx); err != nil {
				most = n
				return 0, nil
			}
		}
		return 0, nil
	})))
	if err != nil || most == 0 {
		t.Errorf("%d rings in one poll, %v", most, err)
	}
	r.Drop()
}

// A C program would do with Word and FD what Ring does.
func ExampleDoorbell() {
	err := executor.Run(func(ctx context.Context) error {
		bell, err := driver.NewDoorbell(executor.FromContext(ctx).Driver())
		if err != nil {
			return err
		}
		defer bell.Close()
		const carrier = 5
		go bell.Ring(1 << carrier) // foreign code: an Or, and a write if the word was 0
		rung := bell.Wait(carrier)
		_, err = rouse.Await(ctx, rouse.Future[struct{}](&rung))
		fmt.Println("carrier", err)
		return nil
	})
	fmt.Println(err)
	// Output:
	// carrier <nil>
	// <nil>
}
