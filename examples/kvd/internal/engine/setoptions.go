package engine

import (
	"math"

	"github.com/rouse-go/rouse/examples/kvd/internal/resp"
)

// setOptions are what may follow the value in SET and the key in GETEX.
type setOptions struct {
	onlyNew bool // NX
	onlyOld bool // XX
	get     bool // GET
	keepTTL bool // KEEPTTL
	persist bool // PERSIST

	when       []byte // the deadline of EX, PX, EXAT or PXAT; nil: none
	unit, base int64  // of when, see deadline
}

// setOptions parses the arguments from i on, those of GETEX if asked. It
// replies the error if there is one.
func (x *call) setOptions(i int, getEx bool) (opt setOptions, ok bool) {
	var kind string // of the deadline
	for ; i < len(x.args); i++ {
		timed := opt.keepTTL || opt.persist
		switch {
		case !getEx && !opt.onlyOld && x.is(i, "NX"):
			opt.onlyNew = true
		case !getEx && !opt.onlyNew && x.is(i, "XX"):
			opt.onlyOld = true
		case !getEx && x.is(i, "GET"):
			opt.get = true
		case !getEx && kind == "" && x.is(i, "KEEPTTL"):
			opt.keepTTL = true
		case getEx && kind == "" && x.is(i, "PERSIST"):
			opt.persist = true
		default:
			k := deadlineKind(x.args[i])
			if k == "" || timed || kind != "" && kind != k || i+1 == len(x.args) {
				x.error(errSyntax)
				return opt, false
			}
			i++
			kind, opt.when = k, x.args[i]
		}
	}
	opt.unit, opt.base = 1, x.now
	if kind == "EX" || kind == "EXAT" {
		opt.unit = 1000
	}
	if kind == "EXAT" || kind == "PXAT" {
		opt.base = 0
	}
	return opt, true
}

func deadlineKind(arg []byte) string {
	for _, kind := range [...]string{"EX", "PX", "EXAT", "PXAT"} {
		if isKeyword(arg, kind) {
			return kind
		}
	}
	return ""
}

// deadline parses a positive time in units of so many milliseconds after base.
func (x *call) deadline(arg []byte, unit, base int64) (at int64, ok bool) {
	v, ok := resp.ParseInt(arg)
	if !ok {
		x.error(errNotInteger)
		return 0, false
	}
	if v <= 0 || v > math.MaxInt64/unit || v*unit > math.MaxInt64-base {
		x.error(errExpire(x.cmd))
		return 0, false
	}
	return v*unit + base, true
}
