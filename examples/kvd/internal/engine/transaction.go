package engine

import (
	"bytes"
	"slices"
)

// A transaction is what a client has queued since MULTI, or watches for one.
type transaction struct {
	queueing bool // MULTI was called
	aborted  bool // a command could not be queued
	dirty    bool // a watched key was changed
	queue    []queued
	size     int // bytes that queue takes
	watched  []watched

	// With several shards a transaction is of one, from its first key on.
	pinned bool
	shard  int
	guest  bool // the watched keys are kept there, see Engine.guests
}

type queued struct {
	cmd  *command
	args [][]byte
}

// A watchedKey is a key of a database.
type watchedKey struct {
	db  int
	key string
}

// A watched is a key that a client watches, and whether it existed then: if so
// and it does not any more, it may have expired without anybody touching it.
type watched struct {
	watchedKey
	existed bool
}

func (c *Client) queueing() bool { return c.tx != nil && c.tx.queueing }

// abort makes EXEC fail, as a command could not be queued.
func (c *Client) abort() {
	if c.queueing() {
		c.tx.aborted = true
	}
}

// discard forgets the transaction and what it watches.
func (c *Client) discard() {
	if c.tx == nil {
		return
	}
	e := c.engine
	if c.tx.guest {
		e.cfg.Forget(c.tx.shard, c.id)
	}
	for _, w := range c.tx.watched {
		others := slices.DeleteFunc(e.watchers[w.watchedKey], func(o *Client) bool { return o == c })
		if len(others) == 0 {
			delete(e.watchers, w.watchedKey)
		} else {
			e.watchers[w.watchedKey] = others
		}
	}
	c.tx = nil
}

// sliceSize is what an argument takes besides its bytes.
const sliceSize = 24

// queue keeps the command for EXEC. A client that queues more than it could
// send at once is closed, like one that does send that.
func (x *call) queue() {
	tx := x.client.tx
	args := make([][]byte, len(x.args))
	for i, arg := range x.args {
		args[i] = bytes.Clone(arg)
		tx.size += len(arg) + sliceSize
	}
	tx.queue = append(tx.queue, queued{x.cmd, args})
	if tx.size > x.engine.cfg.MaxQueryBuffer {
		x.error("ERR transaction too big")
		x.client.closing = true
		return
	}
	x.simple("QUEUED")
}

func multi(x *call) {
	c := x.client
	if c.queueing() {
		x.error("ERR MULTI calls can not be nested")
		return
	}
	if c.tx == nil {
		c.tx = &transaction{}
	}
	c.tx.queueing = true
	x.ok()
}

func discard(x *call) {
	if !x.client.queueing() {
		x.error("ERR DISCARD without MULTI")
		return
	}
	x.client.discard()
	x.ok()
}

func execCommand(x *call) {
	c := x.client
	if !c.queueing() {
		x.error("ERR EXEC without MULTI")
		return
	}
	tx := c.tx
	dirty := tx.dirty || x.expiredWatch(tx)
	c.discard()
	switch {
	case tx.aborted:
		x.error("EXECABORT Transaction discarded because of previous errors.")
		return
	case dirty:
		x.nullArray()
		return
	}
	for _, q := range tx.queue {
		if why := x.refusal(q.cmd); why != "" {
			x.error("EXECABORT Transaction discarded because of: " + why)
			return
		}
	}
	self, args := x.cmd, x.args
	x.array(len(tx.queue))
	for _, q := range tx.queue {
		x.cmd, x.args = q.cmd, q.args
		x.run()
	}
	x.cmd, x.args, x.changed = self, args, false
}

func watch(x *call) {
	c := x.client
	if c.queueing() {
		x.error("ERR WATCH inside MULTI is not allowed")
		return
	}
	if c.tx == nil {
		c.tx = &transaction{}
	}
	for _, arg := range x.args[1:] {
		key := watchedKey{c.db, string(arg)}
		if slices.ContainsFunc(c.tx.watched, func(w watched) bool { return w.watchedKey == key }) {
			continue
		}
		c.tx.watched = append(c.tx.watched, watched{key, x.db.Find(x.now, arg) != nil})
		x.engine.watchers[key] = append(x.engine.watchers[key], c)
	}
	x.ok()
}

func unwatch(x *call) {
	x.client.discard()
	x.ok()
}

// expiredWatch reports whether a watched key is gone.
func (x *call) expiredWatch(tx *transaction) bool {
	return slices.ContainsFunc(tx.watched, func(w watched) bool {
		return w.existed && x.engine.dbs[w.db].Find(x.now, []byte(w.key)) == nil
	})
}

// touch tells those who watch a key of the client's database that it changed.
func (x *call) touch(key []byte) {
	for _, c := range x.engine.watchers[watchedKey{x.client.db, string(key)}] {
		c.tx.dirty = true
	}
}

// touchDB is touch for all the keys that a database is about to lose.
func (x *call) touchDB(n int) {
	db := x.engine.dbs[n]
	for key, clients := range x.engine.watchers { // in any order: it only marks
		if key.db == n && db.Find(x.now, []byte(key.key)) != nil {
			for _, c := range clients {
				c.tx.dirty = true
			}
		}
	}
}
