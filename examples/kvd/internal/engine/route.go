package engine

import (
	"github.com/rouse-go/rouse/examples/kvd/internal/resp"
	"github.com/rouse-go/rouse/examples/kvd/internal/store"
)

// With several shards each has an Engine, and a client belongs to one of them,
// its home. What concerns other shards is put into Parcels, which somebody has to
// carry to their Engines and back. Requests to one shard stay in order; requests
// to different ones may be executed in any order, and their replies are merged
// into that of the requests. A command that concerns all shards waits until
// everything before it is done, and what follows waits for it.

// MaxShards is how many shards there may be.
const MaxShards = 64

// Route is Feed for an Engine that has one of several shards. It executes what
// concerns this shard alone, and leaves in b, which must be fresh or Reset, the
// replies and the rest: send b.Parcels() off, and when all are back call b.Merge.
// Until that is done the client must not be routed again. Unlike Feed it does not
// take pushes.
//
// It stops, too, when what it holds of requests comes to Config.OutputSoft, and
// around a command that has to be alone.
func (c *Client) Route(now int64, in []byte, b *Batch) (consumed int, more bool) {
	e := c.engine
	if c.since == 0 {
		c.since = now
	}
	c.active = now
	if e.cfg.Start == 0 {
		e.cfg.Start = now
	}
	b.begin(c)
	x := &e.call
	x.client, x.now, x.out = c, now, b.local[:0]
	for !c.closing && consumed < len(in) {
		if b.alone || len(x.out)+b.size >= e.cfg.OutputSoft {
			more = true
			break
		}
		args, n, err := e.parser.Next(&c.progress, in[consumed:])
		if err != nil {
			x.error("ERR " + err.Error())
			b.made(len(x.out))
			c.closing = true
		} else if n == 0 {
			break
		}
		if len(args) > 0 && !x.route(b, args) {
			more = true
			break
		}
		consumed += n
	}
	b.local = x.out
	x.client, x.args, x.out = nil, nil, nil
	if c.closing {
		consumed, more = len(in), false
	}
	c.rest = len(in) - consumed
	e.stats.input += consumed
	return consumed, more
}

// route executes the command that args call, or leaves it to others. It returns
// false if it must be the first of a batch and would not be.
func (x *call) route(b *Batch, args [][]byte) bool {
	e, c := x.engine, x.client
	cmd, problem := e.command(args)
	x.cmd, x.args = cmd, args
	switch {
	case cmd == nil || c.proto == resp.RESP2 && cmd.flags&pubsub == 0 && c.subscribed():
		x.here(b, problem)
	case c.queueing() && cmd.flags&direct == 0:
		if why := x.pin(); why != "" {
			c.abort()
			x.fail(b, why)
		} else {
			x.here(b, "")
		}
	case cmd.over != nil && cmd.over.route != nil:
		return cmd.over.route(x, b)
	case cmd.over != nil && !cmd.over.byKey:
		return x.everywhere(b)
	case cmd.keys == noKeys || cmd.keys == pairKeys && len(args)%2 == 0: // the latter is an error
		x.here(b, "")
	default:
		switch shard, one := x.owner(); {
		case one && shard == e.cfg.Shard:
			x.here(b, "")
		case one:
			x.there(b, shard)
		case cmd.over != nil:
			x.divide(b)
		default:
			x.fail(b, errCrossShard)
		}
	}
	return true
}

// owner returns the shard of the first key of x.args, and whether all the others
// are of the same.
func (x *call) owner() (shard int, one bool) {
	shard, one = -1, true
	x.cmd.keyArgs(x.args, func(key []byte) {
		switch s := store.Shard(key, x.engine.cfg.Shards); {
		case shard < 0:
			shard = s
		case s != shard:
			one = false
		}
	})
	return shard, one
}

// here executes the command at home, or replies the problem.
func (x *call) here(b *Batch, problem string) {
	x.do(x.cmd, problem, x.args)
	b.made(len(x.out))
}

// fail replies why the command is not executed.
func (x *call) fail(b *Batch, why string) {
	mark := len(x.out)
	x.error(why)
	if x.client.muted != loud {
		x.mute(mark)
	}
	b.made(len(x.out))
}

// there leaves the command to another shard.
func (x *call) there(b *Batch, shard int) {
	b.add(shard, x.cmd, x.args, false)
	b.slots = append(b.slots, slot{from: shard, muted: x.silent()})
	x.client.last = x.cmd
}

// silent reports whether the client wants no reply to the present command.
func (x *call) silent() bool {
	muted := x.client.muted != loud
	if muted {
		x.mute(len(x.out))
	}
	return muted
}

// divide gives each shard that part of the command which concerns its keys.
func (x *call) divide(b *Batch) {
	x.count()
	e, args := x.engine, x.args
	s, first := slot{over: x.cmd.over}, len(b.owners)
	x.cmd.keyArgs(args, func(key []byte) {
		owner := store.Shard(key, e.cfg.Shards)
		b.owners = append(b.owners, uint8(owner))
		s.shards |= 1 << owner
	})
	s.owners = [2]int{first, len(b.owners)}
	step := x.cmd.keys.step
	for shard := range e.cfg.Shards {
		if s.shards&(1<<shard) == 0 {
			continue
		}
		part := append(b.scratch[:0], args[0])
		for i, owner := range b.owners[first:] {
			if int(owner) == shard {
				part = append(part, args[1+i*step:1+(i+1)*step]...)
			}
		}
		x.part(b, shard, part)
		clear(part)
		b.scratch = part[:0]
	}
	s.end, s.muted = len(x.out), x.silent()
	b.slots = append(b.slots, s)
}

// everywhere gives the command to all shards, as a batch of its own.
func (x *call) everywhere(b *Batch) bool {
	if !b.empty(len(x.out)) {
		return false
	}
	b.alone, b.tells = true, x.cmd.over.tells
	x.count()
	if x.cmd.over.keepArgs {
		b.args = cloneArgs(x.args)
	}
	args := x.args
	for shard := range x.engine.cfg.Shards {
		x.part(b, shard, args)
	}
	s := slot{over: x.cmd.over, shards: 1<<x.engine.cfg.Shards - 1, end: len(x.out)}
	s.muted = x.silent()
	b.slots = append(b.slots, s)
	return true
}

// routeLast executes the command at home, when all before it is done everywhere.
func routeLast(x *call, b *Batch) bool {
	if !b.empty(len(x.out)) {
		return false
	}
	x.here(b, "")
	return true
}

// part executes a shard's part of the command, or leaves it to that shard.
func (x *call) part(b *Batch, shard int, args [][]byte) {
	if shard != x.engine.cfg.Shard {
		b.add(shard, x.cmd, args, true)
		return
	}
	x.args = args
	if !x.refused(x.cmd) {
		x.performPart()
	}
	b.facts, x.facts = x.facts, nil
}

func (x *call) performPart() {
	run := x.cmd.run
	if x.cmd.over.part != nil {
		run = x.cmd.over.part
	}
	x.perform(run)
}
