package engine

import "math"

func expire(x *call)    { x.expire(1000, x.now) }
func pexpire(x *call)   { x.expire(1, x.now) }
func expireAt(x *call)  { x.expire(1000, 0) }
func pexpireAt(x *call) { x.expire(1, 0) }

// expire gives a key a deadline, in units of so many milliseconds after base.
// Unlike in SET the time may be past, and then the key is gone.
func (x *call) expire(unit, base int64) {
	opt, ok := x.expireOptions()
	if !ok {
		return
	}
	v, ok := x.integer(2)
	if !ok {
		return
	}
	if v > math.MaxInt64/unit || v < math.MinInt64/unit || v*unit > math.MaxInt64-base {
		x.error(errExpire(x.cmd))
		return
	}
	at := v*unit + base
	e := x.db.Find(x.now, x.args[1])
	if e == nil {
		x.int(0)
		return
	}
	old, expires := x.db.Deadline(e)
	switch {
	case opt.onlyNone && expires,
		opt.onlySome && !expires,
		opt.onlyLater && (!expires || at <= old),
		opt.onlySooner && expires && at >= old:
		x.int(0)
		return
	case at <= x.now:
		x.removeNow(e)
	default:
		x.expireAt(e, at)
	}
	x.changed = true
	x.int(1)
}

// expireAt gives e, which is the key of argument 1, a deadline.
func (x *call) expireAt(e *entry, at int64) {
	x.db.SetDeadline(e, at)
	x.effect(cmdPExpireAt, x.args[1], x.millis(at))
}

// removeNow removes e, which is the key of argument 1.
func (x *call) removeNow(e *entry) {
	x.db.Remove(e)
	x.effect(cmdDel, x.args[1])
}

// expireOptions say when EXPIRE leaves the deadline as it is.
type expireOptions struct {
	onlyNone, onlySome, onlyLater, onlySooner bool // NX, XX, GT, LT
}

func (x *call) expireOptions() (opt expireOptions, ok bool) {
	for i := 3; i < len(x.args); i++ {
		switch {
		case x.is(i, "NX"):
			opt.onlyNone = true
		case x.is(i, "XX"):
			opt.onlySome = true
		case x.is(i, "GT"):
			opt.onlyLater = true
		case x.is(i, "LT"):
			opt.onlySooner = true
		default:
			x.error("ERR Unsupported option " + string(x.args[i]))
			return opt, false
		}
	}
	switch {
	case opt.onlyNone && (opt.onlySome || opt.onlyLater || opt.onlySooner):
		x.error("ERR NX and XX, GT or LT options at the same time are not compatible")
		return opt, false
	case opt.onlyLater && opt.onlySooner:
		x.error("ERR GT and LT options at the same time are not compatible")
		return opt, false
	}
	return opt, true
}

func ttl(x *call)         { x.deadlineReply(1000, x.now) }
func pttl(x *call)        { x.deadlineReply(1, x.now) }
func expireTime(x *call)  { x.deadlineReply(1000, 0) }
func pexpireTime(x *call) { x.deadlineReply(1, 0) }

// deadlineReply replies a key's deadline in units of so many milliseconds
// after base, rounded.
func (x *call) deadlineReply(unit, base int64) {
	e := x.find(x.args[1])
	if e == nil {
		x.int(-2)
		return
	}
	at, ok := x.db.Deadline(e)
	if !ok {
		x.int(-1)
		return
	}
	at -= base
	units := at / unit
	if at%unit*2 >= unit {
		units++
	}
	x.int64(units)
}

func persist(x *call) {
	e := x.db.Find(x.now, x.args[1])
	x.changed = e != nil && x.db.Persist(e)
	x.flag(x.changed)
}
