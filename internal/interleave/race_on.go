//go:build race

package interleave

import (
	"runtime"
	"sync/atomic"
)

// Race reports whether the race detector looks on.
const Race = true

// hide and show bracket what the detector shall not take for synchronisation:
// the hand-over between threads. It still sees the protocol's own atomics, so
// only they order plain accesses.
func hide() { runtime.RaceDisable() }
func show() { runtime.RaceEnable() }

// raceErrors returns the number of races reported so far.
func raceErrors() int { return runtime.RaceErrors() }

// A proxy does a store later, in the name of the thread that has made it. What the
// detector shall see as published by the store is what that thread had done when
// it stored, not what it or whoever calls store has done since: so a goroutine
// does it that knows of nothing else.
type proxy struct{ begin, end chan struct{} }

//go:norace
func newProxy(word *uint64, v uint64) proxy {
	p := proxy{make(chan struct{}), make(chan struct{})}
	go p.run(word, v)
	return p
}

//go:norace
func (p proxy) run(word *uint64, v uint64) {
	hide()
	<-p.begin
	show()
	atomic.StoreUint64(word, v)
	hide()
	p.end <- struct{}{}
	show()
}

//go:norace
func (p proxy) store() {
	hide()
	p.begin <- struct{}{}
	<-p.end
	show()
}
