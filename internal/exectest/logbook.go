package exectest

import (
	"bytes"
	"strings"
	"sync"
)

// A Logbook keeps what an executor logs: it is written to and read by any
// goroutine. The zero Logbook is empty.
type Logbook struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write appends to the book.
func (b *Logbook) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

// String returns all that was written.
func (b *Logbook) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// Count returns how many lines contain what.
func (b *Logbook) Count(what string) int {
	n := 0
	for line := range strings.Lines(b.String()) {
		if strings.Contains(line, what) {
			n++
		}
	}
	return n
}
