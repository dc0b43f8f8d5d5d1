package main

import (
	"bufio"
	"bytes"
	"fmt"
	"testing"
)

// Each Thought is polled exactly ten times, one after the other, by workers that
// there are.
func TestPonder(t *testing.T) {
	for _, c := range []struct{ thoughts, workers, threads int }{{1, 1, 1}, {4, 2, 3}, {100, 4, 3}, {3, 5, 8}} {
		t.Run(fmt.Sprintf("%+v", c), func(t *testing.T) {
			var out bytes.Buffer
			if err := ponder(&out, c.thoughts, c.workers, c.threads); err != nil {
				t.Fatal(err)
			}
			polls := make([]int, c.thoughts)
			lines := bufio.NewScanner(&out)
			for lines.Scan() {
				var name, n, worker int
				if _, err := fmt.Sscanf(lines.Text(), "thought %d: polled %d time(s) on worker %d", &name, &n, &worker); err != nil {
					t.Fatalf("line %q: %v", lines.Text(), err)
				}
				if name < 0 || name >= c.thoughts || worker < 0 || worker >= c.workers {
					t.Fatalf("line %q", lines.Text())
				}
				if n != polls[name]+1 {
					t.Fatalf("line %q after poll %d", lines.Text(), polls[name])
				}
				polls[name] = n
			}
			for name, n := range polls {
				if n != pollsNeeded {
					t.Errorf("thought %d was polled %d times; want %d", name, n, pollsNeeded)
				}
			}
		})
	}
}

func Example() {
	// With one of each there is one order.
	var out bytes.Buffer
	err := ponder(&out, 1, 1, 1)
	fmt.Print(out.String())
	fmt.Println(err)
	// Output:
	// thought 0: polled 1 time(s) on worker 0
	// thought 0: polled 2 time(s) on worker 0
	// thought 0: polled 3 time(s) on worker 0
	// thought 0: polled 4 time(s) on worker 0
	// thought 0: polled 5 time(s) on worker 0
	// thought 0: polled 6 time(s) on worker 0
	// thought 0: polled 7 time(s) on worker 0
	// thought 0: polled 8 time(s) on worker 0
	// thought 0: polled 9 time(s) on worker 0
	// thought 0: polled 10 time(s) on worker 0
	// <nil>
}
