// Package engine executes Redis commands. It is a pure state machine: bytes of
// requests and the time go in, bytes of replies come out. It does no I/O, reads
// no clock, starts no goroutine, takes no lock, and nothing it answers depends
// on the order of a Go map or on a random seed it chose itself, so the same
// inputs always give the same bytes. All methods of an Engine and of its
// clients belong to one executor thread.
package engine

import (
	"cmp"

	"github.com/rouse-go/rouse/examples/kvd/internal/resp"
	"github.com/rouse-go/rouse/examples/kvd/internal/store"
)

// databases is how many there are to SELECT from.
const databases = 16

// A Config sets up an Engine. The zero value means the defaults.
type Config struct {
	Version        string        // of the server program, for INFO
	Port           int           // for INFO and CONFIG GET
	Start          int64         // unix milliseconds; 0: the time of the first Feed
	Seed           uint64        // of the hash tables and of RANDOMKEY and its like
	Wake           func(*Client) // see Client.TakePushes; nil: nobody to wake
	Memory         func() uint64 // bytes of memory in use, for INFO; nil: not reported
	OutputSoft     int           // stop executing when the replies hold this much; 64 KiB
	MaxBulk        int           // longest argument and longest string value; 512 MiB
	MaxArgs        int           // most arguments of one request; 1024*1024
	MaxQueryBuffer int           // largest request, and largest transaction; 1 GiB
	PushLimit      int           // most bytes of pushes a client may leave untaken; 8 MiB
	Shutdown       func()        // SHUTDOWN was called; nil: it can't be

	// With Shards above 1, up to MaxShards, the Engine has the keys of Shard,
	// counted from 0, and its clients call Route instead of Feed. Forget is told
	// of a client that does not watch keys of another shard any more: that
	// one's Engine.Forget has to be called, after what was routed before.
	Shards, Shard int
	Forget        func(shard int, client uint64)
}

// An Engine is one server: its databases, its clients and their subscriptions.
type Engine struct {
	cfg      Config
	parser   *resp.Parser
	commands map[string]*command
	ordered  []*command // the same, in the order of the table
	all      []*command // with the subcommands, for Parcel
	dbs      [databases]*store.DB
	clients  map[uint64]*Client
	nextID   uint64
	channels *store.Table[topic]
	patterns *store.Table[topic]
	watchers map[watchedKey][]*Client
	rng      store.Rand
	stats    stats
	call     call // the one command being executed

	visitor Client             // on whose behalf Serve executes
	guests  map[uint64]*Client // clients of other shards that watch keys here
	served  [][]byte           // memory for the arguments of Serve

	prefetchFrom int // see there; tests have less

	journal   Journal   // nil: changes are not told
	snapshot  *Snapshot // in progress, or nil
	snapshots uint32    // begun so far
	replayer  Client    // on whose behalf Replay executes
	replies   []byte    // memory for the replies to that
}

// stats are the counters of INFO that CONFIG RESETSTAT sets to zero.
type stats struct {
	connections int
	commands    int
	input       int
	output      int
	hits        int
	misses      int
	expired     int // keys expired before the counters were reset
	overflows   int
}

// New returns an empty server.
func New(cfg Config) *Engine {
	cfg.OutputSoft = cmp.Or(cfg.OutputSoft, 64<<10)
	cfg.MaxBulk = cmp.Or(cfg.MaxBulk, resp.DefaultMaxBulk)
	cfg.MaxArgs = cmp.Or(cfg.MaxArgs, resp.DefaultMaxArgs)
	cfg.MaxQueryBuffer = cmp.Or(cfg.MaxQueryBuffer, resp.DefaultMaxRequest)
	cfg.PushLimit = cmp.Or(cfg.PushLimit, 8<<20)
	cfg.Shards = max(cfg.Shards, 1)
	if cfg.Wake == nil {
		cfg.Wake = func(*Client) {}
	}
	e := &Engine{
		cfg:      cfg,
		parser:   &resp.Parser{MaxBulk: cfg.MaxBulk, MaxArgs: cfg.MaxArgs, MaxRequest: cfg.MaxQueryBuffer},
		commands: map[string]*command{},
		clients:  map[uint64]*Client{},
		channels: store.NewTable[topic](cfg.Seed),
		patterns: store.NewTable[topic](cfg.Seed),
		watchers: map[watchedKey][]*Client{},
		rng:      store.Rand{State: cfg.Seed},
		nextID:   uint64(cfg.Shard) + 1,
	}
	for i := range e.dbs {
		e.dbs[i] = store.NewDB(cfg.Seed)
	}
	e.call.engine = e
	table := commandTable()
	for i := range table {
		cmd := &table[i]
		e.commands[cmd.name] = cmd
		e.ordered = append(e.ordered, cmd)
		e.number(cmd)
		for j := range cmd.subs {
			e.number(&cmd.subs[j])
		}
	}
	e.visitor.engine = e
	e.prefetchFrom = prefetchFrom
	e.guests = map[uint64]*Client{}
	return e
}

// number gives cmd its index.
func (e *Engine) number(cmd *command) {
	cmd.index = len(e.all)
	e.all = append(e.all, cmd)
}

// Connect adds a client. Ids count from 1; each shard has its own.
func (e *Engine) Connect(addr, laddr string) *Client {
	e.stats.connections++
	c := &Client{engine: e, id: e.nextID, addr: addr, laddr: laddr, proto: resp.RESP2}
	e.nextID += uint64(e.cfg.Shards)
	e.clients[c.id] = c
	return c
}

// Disconnect forgets c and its subscriptions. It is idempotent.
func (e *Engine) Disconnect(c *Client) {
	if e.clients[c.id] != c {
		return
	}
	c.unsubscribeAll()
	c.discard()
	c.closing, c.pushes = true, nil
	delete(e.clients, c.id)
}

// NextExpiry returns the unix time in milliseconds when the next key expires.
func (e *Engine) NextExpiry() (unixMs int64, ok bool) {
	for _, db := range e.dbs {
		if at, some := db.NextExpiry(); some && (!ok || at < unixMs) {
			unixMs, ok = at, true
		}
	}
	return unixMs, ok
}

// ExpireDue removes at most max keys whose time has come and returns how many.
func (e *Engine) ExpireDue(now int64, max int) int {
	n := 0
	for _, db := range e.dbs {
		n += db.ExpireDue(now, max-n)
	}
	return n
}
