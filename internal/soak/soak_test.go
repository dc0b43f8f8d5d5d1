package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/internal/alarm"
	"github.com/rouse-go/rouse/internal/census"
	"github.com/rouse-go/rouse/internal/leakcheck"
)

func TestMain(m *testing.M) { os.Exit(leakcheck.Main(m, nil)) }

// Some programs on each driver, the same ones each time.
func TestShort(t *testing.T) {
	for _, d := range append([]string{"manual"}, strings.Split(executor.DriverNames(), ", ")...) {
		t.Run(d, func(t *testing.T) {
			if testing.Short() && d != "manual" {
				t.Skip("it is about the system")
			}
			s := soak{drivers: []string{d}, seed: 1, limit: 10, period: time.Hour}
			if !s.run(context.Background()) {
				t.Error("see above")
			}
			if s.sums.Results == 0 || s.sums.Drops == 0 || s.sums.Received == 0 || s.sums.Bytes == 0 || s.sums.Fibers == 0 || s.sums.Aborts == 0 {
				t.Errorf("the programs do too little: %v", s.sums)
			}
		})
	}
}

// What a program does on the manual driver depends on its seed, and on nothing
// else.
func TestReplay(t *testing.T) {
	digests := map[uint64]bool{}
	for seed := range uint64(10) {
		var all []uint64
		for range 3 {
			r, ok := watched("manual", 1000+seed)
			if !ok {
				t.Fatal("see above")
			}
			all = append(all, r.digest)
		}
		if all[0] != all[1] || all[0] != all[2] {
			t.Errorf("seed %d: %x", seed, all)
		}
		digests[all[0]] = true
	}
	if len(digests) < 10 {
		t.Errorf("10 seeds are %d programs", len(digests))
	}
}

// The checks notice what they are there for.
func TestFaultsAreNoticed(t *testing.T) {
	never := rouse.FutureFunc[int](func(*rouse.Context) (int, error) { return 0, rouse.Pending })
	ready := rouse.FutureFunc[int](func(*rouse.Context) (int, error) { return 1, nil })
	cx := rouse.NewContext(rouse.Waker{})
	for _, c := range []struct {
		name, want string
		do         func(r *round)
	}{
		{"poll after the result", "polled after its end", func(r *round) {
			w := r.newWatch("x", ready)
			w.Poll(cx)
			w.Poll(cx)
		}},
		{"two polls at once", "polled by 2 at once", func(r *round) {
			var w *watch
			w = r.newWatch("x", rouse.FutureFunc[int](func(cx *rouse.Context) (int, error) {
				if w.tally.Polls == 1 {
					w.Poll(cx)
				}
				return 0, rouse.Pending
			}))
			w.Poll(cx)
			w.Drop()
		}},
		{"two drops", "ends for the 2th time", func(r *round) {
			w := r.newWatch("x", never)
			w.Drop()
			w.Drop()
		}},
		{"drop after the result", "ends for the 2th time", func(r *round) {
			w := r.newWatch("x", ready)
			w.Poll(cx)
			w.Drop()
		}},
		{"neither result nor drop", "neither ended nor was it dropped", func(r *round) { r.newWatch("x", never) }},
		{"lost element", "sent and is lost", func(r *round) { r.book.sent(3) }},
		{"element out of nothing", "told that it was not sent", func(r *round) { r.book.got(3) }},
		{"element received twice", "received twice", func(r *round) {
			r.book.sent(3)
			r.book.got(3)
			r.book.got(3)
		}},
		{"unknown element", "nobody has made", func(r *round) { r.book.got(-1) }},
		{"somebody else's result", "the result is 7", func(r *round) {
			w := r.newWatch("x", ready)
			w.Poll(cx)
			(&script{w: &watch{r: r}}).joined(w, 7, nil, false)
		}},
		{"result without an end", "has a result and has not ended", func(r *round) {
			w := r.newWatch("x", ready)
			(&script{w: &watch{r: r}}).joined(w, w.id, nil, false)
			w.Drop()
		}},
		{"cancelled by nobody", "nobody has aborted it", func(r *round) {
			w := r.newWatch("x", never)
			w.Drop()
			(&script{w: &watch{r: r}}).joined(w, 0, rouse.ErrCanceled, false)
		}},
		{"cancelled and not dropped", "cancelled and not dropped", func(r *round) {
			w := r.newWatch("x", never)
			(&script{w: &watch{r: r}}).joined(w, 0, rouse.ErrCanceled, true)
			w.Drop()
		}},
		{"a step's error", "task 0 (x): broken", func(r *round) {
			w := r.newWatch("x", ready)
			(&script{w: w}).judge(fmt.Errorf("broken"))
			w.Drop()
		}},
		{"something that is left", "left behind: ", func(r *round) {
			before := leakcheck.Take()
			census.Tasks.Add(1)
			r.account(before, 0)
			census.Tasks.Add(-1)
		}},
		{"somebody's panic", "a panic: bad", func(r *round) { r.panicked(&rouse.PanicError{Value: "bad"}) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRound("manual", 1)
			if err := r.open(); err != nil { // the trace reads a clock
				t.Fatal(err)
			}
			defer r.sites[0].ex.Close()
			c.do(r)
			r.settle()
			if !slices.ContainsFunc(r.book.failed(), func(f string) bool { return strings.Contains(f, c.want) }) {
				t.Errorf("%q, want %q", r.book.failed(), c.want)
			}
		})
	}
}

