package engine

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func feed(t *testing.T, c *Client, args ...string) string {
	t.Helper()
	in := request(args...)
	n, out, _ := c.Feed(1000, in, nil)
	if n != len(in) {
		t.Fatalf("%q: %d of %d bytes consumed", args, n, len(in))
	}
	return string(out)
}

func TestHotCommandsDoNotAllocate(t *testing.T) {
	for _, journaled := range []bool{false, true} {
		e := New(Config{})
		if journaled {
			e.SetJournal(deaf{})
		}
		hotCommands(t, e.Connect("a", "b"))
	}
}

// deaf is a Journal that forgets everything.
type deaf struct{}

func (deaf) Append(int, [][]byte)  {}
func (deaf) Expired(int, string)   {}
func (deaf) Refusal(bool) string   { return "" }
func (deaf) Rewrite() string       { return "" }
func (deaf) Policy() string        { return "no" }
func (deaf) Status() JournalStatus { return JournalStatus{} }

func hotCommands(t *testing.T, c *Client) {
	t.Helper()
	feed(t, c, "SET", "key", "value")
	feed(t, c, "HSET", "hash", "field", "value")
	out := make([]byte, 0, 4096)
	for _, args := range [][]string{
		{"PING"}, {"GET", "key"}, {"get", "missing"}, {"SET", "key", "other"}, {"INCR", "counter"},
		{"HGET", "hash", "field"}, {"HSET", "hash", "field", "other"}, {"SET", "key", "value", "EX", "10"},
	} {
		in := request(args...)
		if n := testing.AllocsPerRun(100, func() { c.Feed(1000, in, out) }); n != 0 {
			t.Errorf("%q: %v allocations", args, n)
		}
	}
}

func TestFeedStopsAtOutputSoft(t *testing.T) {
	c := New(Config{OutputSoft: 100}).Connect("a", "b")
	feed(t, c, "SET", "key", strings.Repeat("x", 60))
	in := bytes.Repeat(request("GET", "key"), 3)
	one := len(in) / 3
	n, out, more := c.Feed(1000, in, nil)
	if n != 2*one || !more || len(out) != 2*67 {
		t.Fatalf("consumed %d, more %v, %d bytes of replies", n, more, len(out))
	}
	if m, again, more := c.Feed(1000, in[n:], out); m != 0 || !more || len(again) != len(out) {
		t.Fatalf("with a full output: consumed %d, more %v", m, more)
	}
	n, out, more = c.Feed(1000, in[n:], nil)
	if n != one || more || len(out) != 67 {
		t.Fatalf("consumed %d, more %v, %d bytes of replies", n, more, len(out))
	}
}

func TestFeedAtEveryBoundary(t *testing.T) {
	var in []byte
	for i := range 20 {
		in = append(in, request("SET", fmt.Sprint("key", i), strings.Repeat("v", i))...)
		in = append(in, request("GET", fmt.Sprint("key", i))...)
	}
	in = append(in, "PING inline\r\n"...)
	_, want, _ := New(Config{}).Connect("a", "b").Feed(1000, in, nil)
	for cut := range len(in) {
		c := New(Config{}).Connect("a", "b")
		n, out, _ := c.Feed(1000, in[:cut], nil)
		_, out, _ = c.Feed(1000, in[n:], out)
		if !bytes.Equal(out, want) {
			t.Fatalf("cut at %d: %q", cut, out)
		}
	}
}

func TestNeeded(t *testing.T) {
	c := New(Config{}).Connect("a", "b")
	n, _, _ := c.Feed(1000, []byte("PING\r\n*2\r\n$4\r\nECHO\r\n$1000\r\nabc"), nil)
	if n != 6 || c.Needed() != 999 {
		t.Errorf("consumed %d, needs %d", n, c.Needed())
	}
}

func TestOversizeRequestIsRefusedAtItsHeader(t *testing.T) {
	for name, cfg := range map[string]Config{"bulk": {MaxBulk: 10}, "request": {MaxQueryBuffer: 20}} {
		c := New(cfg).Connect("a", "b")
		_, out, _ := c.Feed(1000, []byte("*2\r\n$4\r\nECHO\r\n$11\r\n"), nil)
		if !strings.HasPrefix(string(out), "-ERR Protocol error: ") || !c.Closing() {
			t.Errorf("%s: %q, closing %v", name, out, c.Closing())
		}
	}
}

func TestStringsAreBounded(t *testing.T) {
	c := New(Config{MaxBulk: 10}).Connect("a", "b")
	feed(t, c, "SET", "key", "123456")
	const want = "-" + errTooLong + "\r\n"
	for _, args := range [][]string{{"APPEND", "key", "12345"}, {"SETRANGE", "key", "9", "12"}} {
		if got := feed(t, c, args...); got != want {
			t.Errorf("%q: %q", args, got)
		}
	}
}

