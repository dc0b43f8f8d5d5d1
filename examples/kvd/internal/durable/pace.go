package durable

import (
	"time"

	"github.com/rouse-go/rouse/executor"
)

// A pace is how often something long says how far it is: every other second.
type pace struct {
	ex   *executor.Local
	said int64 // by the driver's clock
}

func newPace(ex *executor.Local) pace { return pace{ex, ex.Driver().Now()} }

// due reports whether it is time to say so again.
func (p *pace) due() bool {
	now := p.ex.Driver().Now()
	if now-p.said < int64(2*time.Second) {
		return false
	}
	p.said = now
	return true
}
