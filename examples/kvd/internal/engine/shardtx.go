package engine

// The errors of commands that would need several shards at once.
const (
	errCrossShard    = "CROSSSHARD Keys in request are of different shards; with kvd -cores give them a common {tag}"
	errCrossShardTx  = "CROSSSHARD A transaction's keys must all be of one shard; with kvd -cores give them a common {tag}"
	errAllShardsInTx = "CROSSSHARD This command can't be in a transaction with kvd -cores: it has no key that says of which shard"
)

// A transaction of several shards at once would have to lock them. So it is one
// of a single shard, that of its first key, whether watched or queued, and what
// does not belong there is refused when it is queued.

// pin makes the transaction one of the command's shard, or says why not.
func (x *call) pin() string {
	tx := x.client.tx
	if x.cmd.keys == noKeys {
		if x.cmd.flags&anywhere == 0 {
			return errAllShardsInTx
		}
		return ""
	}
	shard, one := x.owner()
	if !one || tx.pinned && tx.shard != shard {
		return errCrossShardTx
	}
	tx.pinned, tx.shard = true, shard
	return ""
}

// ofOthers reports whether the command is queued for a transaction of another
// shard, whose Journal is asked when it is executed.
func (x *call) ofOthers() bool {
	c := x.client
	return c.queueing() && x.cmd.flags&direct == 0 && c.tx.pinned && c.tx.shard != x.engine.cfg.Shard
}

// routeWatch has the keys watched by the shard that has them.
func routeWatch(x *call, b *Batch) bool {
	e, c := x.engine, x.client
	if c.queueing() {
		x.here(b, "")
		return true
	}
	shard, one := x.owner()
	if !one || c.tx != nil && c.tx.pinned && c.tx.shard != shard {
		x.fail(b, errCrossShardTx)
		return true
	}
	if shard != e.cfg.Shard && !b.empty(len(x.out)) {
		return false
	}
	if c.tx == nil {
		c.tx = &transaction{}
	}
	c.tx.pinned, c.tx.shard = true, shard
	if shard == e.cfg.Shard {
		x.here(b, "")
		return true
	}
	c.tx.guest = true
	b.alone = true // so that Forget can't overtake it
	x.there(b, shard)
	return true
}

// routeExec has the transaction executed by the shard whose keys it has.
func routeExec(x *call, b *Batch) bool {
	c := x.client
	tx := c.tx
	if !c.queueing() || tx.aborted || !tx.pinned || tx.shard == x.engine.cfg.Shard {
		x.here(b, "")
		return true
	}
	if !b.empty(len(x.out)) {
		return false
	}
	b.alone = true
	c.tx = nil
	x.there(b, tx.shard)
	b.parcels[tx.shard].tx = tx
	return true
}

// routeScan has the shard scan whose turn it is, see nextShard.
func routeScan(x *call, b *Batch) bool {
	mark := len(x.out)
	cursor, ok := x.cursor(1)
	x.out = x.out[:mark]
	shard := int(cursor % uint64(x.engine.cfg.Shards))
	if !ok || shard == x.engine.cfg.Shard {
		x.here(b, "")
	} else {
		x.there(b, shard)
	}
	return true
}