func TestTransactionIsBounded(t *testing.T) {
	c := New(Config{MaxQueryBuffer: 100}).Connect("a", "b")
	feed(t, c, "MULTI")
	for range 4 {
		feed(t, c, "SET", "key", strings.Repeat("x", 30))
	}
	if !c.Closing() {
		t.Error("a transaction grows without bounds")
	}
}

func TestPushesWakeOnceUntilTaken(t *testing.T) {
	var woken []*Client
	e := New(Config{Wake: func(c *Client) { woken = append(woken, c) }})
	pub, sub := e.Connect("a", "b"), e.Connect("c", "d")
	feed(t, sub, "SUBSCRIBE", "ch")
	feed(t, pub, "PUBLISH", "ch", "1")
	feed(t, pub, "PUBLISH", "ch", "2")
	if len(woken) != 1 || woken[0] != sub {
		t.Fatalf("woke %d clients", len(woken))
	}
	got := string(sub.TakePushes(nil))
	if want := string(request("message", "ch", "1")) + string(request("message", "ch", "2")); got != want {
		t.Errorf("pushes %q", got)
	}
	feed(t, pub, "PUBLISH", "ch", "3")
	if len(woken) != 2 {
		t.Error("not woken again")
	}
	// A reply must not overtake a message that was published before it.
	if got := feed(t, sub, "UNSUBSCRIBE"); !strings.HasPrefix(got, string(request("message", "ch", "3"))) {
		t.Errorf("reply %q", got)
	}
}

func TestSlowSubscriberIsDropped(t *testing.T) {
	woken := 0
	e := New(Config{PushLimit: 100 + 2*sliceSize, Wake: func(*Client) { woken++ }})
	pub, slow, quick := e.Connect("a", "b"), e.Connect("c", "d"), e.Connect("e", "f")
	for _, c := range []*Client{slow, quick} {
		feed(t, c, "SUBSCRIBE", "ch")
		feed(t, c, "PSUBSCRIBE", "*")
	}
	if got := feed(t, pub, "PUBLISH", "ch", "x"); got != ":4\r\n" {
		t.Errorf("first: %q", got)
	}
	quick.TakePushes(nil)
	feed(t, pub, "PUBLISH", "other", strings.Repeat("x", 30))
	if !slow.Overflowed() || !slow.Closing() || len(slow.TakePushes(nil)) != 0 {
		t.Error("the slow subscriber stays")
	}
	if quick.Overflowed() {
		t.Error("the quick subscriber was dropped")
	}
	if got := feed(t, pub, "PUBSUB", "NUMSUB", "ch"); got != "*2\r\n$2\r\nch\r\n:1\r\n" {
		t.Errorf("subscribers: %q", got)
	}
	if woken != 4 {
		t.Errorf("woken %d times", woken)
	}
}

func TestDisconnectForgetsEverything(t *testing.T) {
	e := New(Config{})
	a, b := e.Connect("a", "b"), e.Connect("c", "d")
	feed(t, a, "WATCH", "key")
	feed(t, a, "SUBSCRIBE", "x", "y")
	feed(t, a, "PSUBSCRIBE", "x*")
	e.Disconnect(a)
	e.Disconnect(a)
	if len(e.clients) != 1 || e.channels.Len() != 0 || e.patterns.Len() != 0 || len(e.watchers) != 0 {
		t.Error("something is left")
	}
	if got := feed(t, b, "PUBLISH", "x", "1"); got != ":0\r\n" {
		t.Errorf("publish: %q", got)
	}
}

func TestKill(t *testing.T) {
	var woken *Client
	e := New(Config{Wake: func(c *Client) { woken = c }})
	a, b := e.Connect("a:1", "x"), e.Connect("b:2", "x")
	if got := feed(t, a, "CLIENT", "KILL", "ID", "2"); got != ":1\r\n" || !b.Closing() || woken != b {
		t.Errorf("reply %q, closing %v", got, b.Closing())
	}
	if got := feed(t, a, "CLIENT", "KILL", "a:1"); got != "+OK\r\n" || !a.Closing() {
		t.Errorf("reply %q, closing %v", got, a.Closing())
	}
}

func TestActiveExpiry(t *testing.T) {
	e := New(Config{})
	c := e.Connect("a", "b")
	if _, ok := e.NextExpiry(); ok {
		t.Error("an empty server expires something")
	}
	feed(t, c, "SET", "a", "1", "PX", "500")
	feed(t, c, "SELECT", "3")
	for i := range 10 {
		feed(t, c, "SET", fmt.Sprint(i), "1", "PX", "100")
	}
	if at, ok := e.NextExpiry(); !ok || at != 1100 {
		t.Errorf("next expiry %d, %v", at, ok)
	}
	if n := e.ExpireDue(1099, 100); n != 0 {
		t.Errorf("%d expired too early", n)
	}
	if n := e.ExpireDue(1100, 7) + e.ExpireDue(1100, 7); n != 10 {
		t.Errorf("%d expired", n)
	}
	if at, ok := e.NextExpiry(); !ok || at != 1500 {
		t.Errorf("next expiry %d, %v", at, ok)
	}
}

