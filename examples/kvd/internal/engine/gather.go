package engine

import (
	"bytes"
	"cmp"
	"slices"
	"strconv"

	"github.com/rouse-go/rouse/examples/kvd/internal/resp"
)

// A spread says how a command concerns several shards. Each of those executes a
// part and makes a reply of it, and at home one is made of those.
type spread struct {
	byKey    bool                     // the shards of its keys; each gets those of its own
	route    func(*call, *Batch) bool // instead of all this: finds the one shard
	part     func(*call)              // instead of command.run
	combine  func(*call, *gathered)   // appends the reply
	tells    bool                     // other clients hear of it, and so of what was done before
	lenient  bool                     // combine looks at errors; else the first one is the reply
	keepArgs bool                     // combine needs the arguments
}

// gathered are the parts of the reply.
type gathered struct {
	parts  [][]byte // by shard; empty for those that have none
	owners []uint8  // the shard of each key
	args   [][]byte
	facts  []*census
}

var (
	overSum     = &spread{combine: combineSum}
	overOK      = &spread{combine: combineFirst}
	overKeysSum = &spread{byKey: true, combine: combineSum}
	overMSet    = &spread{byKey: true, combine: combineFirst}
	overMGet    = &spread{byKey: true, combine: combineByOwner}
	overPublish = &spread{tells: true, combine: combineSum}
	overConcat  = &spread{combine: combineConcat}
	overUnion   = &spread{combine: combineUnion}
	overNumPat  = &spread{part: patternNames, combine: combineCount}
	overNumSub  = &spread{combine: combineNumSub}
	overRandom  = &spread{part: sizeAndRandomKey, combine: combineRandom}
	overRewrite = &spread{combine: combineAny, lenient: true}
	overKill    = &spread{combine: combineKill, lenient: true}
	overClients = &spread{combine: combineClients}
	overInfo    = &spread{part: takeCensus, combine: combineInfo, keepArgs: true}
	overWatch   = &spread{route: routeWatch}
	overExec    = &spread{route: routeExec}
	overScan    = &spread{route: routeScan}
	overLast    = &spread{route: routeLast}
)

// A reader goes through a reply that a part has made.
type reader struct{ rest []byte }

// header returns the type of the next reply and its number.
func (r *reader) header() (kind byte, n int) {
	end := bytes.IndexByte(r.rest, '\n')
	kind = r.rest[0]
	n, _ = strconv.Atoi(string(r.rest[1 : end-1]))
	r.rest = r.rest[end+1:]
	return kind, n
}

// element returns the next reply, which is no array, as it is.
func (r *reader) element() []byte {
	whole := r.rest
	if kind, n := r.header(); (kind == '$' || kind == '=') && n >= 0 {
		r.rest = r.rest[n+2:]
	}
	return whole[:len(whole)-len(r.rest)]
}

// text returns the content of the next reply, a bulk or verbatim string.
func (r *reader) text() []byte {
	kind, n := r.header()
	text := r.rest[:n]
	r.rest = r.rest[n+2:]
	if kind == '=' {
		text = text[len("txt:"):]
	}
	return text
}

// each yields the elements of an array that each part is.
func (g *gathered) each(yield func([]byte) bool) {
	for _, part := range g.parts {
		if len(part) == 0 {
			continue
		}
		r := reader{part}
		_, n := r.header()
		for range n {
			if !yield(r.element()) {
				return
			}
		}
	}
}

func combineFirst(x *call, g *gathered) {
	for _, part := range g.parts {
		if len(part) > 0 {
			x.out = append(x.out, part...)
			return
		}
	}
}

// combineAny replies the success of one shard, or else the first error.
func combineAny(x *call, g *gathered) {
	for _, part := range g.parts {
		if part[0] == '+' {
			x.out = append(x.out, part...)
			return
		}
	}
	combineFirst(x, g)
}

func combineSum(x *call, g *gathered) {
	sum := 0
	for _, part := range g.parts {
		if len(part) > 0 {
			_, n := (&reader{part}).header()
			sum += n
		}
	}
	x.int(sum)
}

