package executor_test

import (
	"testing"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/executor"
)

// collector spawns tasks and awaits them one after the other.
type collector struct {
	s     *executor.Shared
	hs    []rouse.JoinHandle[int]
	tasks int
	polls int
	sum   int
}

func (c *collector) Poll(cx *rouse.Context) (int, error) {
	if c.polls++; c.polls == 1 {
		for i := range c.tasks {
			c.hs = append(c.hs, executor.SpawnShared(c.s, rouse.Ready(i)))
		}
	}
	for len(c.hs) > 0 {
		v, err := c.hs[0].Poll(cx)
		if err != nil {
			return 0, err
		}
		c.sum += v
		c.hs = c.hs[1:]
	}
	return c.sum, nil
}

// Who is woken by each of many tasks is polled a few times, not once for each:
// with more tasks than a worker's queue holds, too.
func TestSharedCollectorIsPolledSeldom(t *testing.T) {
	for _, tasks := range []int{10, 1000, 1500} {
		on(t, 1, func(s *executor.Shared) {
			c := &collector{s: s, tasks: tasks}
			sum, err := wait(t, executor.SpawnShared(s, fut[int](c)))
			if want := tasks * (tasks - 1) / 2; sum != want || err != nil {
				t.Errorf("%d tasks: %d, %v; want %d", tasks, sum, err, want)
			}
			t.Logf("%d tasks: %d polls", tasks, c.polls)
			if c.polls > 10 {
				t.Errorf("%d tasks: awaiting them took %d polls", tasks, c.polls)
			}
		})
	}
}

// On several workers tasks are taken by others while more are spawned; every
// result arrives, once.
func TestSharedSpawnersCompete(t *testing.T) {
	eachCount(t, func(t *testing.T, s *executor.Shared) {
		rounds := 30
		if testing.Short() {
			rounds = 5
		}
		for range rounds {
			var hs []rouse.JoinHandle[int]
			for range 3 { // that compete
				hs = append(hs, executor.SpawnShared(s, fut[int](&collector{s: s, tasks: 700})))
			}
			for _, h := range hs {
				if sum, err := wait(t, h); sum != 700*699/2 || err != nil {
					t.Fatalf("%d, %v", sum, err)
				}
			}
		}
	})
}
