package engine

import (
	"math"
	"math/big"

	"github.com/rouse-go/rouse/examples/kvd/internal/resp"
)

func incr(x *call) { x.add(1) }
func decr(x *call) { x.add(-1) }

func incrBy(x *call) {
	if by, ok := x.integer(2); ok {
		x.add(by)
	}
}

func decrBy(x *call) {
	by, ok := x.integer(2)
	switch {
	case !ok:
	case by == math.MinInt64:
		x.error("ERR decrement would overflow")
	default:
		x.add(-by)
	}
}

// add adds to the integer that the string of a key is, or 0 without a key. The
// key keeps its deadline.
func (x *call) add(by int64) {
	e, ok := x.findString(x.args[1])
	if !ok {
		return
	}
	var v int64
	if e != nil {
		if v, ok = resp.ParseInt(e.Value.Bytes()); !ok {
			x.error(errNotInteger)
			return
		}
	}
	v, ok = sum(v, by)
	if !ok {
		x.error(errOverflow)
		return
	}
	if e == nil {
		e, _ = x.db.Insert(x.now, x.args[1])
	}
	var digits [20]byte
	e.Value.SetBytes(appendInt(digits[:0], v))
	x.changed = true
	x.int64(v)
}

func incrByFloat(x *call) {
	e, ok := x.findString(x.args[1])
	if !ok {
		return
	}
	old := new(big.Float)
	if e != nil {
		if old, ok = parseFloat(e.Value.Bytes()); !ok {
			x.error(errNotFloat)
			return
		}
	}
	by, ok := parseFloat(x.args[2])
	if !ok {
		x.error(errNotFloat)
		return
	}
	text, problem := addFloats(old, by)
	if problem != "" {
		x.error(problem)
		return
	}
	if e == nil {
		e, _ = x.db.Insert(x.now, x.args[1])
	}
	e.Value.SetBytes(text)
	x.changed = true
	x.effect(cmdSet, x.args[1], text, argKeepTTL)
	x.bulk(text)
}
