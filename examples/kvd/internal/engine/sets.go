package engine

import "github.com/rouse-go/rouse/examples/kvd/internal/store"

// findSet looks a set up to read it, as findHash does a hash.
func (x *call) findSet() (s *store.Set, ok bool) {
	_, s, ok = findData[store.Set](x, x.args[1])
	return s, ok
}

func sadd(x *call) {
	e, s, ok := findData[store.Set](x, x.args[1])
	if !ok {
		return
	}
	if e == nil {
		e, _ = x.db.Insert(x.now, x.args[1])
		s = x.db.NewSet(e)
	}
	n := 0
	for _, member := range x.args[2:] {
		if _, added := s.Insert(member); added {
			n++
		}
	}
	x.changed = n > 0
	x.int(n)
}

func srem(x *call) {
	if e, s, ok := findData[store.Set](x, x.args[1]); ok {
		x.removeMembers(e, s)
	}
}

func scard(x *call) {
	if s, ok := x.findSet(); ok {
		x.int(s.Len())
	}
}

func sismember(x *call) {
	if s, ok := x.findSet(); ok {
		x.flag(s.Find(x.args[2]) != nil)
	}
}

func smismember(x *call) {
	s, ok := x.findSet()
	if !ok {
		return
	}
	x.array(len(x.args) - 2)
	for _, member := range x.args[2:] {
		x.flag(s.Find(member) != nil)
	}
}

func smembers(x *call) {
	s, ok := x.findSet()
	if !ok {
		return
	}
	x.set(s.Len())
	for member := range s.All() {
		x.text(member)
	}
}

func spop(x *call) {
	counted, count := len(x.args) > 2, int64(1)
	if len(x.args) > 3 {
		x.error(errSyntax)
		return
	}
	if counted {
		var ok bool
		if count, ok = x.positive(2); !ok {
			return
		}
	}
	e, s, ok := findData[store.Set](x, x.args[1])
	switch {
	case !ok:
		return
	case s == nil && counted:
		x.set(0)
		return
	case s == nil:
		x.null()
		return
	}
	n := int(min(count, int64(s.Len())))
	if counted {
		x.set(n)
	}
	journaled := x.engine.journal != nil
	var popped [][]byte
	if journaled {
		popped = append(popped, cmdSRem, x.args[1])
	}
	for range n {
		member, _ := s.Random(&x.engine.rng)
		x.text(member)
		s.Remove([]byte(member))
		if journaled {
			popped = append(popped, []byte(member))
		}
	}
	if x.changed = n > 0; x.changed {
		x.effect(popped...)
	}
	x.removeEmpty(e, s.Len())
}

func sscan(x *call) {
	cursor, ok := x.cursor(2)
	if !ok {
		return
	}
	s, ok := x.findSet()
	if !ok {
		return
	}
	if s == nil {
		x.emptyScan()
		return
	}
	opt, ok := x.scanOptions(3, cursor, false)
	if !ok {
		return
	}
	x.scan(opt, func(cursor uint64) (_ uint64, visited, replies int) {
		cursor = s.Scan(cursor, func(member string, _ *struct{}) {
			visited++
			if opt.matches(member) {
				x.text(member)
				replies++
			}
		})
		return cursor, visited, replies
	})
}