// combineByOwner puts the elements into the order of the keys.
func combineByOwner(x *call, g *gathered) {
	var readers [MaxShards]reader
	for shard, part := range g.parts {
		if len(part) > 0 {
			readers[shard].rest = part
			readers[shard].header()
		}
	}
	x.array(len(g.owners))
	for _, owner := range g.owners {
		x.out = append(x.out, readers[owner].element()...)
	}
}

func combineConcat(x *call, g *gathered) {
	header, n := len(x.out), 0
	for element := range g.each {
		x.out = append(x.out, element...)
		n++
	}
	x.insertArray(header, n)
}

// distinct returns how many different elements the parts have, and calls visit
// for each.
func (g *gathered) distinct(visit func(element []byte)) int {
	seen := map[string]bool{}
	for element := range g.each {
		if !seen[string(element)] {
			seen[string(element)] = true
			visit(element)
		}
	}
	return len(seen)
}

func combineUnion(x *call, g *gathered) {
	header := len(x.out)
	n := g.distinct(func(element []byte) { x.out = append(x.out, element...) })
	x.insertArray(header, n)
}

func combineCount(x *call, g *gathered) { x.int(g.distinct(func([]byte) {})) }

// patternNames is a shard's part of PUBSUB NUMPAT, which counts patterns and not
// who has them.
func patternNames(x *call) {
	x.array(x.engine.patterns.Len())
	for name := range x.engine.patterns.All() {
		x.text(name)
	}
}

// combineNumSub adds up the numbers behind the same names.
func combineNumSub(x *call, g *gathered) {
	var names [][]byte
	var counts []int
	for _, part := range g.parts {
		r := reader{part}
		_, n := r.header()
		for i := range n / 2 {
			name := r.element()
			_, count := r.header()
			if i == len(names) {
				names, counts = append(names, name), append(counts, 0)
			}
			counts[i] += count
		}
	}
	x.array(2 * len(names))
	for i, name := range names {
		x.out = append(x.out, name...)
		x.int(counts[i])
	}
}

// sizeAndRandomKey is a shard's part of RANDOMKEY.
func sizeAndRandomKey(x *call) {
	x.array(2)
	mark := len(x.out)
	randomKey(x) // first, as it may find that keys have expired
	end := len(x.out)
	x.int(x.db.Len())
	rotate(x.out[mark:], end-mark)
}

// combineRandom chooses among the keys as if the shards were one.
func combineRandom(x *call, g *gathered) {
	all, keys := 0, make([][]byte, 0, len(g.parts))
	sizes := make([]int, 0, len(g.parts))
	for _, part := range g.parts {
		r := reader{part}
		r.header()
		_, n := r.header()
		all += n
		sizes, keys = append(sizes, n), append(keys, r.rest)
	}
	if all == 0 {
		x.null()
		return
	}
	n := x.engine.rng.Intn(all)
	for i, size := range sizes {
		if n -= size; n < 0 {
			x.out = append(x.out, keys[i]...)
			return
		}
	}
}

// combineKill adds up, or, if CLIENT KILL was called with an address, looks
// whether a shard has found the client.
func combineKill(x *call, g *gathered) {
	for _, part := range g.parts {
		if part[0] == '+' {
			x.out = append(x.out, part...)
			return
		}
	}
	if g.parts[0][0] == '-' {
		combineFirst(x, g)
		return
	}
	combineSum(x, g)
}

// combineClients puts the lines of all shards into the order of their ids.
func combineClients(x *call, g *gathered) {
	var lines [][]byte
	for _, part := range g.parts {
		r := reader{part}
		for line := range bytes.Lines(r.text()) {
			lines = append(lines, line)
		}
	}
	id := func(line []byte) int64 {
		digits, _, _ := bytes.Cut(bytes.TrimPrefix(line, []byte("id=")), []byte(" "))
		n, _ := resp.ParseInt(digits)
		return n
	}
	slices.SortFunc(lines, func(a, b []byte) int { return cmp.Compare(id(a), id(b)) })
	x.verbatim(string(bytes.Join(lines, nil)))
}

// takeCensus is a shard's part of INFO.
func takeCensus(x *call) {
	x.facts = x.engine.census()
	x.ok()
}

func combineInfo(x *call, g *gathered) {
	x.args, x.db = g.args, x.engine.dbs[x.client.db]
	x.info(g.facts)
}
