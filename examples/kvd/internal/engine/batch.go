package engine

import (
	"bytes"

	"github.com/rouse-go/rouse/examples/kvd/internal/resp"
)

// A Batch is requests that were routed and are not answered yet. The zero Batch
// is ready for Route. It keeps its memory, so use it again, after Reset.
type Batch struct {
	client  *Client
	local   []byte // replies made at home
	slots   []slot // the replies in their order
	parcels []*Parcel
	owners  []uint8  // of the keys of divided commands
	args    [][]byte // of a command that needs them to combine its parts
	facts   *census  // home's part of INFO
	scratch [][]byte
	at      int  // the first slot that is not merged
	localAt int  // how much of local is
	size    int  // bytes of requests in parcels
	alone   bool // it is one command that concerns other shards
	tells   bool // it is one that other clients hear of
}

// A slot is the place of a reply among the others, or of several in a row that
// were made at home.
type slot struct {
	from   int     // the shard, if there is no over
	over   *spread // of a command that several shards have a part of
	shards uint64  // these ones: a bit for each
	owners [2]int  // of its keys: from and to in Batch.owners
	end    int     // of what was made at home, in Batch.local
	muted  bool    // the client wants no reply
}

// begin makes b that of c.
func (b *Batch) begin(c *Client) {
	b.client = c
	if b.parcels == nil {
		b.parcels = make([]*Parcel, c.engine.cfg.Shards)
	}
}

// keepBatch is how many bytes of replies or requests a Batch keeps memory for.
const keepBatch = 64 << 10

// Reset makes b ready for another Route. All its parcels must be back.
func (b *Batch) Reset() {
	for i, p := range b.parcels {
		if p != nil && (cap(p.args) > keepBatch || cap(p.replies) > 2*keepBatch) {
			b.parcels[i] = nil
		} else if p != nil {
			p.reset()
		}
	}
	if cap(b.local) > 2*keepBatch {
		b.local = nil
	}
	b.client, b.args, b.facts = nil, nil, nil
	b.local, b.slots, b.owners = b.local[:0], b.slots[:0], b.owners[:0]
	b.at, b.localAt, b.size, b.alone, b.tells = 0, 0, 0, false, false
}

func (b *Batch) empty(out int) bool { return out == 0 && len(b.slots) == 0 }

// made says that home has made replies up to end.
func (b *Batch) made(end int) {
	home := b.client.engine.cfg.Shard
	switch n := len(b.slots); {
	case n > 0 && b.slots[n-1].over == nil && b.slots[n-1].from == home:
		b.slots[n-1].end = end
	default:
		b.slots = append(b.slots, slot{from: home, end: end})
	}
}

// add adds a command, or a part of one, to the parcel of a shard.
func (b *Batch) add(shard int, cmd *command, args [][]byte, part bool) {
	p := b.parcels[shard]
	if p == nil {
		p = &Parcel{Shard: shard}
		b.parcels[shard] = p
	}
	before := len(p.args)
	p.add(b.client, cmd, args, part)
	b.size += len(p.args) - before + sliceSize
}

// Parcels yields those that have to be carried to their shards: after Route, and
// after a Merge that was not the last.
func (b *Batch) Parcels(yield func(*Parcel) bool) {
	for _, p := range b.parcels {
		if p != nil && p.left() && !yield(p) {
			return
		}
	}
}

// Tells reports whether b is a PUBLISH: clients of other shards will hear of what
// was done here before, and Merge takes pushes.
func (b *Batch) Tells() bool { return b.tells }

// Err returns that of the first parcel that has one. All must be back.
func (b *Batch) Err() error {
	for _, p := range b.parcels {
		if p != nil && p.Err != nil {
			return p.Err
		}
	}
	return nil
}

// AtHome returns the replies if none of them needs another shard.
func (b *Batch) AtHome() (out []byte, ok bool) {
	for range b.Parcels {
		return nil, false
	}
	b.client.engine.stats.output += len(b.local)
	return b.local, true
}

