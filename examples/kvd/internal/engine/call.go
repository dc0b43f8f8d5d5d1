package engine

import (
	"github.com/rouse-go/rouse/examples/kvd/internal/resp"
	"github.com/rouse-go/rouse/examples/kvd/internal/store"
)

type entry = store.Entry[store.Value]

// A call is the execution of one command: what it works on and its reply.
type call struct {
	engine  *Engine
	client  *Client
	db      *store.DB // the client's
	cmd     *command
	now     int64
	args    [][]byte // with the command's name, valid during the call only
	out     []byte
	pushes  []byte // to the client, while it wants no replies: see mute
	changed bool   // some key
	told    bool   // the Journal was, by effect

	facts   *census  // what a shard's part of INFO has found
	effects [][]byte // memory for the arguments of effect
	digits  [20]byte
}

func (x *call) ok()               { x.out = append(x.out, "+OK\r\n"...) }
func (x *call) simple(s string)   { x.out = resp.AppendSimple(x.out, s) }
func (x *call) error(s string)    { x.out = resp.AppendError(x.out, s) }
func (x *call) int(n int)         { x.out = resp.AppendInt(x.out, int64(n)) }
func (x *call) int64(n int64)     { x.out = resp.AppendInt(x.out, n) }
func (x *call) bulk(b []byte)     { x.out = resp.AppendBulk(x.out, b) }
func (x *call) text(s string)     { x.out = resp.AppendBulk(x.out, s) }
func (x *call) array(n int)       { x.out = resp.AppendArray(x.out, n) }
func (x *call) null()             { x.out = x.client.proto.AppendNull(x.out) }
func (x *call) nullArray()        { x.out = x.client.proto.AppendNullArray(x.out) }
func (x *call) mapping(n int)     { x.out = x.client.proto.AppendMap(x.out, n) }
func (x *call) set(n int)         { x.out = x.client.proto.AppendSet(x.out, n) }
func (x *call) push(n int)        { x.out = x.client.proto.AppendPush(x.out, n) }
func (x *call) verbatim(s string) { x.out = x.client.proto.AppendVerbatim(x.out, "txt", s) }

// flag replies 1 or 0, which is how commands answer yes or no.
func (x *call) flag(yes bool) {
	if yes {
		x.int(1)
	} else {
		x.int(0)
	}
}

// integer parses argument i, and replies the error if it is none.
func (x *call) integer(i int) (v int64, ok bool) {
	v, ok = resp.ParseInt(x.args[i])
	if !ok {
		x.error(errNotInteger)
	}
	return v, ok
}

// integers parses arguments i and i+1.
func (x *call) integers(i int) (v, w int64, ok bool) {
	if v, ok = x.integer(i); !ok {
		return 0, 0, false
	}
	w, ok = x.integer(i + 1)
	return v, w, ok
}

// is reports whether argument i is the keyword, which is in upper case.
func (x *call) is(i int, keyword string) bool { return isKeyword(x.args[i], keyword) }

func isKeyword(arg []byte, keyword string) bool {
	if len(arg) != len(keyword) {
		return false
	}
	for i, c := range arg {
		if 'a' <= c && c <= 'z' {
			c -= 'a' - 'A'
		}
		if c != keyword[i] {
			return false
		}
	}
	return true
}

// find looks a key up for reading, which the statistics count.
func (x *call) find(key []byte) *entry {
	e := x.db.Find(x.now, key)
	if e == nil {
		x.engine.stats.misses++
	} else {
		x.engine.stats.hits++
	}
	return e
}

// findString looks up a key that must hold a string if it exists. Otherwise it
// replies the error and ok is false.
func (x *call) findString(key []byte) (e *entry, ok bool) {
	e = x.find(key)
	if e != nil && e.Value.Data() != nil {
		x.error(errWrongType)
		return nil, false
	}
	return e, true
}

// findData is findString for lists, hashes and sets: data is nil if the key
// does not exist.
func findData[T store.List | store.Hash | store.Set](x *call, key []byte) (e *entry, data *T, ok bool) {
	e = x.find(key)
	if e == nil {
		return nil, nil, true
	}
	data, ok = e.Value.Data().(*T)
	if !ok {
		x.error(errWrongType)
	}
	return e, data, ok
}

// removeMembers removes from the set or hash of e those members or fields that
// argument 2 and the following name, and replies how many there were. from may
// be nil, as findData returns it.
func (x *call) removeMembers(e *entry, from interface {
	Remove(name []byte) bool
	Len() int
}) {
	n := 0
	for _, name := range x.args[2:] {
		if from.Remove(name) {
			n++
		}
	}
	if x.changed = n > 0; x.changed {
		x.removeEmpty(e, from.Len())
	}
	x.int(n)
}

// removeEmpty removes the key of a list, hash or set that has become empty.
func (x *call) removeEmpty(e *entry, n int) {
	if n == 0 {
		x.db.Remove(e)
	}
}

// span turns the inclusive range of GETRANGE, LRANGE and LTRIM, whose negative
// ends count from the back, into a start and a length inside of n elements.
func span(start, end int64, n int) (from, length int) {
	if start < 0 {
		start = max(0, start+int64(n))
	}
	if end < 0 {
		end += int64(n)
	}
	end = min(end, int64(n)-1)
	if start > end {
		return 0, 0
	}
	return int(start), int(end - start + 1)
}
