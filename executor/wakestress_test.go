package executor_test

import (
	"os"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/executor"
)

// wakesVariable sets how many wakes TestCrossWakesInBursts makes.
const wakesVariable = "ROUSE_WAKES"

// woken counts its polls in a word that all of them share.
type woken struct {
	polls *counter
	waker rouse.Waker
}

func (w *woken) Poll(cx *rouse.Context) (int, error) {
	if w.waker.IsZero() {
		w.waker = cx.Waker()
	}
	w.polls.Add(1)
	return 0, rouse.Pending
}

// Another goroutine wakes tasks in bursts, each task of a burst once, and the
// next burst comes when all of the last were polled: each single wake counts.
// Now and then it waits until the executor parks. ROUSE_WAKES=100000000 takes
// some time.
func TestCrossWakesInBursts(t *testing.T) {
	wakes := 1_000_000
	if testing.Short() {
		wakes = 50_000
	}
	if text := os.Getenv(wakesVariable); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			t.Fatalf("%s is %q; give a positive number", wakesVariable, text)
		}
		wakes = n
	}
	const tasks = 1024
	p, err := executor.NewPool(executor.PoolConfig{Placement: executor.Unbound(1), Executor: executor.Config{Log: silent}})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	var polls counter
	var ts [tasks]*woken
	for i := range ts {
		ts[i] = &woken{polls: &polls}
		executor.SpawnDetached(p.At(0), fut[int](ts[i]))
	}
	heard := func(want int64, what string) {
		began := time.Now()
		for spin := 1; polls.Load() != want; spin++ {
			if spin%4096 == 0 {
				runtime.Gosched()
				if time.Since(began) > limit/2 {
					t.Fatalf("%s: %d polls, want %d", what, polls.Load(), want)
				}
			}
		}
	}
	heard(tasks, "the first polls")
	began, parks := time.Now(), 0
	sent, bursts := 0, 0
	for size := 1; sent < wakes; size = size*3%(tasks+1) + 1 {
		if bursts++; bursts%64 == 0 {
			parks++
			for end := time.Now().Add(50 * time.Microsecond); time.Now().Before(end); {
			}
		}
		n := min(size, tasks, wakes-sent)
		for i := range n {
			ts[(sent+i)%tasks].waker.WakeByRef()
		}
		sent += n
		heard(int64(tasks+sent), "a burst")
	}
	took := time.Since(began)
	t.Logf("%d wakes in %d bursts from another goroutine, none lost; %d pauses to let the executor park; %v a wake",
		sent, bursts, parks, took/time.Duration(sent))
}
