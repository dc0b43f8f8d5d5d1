package server

import (
	"strings"
	"testing"
	"time"
)

// DBSIZE counts keys without looking at them, so what it misses has expired by
// the timer.
func TestKeysExpireByTimer(t *testing.T) {
	w := newWorld(t, Config{})
	p := w.connect()
	sizes := func(when, want string) {
		t.Helper()
		if got := w.size(p); got != want {
			t.Errorf("%s there are %s keys, want %s", when, got, want)
		}
	}
	if w.srv.expiry.timer != nil {
		t.Error("a timer runs though no key expires")
	}
	p.expect("SET hour v EX 3600\r\nSET stays v\r\n", "+OK\r\n+OK\r\n")
	armed := w.srv.expiry.armed
	p.expect("SET second v PX 1000\r\n", "+OK\r\n")
	if w.srv.expiry.armed != armed-3599_000 {
		t.Errorf("the timer is set to %d ms after that of an hour", w.srv.expiry.armed-armed)
	}
	w.advance(999 * time.Millisecond)
	sizes("too early", ":3")
	w.advance(time.Millisecond)
	sizes("after a second", ":2")
	if w.srv.expiry.armed != armed {
		t.Error("the timer does not go back to the hour")
	}
	p.expect("PEXPIRE hour 20\r\n", ":1\r\n")
	w.advance(20 * time.Millisecond)
	sizes("after PEXPIRE", ":1")
	if w.srv.expiry.timer != nil {
		t.Error("a timer runs though no key expires any more")
	}
	w.advance(24 * time.Hour)
	sizes("a day later", ":1")
}

// What is taken back does not expire, and the timer that was set for it does no
// harm.
func TestDeadlineTakenBack(t *testing.T) {
	w := newWorld(t, Config{})
	p := w.connect()
	p.expect("SET a v PX 10\r\nSET b v PX 20\r\nSET c v PX 30\r\nPERSIST a\r\nDEL b\r\n", "+OK\r\n+OK\r\n+OK\r\n:1\r\n:1\r\n")
	w.advance(29 * time.Millisecond)
	if got := w.size(p); got != ":2" {
		t.Errorf("before: %s keys", got)
	}
	w.advance(time.Millisecond)
	if got := w.size(p); got != ":1" {
		t.Errorf("after: %s keys", got)
	}
}

// More keys than one batch expire together, and a key far beyond the range of a
// timer does not overflow it.
func TestManyDeadlinesAtOnce(t *testing.T) {
	w := newWorld(t, Config{})
	p := w.connect()
	p.expect("SET far v PXAT 9223372036854775807\r\n", "+OK\r\n")
	var sets strings.Builder
	for i := range 3*expireBatch + 7 {
		sets.WriteString(request("SET", "k"+string(rune('0'+i)), "v", "PX", "50"))
	}
	p.ask(sets.String())
	w.advance(50 * time.Millisecond)
	if got := w.size(p); got != ":1" {
		t.Errorf("%s keys are left", got)
	}
}

// The clock on the wall may be put back: keys have their time by it.
func TestWallClockIsPutBack(t *testing.T) {
	w := newWorld(t, Config{})
	p := w.connect()
	p.expect("SET k v PX 50\r\n", "+OK\r\n")
	w.drv.wrong = -time.Minute
	w.advance(50 * time.Millisecond)
	if got := w.size(p); got != ":1" {
		t.Errorf("%s keys, but it is a minute too early", got)
	}
	w.advance(time.Minute)
	if got := w.size(p); got != ":0" {
		t.Errorf("%s keys after the minute", got)
	}
}
