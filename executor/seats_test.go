package executor

import (
	"sync"
	"testing"

	"github.com/rouse-go/rouse/internal/gid"
)

// Workers come and go on ever new goroutines; each finds itself, nobody else finds
// anything, and the table doesn't fill with gravestones.
func TestSeats(t *testing.T) {
	var table seats
	table.init(2)
	workers := []*worker{new(worker), new(worker)}
	rounds := 3000
	if testing.Short() {
		rounds = 300
	}
	keep := make(chan struct{})
	for range rounds {
		var wg sync.WaitGroup
		for _, w := range workers {
			wg.Go(func() {
				table.sit(w)
				if table.find() != w || gid.Known && table.here() != w {
					t.Error("a worker does not find itself")
				}
				table.leave()
				if table.find() != nil {
					t.Error("found after leave")
				}
			})
		}
		go func() { <-keep }() // so that the next goroutines are new ones
		if table.find() != nil || table.here() != nil {
			t.Fatal("somebody else is found")
		}
		wg.Wait()
	}
	close(keep)
	for i := range table.table {
		if g := table.table[i].g.Load(); g != 0 {
			t.Errorf("seat %d: %d after the last has left", i, g)
		}
	}
}