// Merge appends replies to out, when all parcels are back. If it is not done then
// there is more in a parcel than was to be had at once: the caller carries
// Parcels again, when the client has read what it was sent, and calls Merge again.
// So a client that does not read holds, for each shard, at most
// Config.OutputSoft and one reply.
func (b *Batch) Merge(now int64, out []byte) (_ []byte, done bool) {
	e, c := b.client.engine, b.client
	if b.tells && b.at == 0 {
		out = c.TakePushes(out) // what a client publishes to itself comes before the reply
	}
	x := &e.call
	x.client, x.now, x.out = c, now, out
	for b.at < len(b.slots) && b.has(&b.slots[b.at]) {
		s := &b.slots[b.at]
		b.at++
		mark := len(x.out)
		switch {
		case s.over != nil:
			b.combine(x, s)
		case s.from == e.cfg.Shard:
			x.out = append(x.out, b.local[b.localAt:s.end]...)
			b.localAt = s.end
		default:
			p := b.parcels[s.from]
			x.out = append(x.out, p.take()...)
			if p.moved {
				c.db = p.db
			}
		}
		if s.muted {
			x.out = x.out[:mark]
		}
	}
	out2 := x.out
	x.client, x.args, x.out = nil, nil, nil
	e.stats.output += len(out2) - len(out)
	return out2, b.at == len(b.slots)
}

// has reports whether all the replies are there that s needs.
func (b *Batch) has(s *slot) bool {
	home := b.client.engine.cfg.Shard
	if s.over == nil {
		return s.from == home || b.parcels[s.from].ready()
	}
	for shard, p := range b.parcels {
		if s.shards&(1<<shard) != 0 && shard != home && !p.ready() {
			return false
		}
	}
	return true
}

// combine makes one reply of the parts.
func (b *Batch) combine(x *call, s *slot) {
	g := gathered{args: b.args, owners: b.owners[s.owners[0]:s.owners[1]]}
	var parts [MaxShards][]byte
	for shard, p := range b.parcels {
		switch {
		case s.shards&(1<<shard) == 0:
		case shard == x.engine.cfg.Shard:
			parts[shard] = b.local[b.localAt:s.end]
			b.localAt = s.end
			g.facts = append(g.facts, b.facts)
		default:
			parts[shard] = p.take()
			g.facts = append(g.facts, p.facts)
		}
	}
	g.parts = parts[:len(b.parcels)]
	if !s.over.lenient {
		for _, part := range g.parts {
			if len(part) > 0 && part[0] == '-' {
				x.out = append(x.out, part...)
				return
			}
		}
	}
	s.over.combine(x, &g)
}

func cloneArgs(args [][]byte) [][]byte {
	clone := make([][]byte, len(args))
	for i, arg := range args {
		clone[i] = bytes.Clone(arg)
	}
	return clone
}

// A Parcel is commands for another shard: its Engine's Serve executes them. It
// belongs to one goroutine at a time, that which has it.
type Parcel struct {
	Shard int // that it is for

	// Err may be set by who carries it: the replies are not to be given, as what
	// they tell of may be lost.
	Err error

	client  uint64
	args    []byte // of all commands, one after the other
	ends    []int  // of each argument
	entries []entryOf
	next    int // the first command that is not executed
	arg     int // its first argument

	replies []byte
	marks   []int // the end of each reply
	taken   int   // how many were taken

	tx    *transaction // that EXEC is to execute
	db    int          // that EXEC has left selected
	moved bool         // there was an EXEC
	facts *census      // the shard's part of INFO
}

// entryOf is a command in a parcel.
type entryOf struct {
	cmd   int // Engine.all
	args  int
	db    int
	proto resp.Proto
	part  bool
}

func (p *Parcel) add(c *Client, cmd *command, args [][]byte, part bool) {
	p.client = c.id
	for _, arg := range args {
		p.args = append(p.args, arg...)
		p.ends = append(p.ends, len(p.args))
	}
	p.entries = append(p.entries, entryOf{cmd.index, len(args), c.db, c.proto, part})
}

func (p *Parcel) reset() {
	*p = Parcel{Shard: p.Shard, args: p.args[:0], ends: p.ends[:0], entries: p.entries[:0],
		replies: p.replies[:0], marks: p.marks[:0]}
}

// left reports whether there is something to be executed, and nothing to be taken
// before.
func (p *Parcel) left() bool { return p.next < len(p.entries) && !p.ready() }

// ready reports whether there is a reply to be taken.
func (p *Parcel) ready() bool { return p.taken < len(p.marks) }

// take returns the next reply.
func (p *Parcel) take() []byte {
	from := 0
	if p.taken > 0 {
		from = p.marks[p.taken-1]
	}
	p.taken++
	return p.replies[from:p.marks[p.taken-1]]
}

// command returns the next command with its arguments, which are put into buf.
func (p *Parcel) command(buf [][]byte) (entryOf, [][]byte) {
	en := p.entries[p.next]
	p.next++
	from := 0
	if p.arg > 0 {
		from = p.ends[p.arg-1]
	}
	for range en.args {
		end := p.ends[p.arg]
		buf = append(buf, p.args[from:end:end])
		from = end
		p.arg++
	}
	return en, buf
}
