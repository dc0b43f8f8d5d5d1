//go:build interleave

package atomics

import (
	"sync"

	"github.com/rouse-go/rouse/internal/interleave"
)

// Mutex is a [sync.Mutex] that the checker knows of: in a checked run it is a
// word that is waited for.
type Mutex struct {
	mu   sync.Mutex
	word Uint32
}

// Lock is that of [sync.Mutex].
func (m *Mutex) Lock() {
	if !interleave.Checked() {
		m.mu.Lock()
		return
	}
	for !m.word.CompareAndSwap(0, 1) { // pairs with the Store in Unlock
		if m.word.Load() != 0 {
			Spinning()
		}
	}
}

// Unlock is that of [sync.Mutex].
func (m *Mutex) Unlock() {
	if !interleave.Checked() {
		m.mu.Unlock()
		return
	}
	m.word.Store(0)
}
