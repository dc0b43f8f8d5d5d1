package engine

import (
	"bytes"
	"strings"
	"testing"
)

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
