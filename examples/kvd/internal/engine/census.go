package engine

// A census is what INFO counts in one shard, taken at one moment: INFO adds up
// those of all. It shares nothing with the Engine, so another may read it.
type census struct {
	stats
	clients     int
	subscribers int
	channels    []string
	patterns    []string
	keys        [databases]int
	expiring    [databases]int
	calls       []int          // by command, in the order of Engine.all
	journal     *JournalStatus // nil: there is none
}

func (e *Engine) census() *census {
	c := &census{stats: e.stats, clients: len(e.clients)}
	c.expired = e.expired() - e.stats.expired
	for _, client := range e.clients { // in any order, as they are counted
		if client.subscribed() {
			c.subscribers++
		}
	}
	for name := range e.channels.All() {
		c.channels = append(c.channels, name)
	}
	for name := range e.patterns.All() {
		c.patterns = append(c.patterns, name)
	}
	for i, db := range e.dbs {
		c.keys[i], c.expiring[i] = db.Len(), db.Expiring()
	}
	for _, cmd := range e.all {
		c.calls = append(c.calls, cmd.calls)
	}
	if e.journal != nil {
		status := e.journal.Status()
		c.journal = &status
	}
	return c
}

// add makes c the sum of both, but for the names, which are united.
func (c *census) add(o *census) {
	c.connections += o.connections
	c.commands += o.commands
	c.input += o.input
	c.output += o.output
	c.hits += o.hits
	c.misses += o.misses
	c.expired += o.expired
	c.overflows += o.overflows
	c.clients += o.clients
	c.subscribers += o.subscribers
	c.channels = unite(c.channels, o.channels)
	c.patterns = unite(c.patterns, o.patterns)
	for i := range c.keys {
		c.keys[i] += o.keys[i]
		c.expiring[i] += o.expiring[i]
	}
	for i := range c.calls {
		c.calls[i] += o.calls[i]
	}
	if c.journal != nil {
		c.journal.add(o.journal)
	}
}

func unite(a, b []string) []string {
	have := make(map[string]bool, len(a))
	for _, s := range a {
		have[s] = true
	}
	for _, s := range b {
		if !have[s] {
			a = append(a, s)
		}
	}
	return a
}

// size is the number of keys of all databases.
func (c *census) size() (n int) {
	for _, k := range c.keys {
		n += k
	}
	return n
}
