//go:build interleave

package interleave_test

import (
	"strings"
	"testing"

	"github.com/rouse-go/rouse/internal/atomics"
	"github.com/rouse-go/rouse/internal/interleave"
)

// A model that does something else each time is found out.
func TestNotDeterministic(t *testing.T) {
	n := 0
	r := interleave.Explore(interleave.Config{Model: "misuse"}, func(w *interleave.World) {
		n++
		odd := n%2 == 1
		var x, y atomics.Uint32
		w.Go("a", func() {
			x.Store(1)
			if odd {
				y.Store(1)
			}
			x.Store(2)
		})
		w.Go("b", func() { x.Load(); x.Load() })
	})
	if r.Failure == nil || !strings.Contains(r.Failure.What, "not deterministic") {
		t.Errorf("%+v", r)
	}
}

// A schedule is text and back, and what is none is refused.
func TestScheduleText(t *testing.T) {
	for _, text := range []string{"", "0", "0*3.1.c1.0*2", "7.c0.c0.7"} {
		if got, err := interleave.RoundTrip(text); got != text || err != nil {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
	for _, text := range []string{".", "a", "0*", "0*0", "-1", "c", "c1*2", "1**2", "0*9999999999"} {
		if _, err := interleave.RoundTrip(text); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}

// A panic of a thread is a failure with its stack, and so is one in Finally.
func TestPanics(t *testing.T) {
	for _, where := range []string{"thread", "finally"} {
		r := interleave.Explore(interleave.Config{Model: "misuse"}, func(w *interleave.World) {
			var x atomics.Bool
			w.Go("a", func() {
				x.Store(true)
				if where == "thread" {
					panic("on purpose")
				}
			})
			w.Finally(func() {
				if where == "finally" {
					panic("on purpose")
				}
			})
		})
		if f := r.Failure; f == nil || !strings.Contains(f.What, "on purpose") || !strings.Contains(f.What, "misuse_test.go") {
			t.Errorf("%s: %+v", where, r)
		}
	}
}

// The same seed tries the same schedules.
func TestSeed(t *testing.T) {
	found := func(seed uint64) int {
		c := interleave.Config{Model: "seed", Preemptions: -1, Random: 10_000, Seed: seed, Depth: 2}
		r := interleave.Explore(c, func(w *interleave.World) { abaPop(w, true) })
		if r.Failure == nil {
			return 0
		}
		return r.Failure.Found
	}
	differ := false
	for seed := range uint64(5) {
		a, b := found(seed), found(seed)
		if a != b {
			t.Errorf("seed %d: %d, then %d", seed, a, b)
		}
		differ = differ || a != found(0)
	}
	if !differ {
		t.Error("the seed makes no difference")
	}
}

// Words that no checked run knows are words as always.
func TestOutside(t *testing.T) {
	var u atomics.Uint64
	var i atomics.Int32
	var b atomics.Bool
	var p atomics.Pointer[int]
	if u.Add(5) != 5 || u.Or(2) != 5 || u.And(3) != 7 || u.Swap(9) != 3 || u.Load() != 9 || u.CompareAndSwap(1, 2) || !u.CompareAndSwap(9, 2) {
		t.Error("Uint64")
	}
	if i.Add(-5) != -5 || i.Load() != -5 {
		t.Error("Int32")
	}
	if b.Swap(true) || !b.Load() {
		t.Error("Bool")
	}
	if x := new(int); p.Swap(x) != nil || p.Load() != x {
		t.Error("Pointer")
	}
	tok := atomics.NewToken()
	tok.Send()
	tok.Receive()
	atomics.Spinning()
	atomics.Kick()
	atomics.Rest(false)
	atomics.Look()
}
