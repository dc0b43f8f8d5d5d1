package engine

import "github.com/rouse-go/rouse/examples/kvd/internal/store"

func get(x *call) {
	if e, ok := x.findString(x.args[1]); ok {
		x.stringOrNull(e)
	}
}

func (x *call) stringOrNull(e *entry) {
	if e == nil {
		x.null()
	} else {
		x.bulk(e.Value.Bytes())
	}
}

// assign makes key a string that does not expire.
func (x *call) assign(key, value []byte) *entry {
	e, _ := x.db.Insert(x.now, key)
	x.db.Persist(e)
	e.Value.SetBytes(value)
	x.changed = true
	return e
}

func set(x *call) {
	var opt setOptions
	if len(x.args) > 3 {
		var ok bool
		if opt, ok = x.setOptions(3, false); !ok {
			return
		}
	}
	key, value := x.args[1], x.args[2]
	var at int64
	if opt.when != nil {
		var ok bool
		if at, ok = x.deadline(opt.when, opt.unit, opt.base); !ok {
			return
		}
	}
	if opt.get {
		e, ok := x.findString(key)
		if !ok {
			return
		}
		x.stringOrNull(e)
	}
	if opt.onlyNew || opt.onlyOld {
		if exists := x.db.Find(x.now, key) != nil; exists == opt.onlyNew {
			if !opt.get {
				x.null()
			}
			return
		}
	}
	e, _ := x.db.Insert(x.now, key)
	switch {
	case opt.when != nil:
		x.db.SetDeadline(e, at)
	case !opt.keepTTL:
		x.db.Persist(e)
	}
	e.Value.SetBytes(value)
	x.changed = true
	switch {
	case opt.when != nil:
		x.effect(cmdSet, key, value, argPXAt, x.millis(at))
	case opt.keepTTL:
		x.effect(cmdSet, key, value, argKeepTTL)
	default:
		x.effect(cmdSet, key, value)
	}
	if !opt.get {
		x.ok()
	}
}

func setNX(x *call) {
	if x.db.Find(x.now, x.args[1]) != nil {
		x.int(0)
		return
	}
	x.assign(x.args[1], x.args[2])
	x.effect(cmdSet, x.args[1], x.args[2])
	x.int(1)
}

func setEx(x *call)  { x.setFor(1000) }
func psetEx(x *call) { x.setFor(1) }

func (x *call) setFor(unit int64) {
	at, ok := x.deadline(x.args[2], unit, x.now)
	if !ok {
		return
	}
	x.db.SetDeadline(x.assign(x.args[1], x.args[3]), at)
	x.effect(cmdSet, x.args[1], x.args[3], argPXAt, x.millis(at))
	x.ok()
}

func getSet(x *call) {
	e, ok := x.findString(x.args[1])
	if !ok {
		return
	}
	x.stringOrNull(e)
	x.assign(x.args[1], x.args[2])
	x.effect(cmdSet, x.args[1], x.args[2])
}

func getDel(x *call) {
	e, ok := x.findString(x.args[1])
	if !ok {
		return
	}
	x.stringOrNull(e)
	if e != nil {
		x.removeNow(e)
		x.changed = true
	}
}

func getEx(x *call) {
	opt, ok := x.setOptions(2, true)
	if !ok {
		return
	}
	e, ok := x.findString(x.args[1])
	if !ok {
		return
	}
	if e == nil {
		x.null()
		return
	}
	if opt.when == nil {
		x.bulk(e.Value.Bytes())
		if x.changed = opt.persist && x.db.Persist(e); x.changed {
			x.effect(cmdPersist, x.args[1])
		}
		return
	}
	at, ok := x.deadline(opt.when, opt.unit, opt.base)
	if !ok {
		return
	}
	x.bulk(e.Value.Bytes())
	x.changed = true
	if at > x.now {
		x.expireAt(e, at)
	} else {
		x.removeNow(e)
	}
}

func strLen(x *call) {
	switch e, ok := x.findString(x.args[1]); {
	case !ok:
	case e == nil:
		x.int(0)
	default:
		x.int(len(e.Value.Bytes()))
	}
}

func appendCommand(x *call) {
	e, ok := x.findString(x.args[1])
	if !ok {
		return
	}
	if e == nil {
		e = x.assign(x.args[1], x.args[2])
	} else {
		if len(e.Value.Bytes())+len(x.args[2]) > x.engine.cfg.MaxBulk {
			x.error(errTooLong)
			return
		}
		e.Value.Append(x.args[2])
		x.changed = true
	}
	x.int(len(e.Value.Bytes()))
}

func getRange(x *call) {
	start, end, ok := x.integers(2)
	if !ok {
		return
	}
	e, ok := x.findString(x.args[1])
	if !ok {
		return
	}
	var s []byte
	if e != nil {
		s = e.Value.Bytes()
	}
	from, n := 0, 0
	if start >= 0 || end >= 0 || start <= end {
		// Unlike that of a list, the range ends at 0 if it ends before.
		from, n = span(start, max(end, -int64(len(s))), len(s))
	}
	x.bulk(s[from : from+n])
}

func setRange(x *call) {
	offset, ok := x.integer(2)
	if !ok {
		return
	}
	if offset < 0 {
		x.error(errOffset)
		return
	}
	e, ok := x.findString(x.args[1])
	if !ok {
		return
	}
	value := x.args[3]
	switch {
	case len(value) == 0 && e == nil:
		x.int(0)
		return
	case len(value) == 0:
		x.int(len(e.Value.Bytes()))
		return
	case offset > int64(x.engine.cfg.MaxBulk-len(value)):
		x.error(errTooLong)
		return
	case e == nil:
		e, _ = x.db.Insert(x.now, x.args[1])
	}
	s := e.Value.Grow(int(offset) + len(value))
	copy(s[offset:], value)
	x.changed = true
	x.int(len(s))
}

func mget(x *call) {
	x.array(len(x.args) - 1)
	for _, key := range x.args[1:] {
		if e := x.find(key); e != nil && e.Value.Kind() == store.String {
			x.bulk(e.Value.Bytes())
		} else {
			x.null()
		}
	}
}

func mset(x *call) {
	if len(x.args)%2 == 0 {
		x.error(errArity(x.cmd))
		return
	}
	x.assignAll()
	x.ok()
}

func msetNX(x *call) {
	if len(x.args)%2 == 0 {
		x.error(errArity(x.cmd))
		return
	}
	for i := 1; i < len(x.args); i += 2 {
		if x.db.Find(x.now, x.args[i]) != nil {
			x.int(0)
			return
		}
	}
	x.assignAll()
	x.args[0] = cmdMSet // that is what it was
	x.int(1)
}

func (x *call) assignAll() {
	for i := 1; i < len(x.args); i += 2 {
		x.assign(x.args[i], x.args[i+1])
	}
}
