package engine

import (
	"math"

	"github.com/rouse-go/rouse/examples/kvd/internal/store"
)

// end is an end of a list.
type end bool

const (
	front end = false
	back  end = true
)

func lpush(x *call)  { x.listPush(front, true) }
func rpush(x *call)  { x.listPush(back, true) }
func lpushX(x *call) { x.listPush(front, false) }
func rpushX(x *call) { x.listPush(back, false) }

func (x *call) listPush(to end, create bool) {
	e, l, ok := findData[store.List](x, x.args[1])
	if !ok {
		return
	}
	if e == nil {
		if !create {
			x.int(0)
			return
		}
		e, _ = x.db.Insert(x.now, x.args[1])
		l = x.db.NewList(e)
	}
	for _, arg := range x.args[2:] {
		if to == back {
			l.PushBack(string(arg))
		} else {
			l.PushFront(string(arg))
		}
	}
	x.changed = true
	x.int(l.Len())
}

func lpop(x *call) { x.listPop(front) }
func rpop(x *call) { x.listPop(back) }

func (x *call) listPop(from end) {
	counted, count := len(x.args) > 2, int64(1)
	if len(x.args) > 3 {
		x.error(errArity(x.cmd))
		return
	}
	if counted {
		var ok bool
		if count, ok = x.positive(2); !ok {
			return
		}
	}
	e, l, ok := findData[store.List](x, x.args[1])
	switch {
	case !ok:
		return
	case e == nil && counted:
		x.nullArray()
		return
	case e == nil:
		x.null()
		return
	}
	n := int(min(count, int64(l.Len())))
	if counted {
		x.array(n)
	}
	for range n {
		if from == back {
			x.text(l.PopBack())
		} else {
			x.text(l.PopFront())
		}
	}
	x.changed = n > 0
	x.removeEmpty(e, l.Len())
}

// positive parses a count, which may be zero.
func (x *call) positive(i int) (n int64, ok bool) {
	n, ok = parseCount(x.args[i])
	if !ok {
		x.error(errPositive)
	}
	return n, ok
}

func llen(x *call) {
	if _, l, ok := findData[store.List](x, x.args[1]); ok {
		x.int(l.Len())
	}
}

func lrange(x *call) {
	start, end, ok := x.integers(2)
	if !ok {
		return
	}
	_, l, ok := findData[store.List](x, x.args[1])
	if !ok {
		return
	}
	if l == nil {
		x.array(0)
		return
	}
	from, n := span(start, end, l.Len())
	x.array(n)
	for s := range l.Range(from, n) {
		x.text(s)
	}
}

func lindex(x *call) {
	_, l, ok := findData[store.List](x, x.args[1])
	if !ok {
		return
	}
	if l == nil {
		x.null()
		return
	}
	at, ok := x.integer(2)
	if !ok {
		return
	}
	if i, ok := place(at, l.Len()); ok {
		x.text(l.At(i))
	} else {
		x.null()
	}
}

// place turns an index, which counts from the back if negative, into one
// inside of n elements.
func place(at int64, n int) (i int, ok bool) {
	if at < 0 {
		at += int64(n)
	}
	return int(at), 0 <= at && at < int64(n)
}

func lset(x *call) {
	_, l, ok := findData[store.List](x, x.args[1])
	if !ok {
		return
	}
	if l == nil {
		x.error(errNoKey)
		return
	}
	at, ok := x.integer(2)
	if !ok {
		return
	}
	i, ok := place(at, l.Len())
	if !ok {
		x.error(errIndex)
		return
	}
	l.Set(i, string(x.args[3]))
	x.changed = true
	x.ok()
}

func linsert(x *call) {
	after := x.is(2, "AFTER")
	if !after && !x.is(2, "BEFORE") {
		x.error(errSyntax)
		return
	}
	_, l, ok := findData[store.List](x, x.args[1])
	if !ok {
		return
	}
	if l == nil {
		x.int(0)
		return
	}
	i := 0
	for s := range l.Range(0, l.Len()) {
		if s == string(x.args[3]) {
			break
		}
		i++
	}
	if i == l.Len() {
		x.int(-1)
		return
	}
	if after {
		i++
	}
	l.Insert(i, string(x.args[4]))
	x.changed = true
	x.int(l.Len())
}

// lrem removes the first elements that are equal, or the last ones if the
// count is negative, or all if it is zero.
func lrem(x *call) {
	count, ok := x.integer(2)
	if !ok {
		return
	}
	e, l, ok := findData[store.List](x, x.args[1])
	if !ok {
		return
	}
	if l == nil {
		x.int(0)
		return
	}
	limit := uint64(count)
	switch {
	case count < 0:
		limit = -limit
	case count == 0:
		limit = math.MaxInt
	}
	n := l.Remove(x.args[3], int(min(limit, math.MaxInt)), count < 0)
	x.changed = n > 0
	x.removeEmpty(e, l.Len())
	x.int(n)
}

func ltrim(x *call) {
	start, end, ok := x.integers(2)
	if !ok {
		return
	}
	e, l, ok := findData[store.List](x, x.args[1])
	if !ok {
		return
	}
	if l != nil {
		from, n := span(start, end, l.Len())
		l.Trim(from, n)
		x.changed = true
		x.removeEmpty(e, n)
	}
	x.ok()
}
