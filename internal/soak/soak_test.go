package main

import (
	"context"
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
			u := s.sums
			some := []int{u.Results, u.Drops, u.Received, u.Messages, u.Errands, u.Bytes, u.Fibers, u.Aborts, u.Faults}
			if d == "manual" {
				some = append(some, u.Datagrams, u.Errors) // which elsewhere may come too late
			} else {
				some = append(some, u.Files, u.Calls, u.Wakes)
			}
			if slices.Contains(some, 0) {
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
