package engine

import (
	"strconv"
	"strings"
)

// scanOptions are what may follow the cursor of SCAN and its like.
type scanOptions struct {
	cursor  uint64
	count   int
	pattern []byte // nil: everything
	kind    []byte // nil: all

	shards, shard int // of SCAN: see nextShard
}

// cursor parses the cursor at argument i, as generously as strtoul does, which
// takes nothing for zero and wraps negative numbers.
func (x *call) cursor(i int) (cursor uint64, ok bool) {
	if len(x.args[i]) == 0 {
		return 0, true
	}
	digits, negative := strings.CutPrefix(string(x.args[i]), "-")
	cursor, err := strconv.ParseUint(digits, 10, 64)
	if err != nil {
		x.error(errCursor)
		return 0, false
	}
	if negative {
		cursor = -cursor
	}
	return cursor, true
}

// emptyScan is the reply for a key that does not exist.
func (x *call) emptyScan() {
	x.array(2)
	x.text("0")
	x.array(0)
}

// scanOptions parses the arguments from i on.
func (x *call) scanOptions(i int, cursor uint64, withType bool) (opt scanOptions, ok bool) {
	opt = scanOptions{cursor: cursor, count: 10}
	for ; i < len(x.args); i += 2 {
		switch {
		case i+1 == len(x.args):
			x.error(errSyntax)
			return opt, false
		case x.is(i, "COUNT"):
			n, ok := x.integer(i + 1)
			if !ok {
				return opt, false
			}
			if n < 1 {
				x.error(errSyntax)
				return opt, false
			}
			opt.count = int(n)
		case x.is(i, "MATCH"):
			opt.pattern = x.args[i+1]
		case withType && x.is(i, "TYPE"):
			opt.kind = x.args[i+1]
		default:
			x.error(errSyntax)
			return opt, false
		}
	}
	return opt, true
}

func (opt *scanOptions) matches(key string) bool {
	return opt.pattern == nil || match(opt.pattern, key)
}

// nextShard makes the cursor of a shard one of all: the remainder by their number
// says which one it is of. The end of one shard is the beginning of the next.
// Cursors of a shard stay below the size of its table, so there is room.
func (opt *scanOptions) nextShard(cursor uint64) uint64 {
	switch {
	case opt.shards < 2:
		return cursor
	case cursor != 0:
		return cursor*uint64(opt.shards) + uint64(opt.shard)
	case opt.shard+1 < opt.shards:
		return uint64(opt.shard + 1)
	}
	return 0
}

// scan replies with a page of what next visits. Next goes one step from a
// cursor to another, replies to what it visits that matches, and returns how
// much it visited and how many replies these were.
func (x *call) scan(opt scanOptions, next func(cursor uint64) (_ uint64, visited, replies int)) {
	header := len(x.out)
	visited, replies, cursor := 0, 0, opt.cursor
	// Empty buckets count as a tenth, so that a sparse table cannot hold up
	// the server.
	for steps := 0; visited < opt.count && steps/10 < opt.count; steps++ {
		var v, r int
		cursor, v, r = next(cursor)
		visited += v
		replies += r
		if cursor == 0 {
			break
		}
	}
	x.insertArray(header, replies)
	page := len(x.out)
	x.array(2)
	x.text(strconv.FormatUint(opt.nextShard(cursor), 10))
	rotate(x.out[header:], page-header)
}

func scan(x *call) {
	cursor, ok := x.cursor(1)
	if !ok {
		return
	}
	opt, ok := x.scanOptions(2, cursor, true)
	if !ok {
		return
	}
	opt.shards, opt.shard = x.engine.cfg.Shards, x.engine.cfg.Shard
	opt.cursor /= uint64(opt.shards)
	x.scan(opt, func(cursor uint64) (_ uint64, visited, replies int) {
		cursor = x.db.Scan(x.now, cursor, func(e *entry) {
			visited++
			if opt.matches(e.Key()) && (opt.kind == nil || isKeyword(opt.kind, upper(e.Value.Kind().String()))) {
				x.text(e.Key())
				replies++
			}
		})
		return cursor, visited, replies
	})
}

// insertArray puts the header of an array before the n replies that were
// appended from at on, whose number was not known before.
func (x *call) insertArray(at, n int) {
	end := len(x.out)
	x.array(n)
	rotate(x.out[at:], end-at)
}

// rotate moves what follows the first n bytes of b, which is short, before them.
func rotate(b []byte, n int) {
	var front [64]byte
	k := copy(front[:], b[n:])
	copy(b[k:], b[:n])
	copy(b, front[:k])
}
