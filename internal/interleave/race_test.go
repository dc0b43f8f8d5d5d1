//go:build interleave

package interleave_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/rouse-go/rouse/internal/atomics"
	"github.com/rouse-go/rouse/internal/interleave"
)

// plantEnv has the test below run a case in which it must fail.
const plantEnv = "INTERLEAVE_PLANT"

// A plant is a model with plain accesses, in a form with and one without a data
// race. In both the scheduler orders the accesses, and in both the outcome is
// always the same, so nothing but the race detector can tell them apart.
var plants = map[string]func(w *interleave.World, wrong bool){
	// Ordered by an atomic of each thread, but not the same one.
	"two-words": func(w *interleave.World, wrong bool) {
		var a, b atomics.Uint32
		plain := 0
		w.Go("writer", func() {
			plain = 1
			a.Store(1)
		})
		w.Go("reader", func() {
			word := &a
			if wrong {
				word = &b
			}
			if word.Load() == 1 || wrong {
				plain++
			}
		})
	},
	// The sleeper reads what the waker wrote; only Unpark, which makes no edge,
	// lies between.
	"park-only": func(w *interleave.World, wrong bool) {
		var bed interleave.Parker
		var word atomics.Uint32
		plain := 0
		w.Go("sleeper", func() {
			bed.Park()
			if !wrong {
				word.Load()
			}
			plain++
		})
		w.Go("waker", func() {
			plain++
			if !wrong {
				word.Store(1)
			}
			bed.Unpark()
		})
	},
	// What is written after a release store is not published by it, though it
	// leaves the store buffer later.
	"release-store": func(w *interleave.World, wrong bool) {
		var word atomics.Uint64
		plain := 0
		w.Go("writer", func() {
			if !wrong {
				plain = 1
			}
			atomics.StoreRelease(&word, 1)
			if wrong {
				plain = 1
			}
		})
		w.Go("reader", func() {
			if word.Load() == 1 {
				plain++
			}
		})
	},
	// Only if the failed exchange comes second is what the other wrote ordered
	// before: one order of the two races.
	"one-order": func(w *interleave.World, wrong bool) {
		var word atomics.Uint32
		plain := 0
		w.Go("writer", func() {
			plain = 1
			word.Store(1)
		})
		w.Go("reader", func() {
			if word.CompareAndSwap(1, 2) || wrong {
				plain++
			}
		})
	},
}

// The race detector must see a race that only the scheduler's hand-over orders,
// and must see none where the protocol's atomics order everything.
func TestPlantedRace(t *testing.T) {
	if name, form, ok := strings.Cut(os.Getenv(plantEnv), "/"); ok {
		interleave.Check(t, interleave.Config{Model: "plant/" + name}, func(w *interleave.World) {
			plants[name](w, form == "wrong")
		})
		return
	}
	if testing.Short() {
		t.Skip("it builds itself once more")
	}
	if out, err := exec.Command("go", "env", "CGO_ENABLED").Output(); err != nil || strings.TrimSpace(string(out)) != "1" {
		t.Skip("the race detector needs cgo")
	}
	binary := t.TempDir() + "/plants"
	if out, err := exec.Command("go", "test", "-race", "-tags=interleave", "-c", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Skipf("no test binary with the race detector here: %v\n%s", err, out)
	}
	for name := range plants {
		for _, form := range []string{"right", "wrong"} {
			cmd := exec.Command(binary, "-test.run=^TestPlantedRace$", "-test.timeout=1m")
			cmd.Env = append(os.Environ(), plantEnv+"="+name+"/"+form)
			text, err := cmd.CombinedOutput()
			out := string(text)
			if form == "right" {
				if err != nil {
					t.Errorf("%s: no race was planted, but %v\n%s", name, err, out)
				}
				continue
			}
			if err == nil {
				t.Errorf("%s: the planted race is not caught\n%s", name, out)
				continue
			}
			for _, want := range []string{"WARNING: DATA RACE", "the race detector has reported a race", "race_test.go", interleaveAgain} {
				if !strings.Contains(out, want) {
					t.Errorf("%s: the output lacks %q\n%s", name, want, out)
				}
			}
			t.Logf("%s: caught\n%s", name, out)
		}
	}
}

// interleaveAgain begins the command that replays a schedule.
const interleaveAgain = "once more: INTERLEAVE_SCHEDULE=plant/"
