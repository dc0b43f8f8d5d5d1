// Brain ponders Thoughts on several cores: futures that each need ten polls, on
// executor.Shared, woken by several threads. Each poll prints how many it was and
// which worker made it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"sync"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/channel"
	"github.com/rouse-go/rouse/executor"
)

// pollsNeeded is how often a Thought is pondered before it comes to its end.
const pollsNeeded = 10

// A Thought is a future that is pending until it was polled often enough. It
// leaves its waker with the threads, and one of them wakes it.
type Thought struct {
	name   int
	polls  int // plain: only one worker polls a Thought at a time
	wakers *channel.MPMC[rouse.Waker]
	out    io.Writer
}

// Poll ponders once. Its result is how often that was done.
func (t *Thought) Poll(cx *rouse.Context) (int, error) {
	t.polls++
	fmt.Fprintf(t.out, "thought %d: polled %d time(s) on worker %d\n", t.name, t.polls, executor.Worker(cx))
	if t.polls == pollsNeeded {
		return t.polls, nil
	}
	if err := t.wakers.TrySend(cx.Waker()); err != nil { // there is room for one of each Thought
		return 0, err
	}
	return 0, rouse.Pending
}

// ponder has so many Thoughts pondered.
func ponder(out io.Writer, thoughts, workers, threads int) error {
	brain, err := executor.NewShared(executor.SharedConfig{Name: "brain", Workers: workers})
	if err != nil {
		return err
	}
	ran := make(chan error, 1)
	go func() { ran <- brain.Run(context.Background()) }()

	wakers := channel.NewMPMC[rouse.Waker](thoughts)
	var waking sync.WaitGroup
	for range threads {
		waking.Go(func() {
			runtime.LockOSThread()
			for {
				w, err := wakers.Recv(context.Background())
				if err != nil {
					return // closed
				}
				w.Wake()
			}
		})
	}

	out = &oneAtATime{w: out}
	var handles []rouse.JoinHandle[int]
	for name := range thoughts {
		handles = append(handles, executor.SpawnShared[int](brain, &Thought{name: name, wakers: wakers, out: out}))
	}
	var errs []error
	for name, h := range handles {
		polls, err := h.Join(context.Background())
		if err == nil && polls != pollsNeeded {
			err = fmt.Errorf("thought %d needed %d polls", name, polls)
		}
		errs = append(errs, err)
	}

	wakers.Close()
	waking.Wait()
	brain.Stop()
	return errors.Join(append(errs, <-ran, brain.Close())...)
}

// oneAtATime lets workers write without mixing their lines.
type oneAtATime struct {
	mu sync.Mutex
	w  io.Writer
}

func (o *oneAtATime) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.w.Write(p)
}

func main() {
	thoughts := flag.Int("thoughts", 4, "how many Thoughts there are, `N`")
	workers := flag.Int("workers", 0, "how many workers ponder them, `N`; 0 for one on each CPU")
	threads := flag.Int("threads", 3, "how many threads wake them, `N`")
	flag.Parse()
	if *thoughts < 1 || *threads < 1 || *workers < 0 || flag.NArg() > 0 {
		fmt.Fprintln(os.Stderr, "brain: there must be a Thought and a thread at least, and no other arguments")
		flag.Usage()
		os.Exit(2)
	}
	if err := ponder(os.Stdout, *thoughts, *workers, *threads); err != nil {
		fmt.Fprintln(os.Stderr, "brain:", err)
		os.Exit(1)
	}
}