// TestSameInputSameOutput runs what depends on hashing and on random numbers.
func TestSameInputSameOutput(t *testing.T) {
	run := func() string {
		e := New(Config{Seed: 7})
		c := e.Connect("a", "b")
		var out strings.Builder
		for i := range 500 {
			feed(t, c, "SET", fmt.Sprint("key", i), "x")
			feed(t, c, "SADD", "set", fmt.Sprint(i))
			feed(t, c, "HSET", "hash", fmt.Sprint(i), "x")
			feed(t, c, "SUBSCRIBE", fmt.Sprint("ch", i))
			feed(t, c, "UNSUBSCRIBE", fmt.Sprint("ch", i-100))
			feed(t, c, "RESET")
		}
		for _, args := range [][]string{
			{"KEYS", "*"}, {"SCAN", "0"}, {"HGETALL", "hash"}, {"SPOP", "set", "50"}, {"RANDOMKEY"}, {"INFO", "all"},
		} {
			out.WriteString(feed(t, c, args...))
		}
		return out.String()
	}
	if first, second := run(), run(); first != second {
		t.Error("two runs differ")
	}
}

func TestScanPages(t *testing.T) {
	c := New(Config{}).Connect("a", "b")
	for i := range 1000 {
		feed(t, c, "SET", fmt.Sprint("key:", i), "x")
		feed(t, c, "SADD", "set", fmt.Sprint("member:", i))
	}
	for _, scan := range [][]string{{"SCAN", "", "MATCH", "key:*"}, {"SSCAN", "set", ""}} {
		seen := map[string]bool{}
		at := slices.Index(scan, "")
		cursor := "0"
		for first := true; first || cursor != "0"; first = false {
			args := slices.Clone(scan)
			args[at] = cursor
			reply := strings.Split(feed(t, c, args...), "\r\n")
			cursor = reply[2]
			if len(reply) > 60 {
				t.Fatalf("%q: a page of %d lines", args, len(reply))
			}
			for i := 5; i < len(reply); i += 2 {
				seen[reply[i]] = true
			}
		}
		if len(seen) != 1000 {
			t.Errorf("%q: %d seen", scan, len(seen))
		}
	}
}

func TestMatch(t *testing.T) {
	for _, test := range []struct {
		pattern, s string
		want       bool
	}{
		{"", "", true}, {"", "a", false}, {"*", "", true}, {"a*", "abc", true}, {"*c", "abc", true},
		{"a*c*e", "abcde", true}, {"a*c*f", "abcde", false}, {"?", "", false}, {"[a", "a", true},
		{"[", "[", false}, {`\`, `\`, true}, {`a\*`, "a*", true}, {`a\*`, "ab", false}, {"[^a]", "b", true},
		{"[a-]", "^", true}, {strings.Repeat("a*", 50) + "b", strings.Repeat("a", 10000), false},
	} {
		if got := match([]byte(test.pattern), test.s); got != test.want {
			t.Errorf("match(%q, %.10q) = %v", test.pattern, test.s, got)
		}
	}
}

func BenchmarkGet(b *testing.B)  { benchmark(b, func(i int) []byte { return request("GET", key(i)) }) }
func BenchmarkPing(b *testing.B) { benchmark(b, func(int) []byte { return request("PING") }) }
func BenchmarkSet(b *testing.B) {
	benchmark(b, func(i int) []byte { return request("SET", key(i), "another value") })
}

func BenchmarkIncr(b *testing.B) {
	benchmark(b, func(i int) []byte { return request("INCR", fmt.Sprint("n", i)) })
}

func BenchmarkLRange100(b *testing.B) {
	benchmark(b, func(int) []byte { return request("LRANGE", "list", "0", "99") })
}

func key(i int) string { return fmt.Sprintf("key:%012d", i*7919%keyCount) }

const keyCount = 10_000

// benchmark runs a pipeline of 1000 requests, and counts each.
func benchmark(b *testing.B, next func(i int) []byte) {
	c := New(Config{OutputSoft: 64 << 20}).Connect("a", "b")
	for i := range keyCount {
		c.Feed(1000, request("SET", key(i), "some value"), nil)
		c.Feed(1000, request("RPUSH", "list", "some value"), nil)
	}
	const pipeline = 1000
	var in, out []byte
	for i := range pipeline {
		in = append(in, next(i)...)
	}
	b.ReportAllocs()
	for i := 0; i < b.N; i += pipeline {
		_, out, _ = c.Feed(1000, in, out[:0])
	}
}
