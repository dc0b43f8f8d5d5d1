//go:build !race

package interleave

import "sync/atomic"

// Race reports whether the race detector looks on.
const Race = false

func hide()           {}
func show()           {}
func raceErrors() int { return 0 }

// A proxy does a store later.
type proxy struct {
	word *uint64
	v    uint64
}

func newProxy(word *uint64, v uint64) proxy { return proxy{word, v} }
func (p proxy) store()                      { atomic.StoreUint64(p.word, p.v) }
