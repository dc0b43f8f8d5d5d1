package engine

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rouse-go/rouse/examples/kvd/internal/store"
)

// A tape is a Journal in memory.
type tape struct {
	commands []taped
	refuse   string // reads and writes, or only writes
	reads    bool
	rewrites int
}

type taped struct {
	db   int
	args [][]byte
}

func (r *tape) Append(db int, args [][]byte) {
	c := taped{db: db}
	for _, arg := range args {
		c.args = append(c.args, bytes.Clone(arg))
	}
	r.commands = append(r.commands, c)
}

func (r *tape) Expired(db int, key string) { r.Append(db, [][]byte{[]byte("DEL"), []byte(key)}) }

func (r *tape) Refusal(write bool) string {
	if write || r.reads {
		return r.refuse
	}
	return ""
}

func (r *tape) Rewrite() string {
	r.rewrites++
	return ""
}

func (r *tape) Policy() string        { return "always" }
func (r *tape) Status() JournalStatus { return JournalStatus{Rewrites: r.rewrites, Size: 7} }

func (r *tape) String() string {
	var b strings.Builder
	for _, c := range r.commands {
		fmt.Fprintf(&b, "%d:", c.db)
		for _, arg := range c.args {
			fmt.Fprintf(&b, " %s", arg)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// replayed is an engine made of what was told.
func replayed(t *testing.T, parts ...*tape) *Engine {
	t.Helper()
	e := New(Config{Seed: 99})
	for _, r := range parts {
		for i, c := range r.commands {
			if err := e.Replay(c.db, c.args); err != nil {
				t.Fatalf("command %d, %.200q: %v", i, c.args, err)
			}
		}
	}
	return e
}

// content lists everything that is alive, in an order of its own.
func content(e *Engine, now int64) []string {
	var all []string
	for i, db := range e.dbs {
		for entry := range db.All(now) {
			at, _ := db.Deadline(entry)
			var parts []string
			switch data := entry.Value.Data().(type) {
			case *store.List:
				for v := range data.Range(0, data.Len()) {
					parts = append(parts, v)
				}
			case *store.Hash:
				for name, v := range data.All() {
					parts = append(parts, name+"="+string(*v))
				}
				slices.Sort(parts)
			case *store.Set:
				for member := range data.All() {
					parts = append(parts, member)
				}
				slices.Sort(parts)
			default:
				parts = append(parts, string(entry.Value.Bytes()))
			}
			all = append(all, fmt.Sprintf("%d %q %v %d %q", i, entry.Key(), entry.Value.Kind(), at, parts))
		}
	}
	slices.Sort(all)
	return all
}

func sameContent(t *testing.T, what string, got, want *Engine, now int64) {
	t.Helper()
	g, w := content(got, now), content(want, now)
	if slices.Equal(g, w) {
		return
	}
	for _, line := range w {
		if !slices.Contains(g, line) {
			t.Errorf("%s: missing: %.300s", what, line)
		}
	}
	for _, line := range g {
		if !slices.Contains(w, line) {
			t.Errorf("%s: too much: %.300s", what, line)
		}
	}
	t.FailNow()
}

// Whatever the transcripts do, the journal does again.
func TestTranscriptsAreReplayed(t *testing.T) {
	for _, name := range transcripts(t) {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txt"), func(t *testing.T) {
			r := newReplay()
			journal := &tape{}
			r.engine.SetJournal(journal)
			for _, s := range readTranscript(t, name) {
				before := len(journal.commands)
				r.do(t, s)
				sameContent(t, s.request, replayed(t, journal), r.engine, r.now)
				if cmd := r.engine.commands[strings.ToLower(firstWord(s.text))]; cmd != nil && cmd.flags&read != 0 {
					for _, c := range journal.commands[before:] {
						if string(c.args[0]) != "DEL" {
							t.Errorf("%s is told as %q", s.request, c.args)
						}
					}
				}
			}
		})
	}
}

func firstWord(s string) string {
	word, _, _ := strings.Cut(s, " ")
	return word
}

// Commands that depend on the clock, on chance or on an engine's arithmetic are
// told by what they did.
func TestToldByEffect(t *testing.T) {
	for _, c := range []struct{ setup, command, told string }{
		{"", "SET k v", "0: SET k v\n"},
		{"", "set k v EX 10", "0: SET k v PXAT 11000\n"},
		{"", "SET k v PX 10", "0: SET k v PXAT 1010\n"},
		{"", "SET k v EXAT 10", "0: SET k v PXAT 10000\n"},
		{"", "SET k v KEEPTTL", "0: SET k v KEEPTTL\n"},
		{"", "SET k v NX GET", "0: SET k v\n"},
		{"SET k v", "SET k w NX", ""},
		{"", "SETNX k v", "0: SET k v\n"},
		{"", "SETEX k 10 v", "0: SET k v PXAT 11000\n"},
		{"", "PSETEX k 10 v", "0: SET k v PXAT 1010\n"},
		{"", "MSETNX a 1 b 2", "0: MSET a 1 b 2\n"},
		{"", "GETSET k v", "0: SET k v\n"},
		{"SET k v", "GETDEL k", "0: DEL k\n"},
		{"SET k v", "GETEX k", ""},
		{"SET k v", "GETEX k PERSIST", ""},
		{"SET k v EX 10", "GETEX k PERSIST", "0: PERSIST k\n"},
		{"SET k v", "GETEX k EX 5", "0: PEXPIREAT k 6000\n"},
		{"SET k v", "EXPIRE k 10", "0: PEXPIREAT k 11000\n"},
		{"SET k v", "EXPIREAT k 10", "0: PEXPIREAT k 10000\n"},
		{"SET k v", "PEXPIRE k -1", "0: DEL k\n"},
		{"SET k v", "EXPIRE k 10 XX", ""},
		{"SET k 1", "INCRBYFLOAT k 1.5", "0: SET k 2.5 KEEPTTL\n"},
		{"", "HINCRBYFLOAT h f 1.5", "0: HSET h f 1.5\n"},
		{"SADD s a", "SPOP s", "0: SREM s a\n"},
		{"SADD s a", "SPOP s 0", ""},
		{"", "INCR k", "0: INCR k\n"},
		{"RPUSH l a b c", "LPOP l 2", "0: LPOP l 2\n"},
		{"", "FLUSHALL ASYNC", "0: FLUSHALL\n"},
		{"", "flushdb", "0: flushdb\n"},
		{"SET k v", "COPY k j DB 3", "0: COPY k j DB 3\n"},
		{"SELECT 5", "APPEND k v", "5: APPEND k v\n"},
		{"", "DEL k", ""},
		{"SET k v", "LPUSH k v", ""},
		{"MULTI\nINCR a\nSET b v EX 1\nGET a", "EXEC", "0: INCR a\n0: SET b v PXAT 2000\n"},
	} {
		e := New(Config{Seed: 3})
		client := e.Connect("a", "b")
		journal := &tape{}
		e.SetJournal(journal)
		for line := range strings.SplitSeq(c.setup, "\n") {
			feed(t, client, strings.Fields(line)...)
		}
		journal.commands = nil
		feed(t, client, strings.Fields(c.command)...)
		if got := journal.String(); got != c.told {
			t.Errorf("after %q, %q is told as %q, want %q", c.setup, c.command, got, c.told)
		}
		replayed(t, journal)
	}
}

// A key that expires is told before what happens to it then, by whatever way it
// is found to be expired.
func TestExpiredKeysAreTold(t *testing.T) {
	for _, command := range []string{"GET k", "SET k w", "INCR k", "RPUSH k a", "RENAME j k", "RENAMENX j k", "COPY j k", "SCAN 0", "EXISTS k", "MSETNX k v", ""} {
		e := New(Config{Seed: 3})
		c := e.Connect("a", "b")
		journal := &tape{}
		e.SetJournal(journal)
		feed(t, c, "SET", "j", "v")
		feed(t, c, "SET", "k", "v", "PX", "10")
		in := request(strings.Fields(command)...)
		c.Feed(1010, in, nil)
		e.ExpireDue(1010, 10)
		// RENAME replaces its target, expired or not.
		if got := journal.String(); command != "RENAME j k" && !strings.HasPrefix(got, "0: SET j v\n0: SET k v PXAT 1010\n0: DEL k\n") {
			t.Errorf("%q: told %q", command, got)
		}
		sameContent(t, command, replayed(t, journal), e, 1010)
	}
}

// Random commands, a snapshot begun somewhere among them and taken step by step
// between the others: with what was told since it makes the same state.
func TestSnapshotAndJournal(t *testing.T) {
	for seed := range uint64(150) {
		rng := rand.New(rand.NewPCG(seed, 1))
		e := New(Config{Seed: seed})
		c := e.Connect("a", "b")
		now := int64(1_000_000)
		all := &tape{}
		e.SetJournal(all)
		some := func(n int) {
			for range n {
				c.Feed(now, request(randomCommand(rng, now)...), nil)
				now += int64(rng.IntN(3))
				if rng.IntN(20) == 0 {
					e.ExpireDue(now, 5)
				}
			}
		}
		some(rng.IntN(2000))
		base, since := &tape{}, &tape{}
		s := e.Snapshot(base.Append)
		e.SetJournal(since)
		for s.Step() {
			some(rng.IntN(30))
		}
		some(rng.IntN(100))
		sameContent(t, fmt.Sprint("seed ", seed), replayed(t, base, since), e, now)
		if e.snapshot != nil {
			t.Fatal("the snapshot does not end")
		}
		keys := map[string]bool{}
		for _, c := range base.commands {
			if string(c.args[0]) == "SET" {
				key := fmt.Sprint(c.db, string(c.args[1]))
				if keys[key] {
					t.Fatalf("seed %d: %s is in the snapshot twice", seed, key)
				}
				keys[key] = true
			}
		}
	}
}

func randomCommand(rng *rand.Rand, now int64) []string {
	k := func() string { return "k" + strconv.Itoa(rng.IntN(60)) }
	v := func() string { return strconv.Itoa(rng.IntN(50)) }
	at := func() string { return strconv.FormatInt(now+int64(rng.IntN(2000)), 10) }
	switch rng.IntN(26) {
	case 0:
		return []string{"SELECT", strconv.Itoa(rng.IntN(3))}
	case 1:
		return []string{"COPY", k(), k(), "DB", strconv.Itoa(rng.IntN(3)), "REPLACE"}
	case 2:
		if rng.IntN(20) == 0 {
			return []string{"FLUSHDB"}
		}
		return []string{"DEL", k(), k()}
	case 3:
		return []string{"RENAME", k(), k()}
	case 4:
		return []string{"PEXPIREAT", k(), at()}
	case 5:
		return []string{"PERSIST", k()}
	case 6:
		return []string{"SPOP", k(), "3"}
	case 7:
		return []string{"SADD", k(), v(), v(), v()}
	case 8:
		return []string{"SREM", k(), v(), v()}
	case 9:
		return []string{"HSET", k(), v(), v(), v(), v()}
	case 10:
		return []string{"HDEL", k(), v(), v()}
	case 11:
		return []string{"HINCRBYFLOAT", k(), v(), "1.25"}
	case 12:
		return []string{"RPUSH", k(), v(), v()}
	case 13:
		return []string{"LPUSH", k(), v(), v()}
	case 14:
		return []string{"LPOP", k(), "2"}
	case 15:
		return []string{"LSET", k(), "0", v()}
	case 16:
		return []string{"LINSERT", k(), "BEFORE", v(), v()}
	case 17:
		return []string{"APPEND", k(), v()}
	case 18:
		return []string{"SETRANGE", k(), "3", v()}
	case 19:
		return []string{"INCRBYFLOAT", k(), "0.1"}
	case 20:
		return []string{"SET", k(), v(), "PX", strconv.Itoa(1 + rng.IntN(500))}
	case 21:
		return []string{"MSETNX", k(), v(), k(), v()}
	case 22:
		return []string{"GETEX", k(), "PXAT", at()}
	case 23:
		return []string{"GETDEL", k()}
	case 24:
		return []string{"INCR", k()}
	}
	return []string{"SET", k(), v()}
}

// Large collections come in several commands, in order.
func TestSnapshotOfLargeCollections(t *testing.T) {
	e := New(Config{})
	c := e.Connect("a", "b")
	for i := range 2000 {
		n := strconv.Itoa(i)
		feed(t, c, "RPUSH", "l", n)
		feed(t, c, "HSET", "h", n, n+"v")
		feed(t, c, "SADD", "s", n)
	}
	feed(t, c, "RPUSH", "huge", strings.Repeat("x", 100_000), "y", strings.Repeat("z", 100_000))
	feed(t, c, "EXPIRE", "l", "100")
	base := &tape{}
	for s := e.Snapshot(base.Append); s.Step(); {
	}
	for _, cmd := range base.commands {
		if len(cmd.args) > chunkArgs+1 {
			t.Errorf("%s has %d arguments", cmd.args[0], len(cmd.args))
		}
	}
	if n := len(base.commands); n < 3*2000/chunkArgs {
		t.Errorf("%d commands", n)
	}
	sameContent(t, "large", replayed(t, base), e, 1000)
}

func TestReplayRefuses(t *testing.T) {
	e := New(Config{})
	feed(t, e.Connect("a", "b"), "SET", "k", "v")
	for _, c := range []struct {
		db   int
		line string
		want string
	}{
		{0, "", "a command without a name"},
		{16, "SET k v", "there is no database 16"},
		{0, "GET k", "GET changes nothing"},
		{0, "NOSUCH k", "ERR unknown command 'NOSUCH', with args beginning with: 'k' "},
		{0, "SET k", "ERR wrong number of arguments for 'set' command"},
		{0, "LPUSH k v", "LPUSH fails: WRONGTYPE Operation against a key holding the wrong kind of value"},
		{0, "CONFIG SET a b", "CONFIG|SET changes nothing"},
	} {
		var args [][]byte
		for _, arg := range strings.Fields(c.line) {
			args = append(args, []byte(arg))
		}
		if err := e.Replay(c.db, args); err == nil || err.Error() != c.want {
			t.Errorf("%d %s: %v, want %q", c.db, c.line, err, c.want)
		}
	}
}

// While the journal can't be written, commands that touch keys are refused, and
// the others are not.
func TestRefusal(t *testing.T) {
	e := New(Config{})
	c := e.Connect("a", "b")
	journal := &tape{}
	e.SetJournal(journal)
	feed(t, c, "SET", "k", "v")
	feed(t, c, "MULTI")
	feed(t, c, "SET", "k", "w")
	journal.refuse = "MISCONF no"
	for _, s := range []struct{ command, reply string }{
		{"EXEC", "-EXECABORT Transaction discarded because of: MISCONF no\r\n"},
		{"SET k w", "-MISCONF no\r\n"},
		{"GET k", "$1\r\nv\r\n"},
		{"PING", "+PONG\r\n"},
		{"MULTI", "+OK\r\n"},
		{"DEL k", "-MISCONF no\r\n"},
		{"EXEC", "-EXECABORT Transaction discarded because of previous errors.\r\n"},
	} {
		if got := feed(t, c, strings.Fields(s.command)...); got != s.reply {
			t.Errorf("%s: %q, want %q", s.command, got, s.reply)
		}
	}
	journal.reads = true
	if got := feed(t, c, "GET", "k"); got != "-MISCONF no\r\n" {
		t.Errorf("GET: %q", got)
	}
	if got := feed(t, c, "INFO", "persistence"); !strings.Contains(got, "aof_enabled:1\r\n") || !strings.Contains(got, "aof_current_size:7\r\n") {
		t.Errorf("INFO: %q", got)
	}
}

func TestOperatorCommands(t *testing.T) {
	ends := 0
	e := New(Config{Shutdown: func() { ends++ }})
	c := e.Connect("a", "b")
	for _, s := range []struct{ command, reply string }{
		{"BGREWRITEAOF", "-ERR there is no append-only log; start kvd with -data\r\n"},
		{"SHUTDOWN WHY", "-ERR syntax error\r\n"},
		{"SHUTDOWN ABORT", "-ERR No shutdown in progress.\r\n"},
		{"MULTI", "+OK\r\n"},
		{"SHUTDOWN", "-ERR Command not allowed inside a transaction\r\n"},
		{"DISCARD", "+OK\r\n"},
	} {
		if got := feed(t, c, strings.Fields(s.command)...); got != s.reply {
			t.Errorf("%s: %q, want %q", s.command, got, s.reply)
		}
	}
	journal := &tape{}
	e.SetJournal(journal)
	if got := feed(t, c, "BGREWRITEAOF"); journal.rewrites != 1 || got != "+Background append only file rewriting started\r\n" {
		t.Errorf("BGREWRITEAOF: %q, %d times", got, journal.rewrites)
	}
	if got := feed(t, c, "CONFIG", "GET", "append*"); got != "*4\r\n$10\r\nappendonly\r\n$3\r\nyes\r\n$11\r\nappendfsync\r\n$6\r\nalways\r\n" {
		t.Errorf("CONFIG GET: %q", got)
	}
	if ends != 0 {
		t.Error("shut down too early")
	}
	if got := feed(t, c, "SHUTDOWN", "NOSAVE"); got != "" || ends != 1 || !c.Closing() {
		t.Errorf("SHUTDOWN: %q, %d times, closing %v", got, ends, c.Closing())
	}
	if got := feed(t, New(Config{}).Connect("a", "b"), "SHUTDOWN"); got != "-ERR Errors trying to SHUTDOWN. Check logs.\r\n" {
		t.Errorf("SHUTDOWN without a server: %q", got)
	}
}