// A timer that is set when everything is over is noticed.
func TestTimerIsNoticed(t *testing.T) {
	r := newRound("manual", 1)
	defer r.endWithin(roundLimit).Stop()
	if err := r.open(); err != nil {
		t.Fatal(err)
	}
	st := r.sites[0]
	st.ex.Alarms().Set(new(alarm.Alarm), 1<<50, rouse.NewContext(rouse.Waker{})) // in a fortnight, for nobody
	leakcheck.Forgive("timers", 1)
	r.live(st)
	if got := r.book.failed(); len(got) != 1 || got[0] != "1 timers are set, and nobody waits" {
		t.Errorf("%q", got)
	}
}

// A program that does not end ends the process, and says where it was.
func TestHangIsNoticed(t *testing.T) {
	if os.Getenv("SOAK_HANGS") != "" {
		newRound("manual", 7).endWithin(time.Millisecond)
		time.Sleep(roundLimit)
		return
	}
	self, err := os.Executable()
	if err != nil {
		t.Skip(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), roundLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, self, "-test.run=^TestHangIsNoticed$")
	cmd.Env = append(os.Environ(), "SOAK_HANGS=1")
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		t.Skip(err) // a system without processes
	}
	for _, want := range []string{"soak: FAULT: driver=manual seed=7 hangs", "soak.TestHangIsNoticed", "-driver manual -seed 7 -rounds 1"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("it does not say %q:\n%s", want, out)
		}
	}
	if cmd.ProcessState.ExitCode() != 1 {
		t.Error(err)
	}
}

// Memory that grows from program to program is noticed.
func TestGrowthIsNoticed(t *testing.T) {
	s := soak{rounds: memoryEvery - 1}
	if !s.memory() || s.base == 0 {
		t.Fatal("the first look is the base")
	}
	grown := make([]byte, memoryRoom+1<<20)
	if s.memory() {
		t.Error("it does not matter how much is alive")
	}
	runtime.KeepAlive(grown)
	if s = (soak{base: 1, rounds: memoryEvery}); !s.memory() {
		t.Error("it looks after each program")
	}
}

// A soak that has run nothing is not good.
func TestNothingIsNotGood(t *testing.T) {
	over, cancel := context.WithCancel(t.Context())
	cancel()
	s := soak{drivers: []string{"manual"}, period: time.Hour}
	if s.run(over) {
		t.Error("no program was run, and all is well")
	}
}
