package engine

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
)

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
