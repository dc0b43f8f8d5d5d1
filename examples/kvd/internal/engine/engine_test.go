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
