package engine

import (
	"math/big"

	"github.com/rouse-go/rouse/examples/kvd/internal/resp"
	"github.com/rouse-go/rouse/examples/kvd/internal/store"
)

// findHash looks a hash up to read it: h is nil, which reads as empty, if there
// is none.
func (x *call) findHash() (h *store.Hash, ok bool) {
	_, h, ok = findData[store.Hash](x, x.args[1])
	return h, ok
}

// makeHash looks a hash up to add to it.
func (x *call) makeHash() (h *store.Hash, ok bool) {
	e, h, ok := findData[store.Hash](x, x.args[1])
	if ok && e == nil {
		e, _ = x.db.Insert(x.now, x.args[1])
		h = x.db.NewHash(e)
	}
	return h, ok
}

func hset(x *call) {
	if n, ok := x.hashSet(); ok {
		x.int(n)
	}
}

func hmset(x *call) {
	if _, ok := x.hashSet(); ok {
		x.ok()
	}
}

func (x *call) hashSet() (added int, ok bool) {
	if len(x.args)%2 != 0 {
		x.error(errArity(x.cmd))
		return 0, false
	}
	h, ok := x.makeHash()
	if !ok {
		return 0, false
	}
	for i := 2; i < len(x.args); i += 2 {
		v, isNew := h.Insert(x.args[i])
		*v = store.Reuse(*v, x.args[i+1])
		if isNew {
			added++
		}
	}
	x.changed = true
	return added, true
}

func hsetNX(x *call) {
	h, ok := x.makeHash()
	if !ok {
		return
	}
	v, added := h.Insert(x.args[2])
	if added {
		*v = store.Reuse(nil, x.args[3])
		x.changed = true
	}
	x.flag(added)
}

func hget(x *call) {
	if h, ok := x.findHash(); ok {
		x.fieldOrNull(h, x.args[2])
	}
}

func (x *call) fieldOrNull(h *store.Hash, name []byte) {
	if v := h.Find(name); v != nil {
		x.bulk(*v)
	} else {
		x.null()
	}
}

func hmget(x *call) {
	h, ok := x.findHash()
	if !ok {
		return
	}
	x.array(len(x.args) - 2)
	for _, name := range x.args[2:] {
		x.fieldOrNull(h, name)
	}
}

func hdel(x *call) {
	if e, h, ok := findData[store.Hash](x, x.args[1]); ok {
		x.removeMembers(e, h)
	}
}

func hlen(x *call) {
	if h, ok := x.findHash(); ok {
		x.int(h.Len())
	}
}

func hexists(x *call) {
	if h, ok := x.findHash(); ok {
		x.flag(h.Find(x.args[2]) != nil)
	}
}

func hstrLen(x *call) {
	h, ok := x.findHash()
	if !ok {
		return
	}
	if v := h.Find(x.args[2]); v != nil {
		x.int(len(*v))
	} else {
		x.int(0)
	}
}

func hgetAll(x *call) {
	h, ok := x.findHash()
	if !ok {
		return
	}
	x.mapping(h.Len())
	for name, v := range h.All() {
		x.text(name)
		x.bulk(*v)
	}
}

func hkeys(x *call) {
	h, ok := x.findHash()
	if !ok {
		return
	}
	x.array(h.Len())
	for name := range h.All() {
		x.text(name)
	}
}

func hvals(x *call) {
	h, ok := x.findHash()
	if !ok {
		return
	}
	x.array(h.Len())
	for _, v := range h.All() {
		x.bulk(*v)
	}
}

func hincrBy(x *call) {
	by, ok := x.integer(3)
	if !ok {
		return
	}
	h, ok := x.findHash()
	if !ok {
		return
	}
	var n int64
	if v := h.Find(x.args[2]); v != nil {
		if n, ok = resp.ParseInt(*v); !ok {
			x.error("ERR hash value is not an integer")
			return
		}
	}
	if n, ok = sum(n, by); !ok {
		x.error(errOverflow)
		return
	}
	var digits [20]byte
	x.setField(appendInt(digits[:0], n))
	x.int64(n)
}

func hincrByFloat(x *call) {
	by, ok := parseFloat(x.args[3])
	if !ok {
		x.error(errNotFloat)
		return
	}
	if by.IsInf() {
		x.error("ERR value is NaN or Infinity")
		return
	}
	h, ok := x.findHash()
	if !ok {
		return
	}
	old := new(big.Float)
	if v := h.Find(x.args[2]); v != nil {
		if old, ok = parseFloat(*v); !ok {
			x.error("ERR hash value is not a float")
			return
		}
	}
	text, problem := addFloats(old, by)
	if problem != "" {
		x.error(problem)
		return
	}
	x.setField(text)
	x.effect(cmdHSet, x.args[1], x.args[2], text)
	x.bulk(text)
}

// setField sets the field that argument 2 names, in the hash of argument 1,
// which was found to be one, or not to exist.
func (x *call) setField(value []byte) {
	if h, ok := x.makeHash(); ok {
		v, _ := h.Insert(x.args[2])
		*v = store.Reuse(*v, value)
		x.changed = true
	}
}

func hscan(x *call) {
	cursor, ok := x.cursor(2)
	if !ok {
		return
	}
	h, ok := x.findHash()
	if !ok {
		return
	}
	if h == nil {
		x.emptyScan()
		return
	}
	opt, ok := x.scanOptions(3, cursor, false)
	if !ok {
		return
	}
	x.scan(opt, func(cursor uint64) (_ uint64, visited, replies int) {
		cursor = h.Scan(cursor, func(name string, v *[]byte) {
			visited++
			if opt.matches(name) {
				x.text(name)
				x.bulk(*v)
				replies += 2
			}
		})
		return cursor, visited, replies
	})
}
