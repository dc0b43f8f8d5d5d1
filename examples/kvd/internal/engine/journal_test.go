package engine

import (
	"path/filepath"
	"strings"
	"testing"
)

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
