package engine

import (
	"github.com/rouse-go/rouse/examples/kvd/internal/resp"
	"github.com/rouse-go/rouse/examples/kvd/internal/store"
)

// Serve executes what clients of another shard want of this one, until there are
// Config.OutputSoft bytes of replies. Then the parcel has to go back.
func (e *Engine) Serve(now int64, p *Parcel) {
	if e.cfg.Start == 0 {
		e.cfg.Start = now
	}
	x := &e.call
	x.now, x.out = now, p.replies[:0]
	p.marks, p.taken = p.marks[:0], 0
	for fetched := p.next; p.next < len(p.entries) && len(x.out) < e.cfg.OutputSoft; {
		if p.next == fetched {
			fetched = e.prefetch(p)
		}
		var en entryOf
		en, x.args = p.command(e.served[:0])
		e.served = x.args[:0]
		x.cmd = e.all[en.cmd]
		x.client = e.visits(p, x.cmd)
		x.client.db, x.client.proto = en.db, en.proto
		switch {
		case x.refused(x.cmd):
		case en.part:
			x.performPart()
			p.facts, x.facts = x.facts, nil
		case p.tx != nil:
			x.execFor(p)
		default:
			x.run()
		}
		p.marks = append(p.marks, len(x.out))
	}
	p.replies = x.out
	clear(e.served[:cap(e.served)])
	if cap(e.served) > keepEffects {
		e.served = nil
	}
	x.client, x.args, x.out = nil, nil, nil
}

// prefetchFrom is how many keys a database must have for Serve to prefetch: fewer
// are in the processor's caches anyway.
const prefetchFrom = 1 << 12

// prefetch has the store prefetch the keys of the next commands, which unlike those
// of a client at home are known before the first of them is executed. It returns
// up to which command it did.
func (e *Engine) prefetch(p *Parcel) (until int) {
	db := p.entries[p.next].db
	if e.dbs[db].Len() < e.prefetchFrom {
		return p.next + 1
	}
	var keys [store.PrefetchMost][]byte
	n := 0
	next, arg := p.next, p.arg
	for p.next < len(p.entries) && p.entries[p.next].db == db && n < len(keys) {
		en, args := p.command(e.served[:0])
		e.served = args[:0]
		e.all[en.cmd].keyArgs(args, func(key []byte) {
			if n < len(keys) {
				keys[n] = key
				n++
			}
		})
	}
	until, p.next, p.arg = p.next, next, arg
	if n > 1 {
		e.dbs[db].Prefetch(keys[:n])
	}
	return until
}

// visits returns the client on whose behalf cmd is executed: one for all, but for
// those that watch keys here.
func (e *Engine) visits(p *Parcel, cmd *command) *Client {
	if cmd.over != overWatch && (p.tx == nil || !p.tx.guest) {
		return &e.visitor
	}
	guest := e.guests[p.client]
	if guest == nil {
		guest = &Client{engine: e, proto: resp.RESP2}
		e.guests[p.client] = guest
	}
	return guest
}

// execFor executes the transaction that the parcel brings, of keys that are all
// of this shard.
func (x *call) execFor(p *Parcel) {
	c := x.client
	if c.tx == nil {
		c.tx = &transaction{}
	}
	c.tx.queueing, c.tx.queue = true, p.tx.queue
	for i := range c.tx.queue {
		q := &c.tx.queue[i]
		q.cmd = x.engine.all[q.cmd.index] // ours
	}
	x.run()
	p.db, p.moved, p.tx = c.db, true, nil
	delete(x.engine.guests, p.client)
}

// Forget is told that a client of another shard does not watch keys of this one
// any more.
func (e *Engine) Forget(client uint64) {
	if guest := e.guests[client]; guest != nil {
		guest.discard()
		delete(e.guests, client)
	}
}
