package store

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"
)

// A snapshot that is taken in steps between random changes has exactly what the
// DB had when it started.
func TestSnapshotIsOfOneMoment(t *testing.T) {
	for seed := range uint64(20) {
		rng := rand.New(rand.NewPCG(seed, 7))
		db := NewDB(seed)
		now := int64(1000)
		for range rng.IntN(3000) {
			change(db, rng, now)
		}
		db.ExpireDue(now, 1<<30)
		for number := range uint32(3) {
			want := content(db)
			got := map[string]string{}
			s := db.Snapshot(number+1, func(e *Entry[Value], at int64) {
				if _, twice := got[e.Key()]; twice {
					t.Fatalf("seed %d: %s is handed out twice", seed, e.Key())
				}
				got[e.Key()] = describe(e, at)
			})
			rate := rng.IntN(40)
			if rng.IntN(3) == 0 {
				rate = 250 // the table grows or shrinks on the way
			}
			for s.Step() {
				for range rng.IntN(rate + 1) {
					change(db, rng, now)
					now += int64(rng.IntN(2))
				}
				if rng.IntN(200) == 0 {
					db.Clear()
				}
				if n := rng.IntN(400); n < 100 {
					db.ExpireDue(now, n)
				}
			}
			if !maps.Equal(got, want) {
				t.Fatalf("seed %d, snapshot %d: %d keys, want %d:\n%s", seed, number, len(got), len(want), difference(got, want))
			}
			if n := db.Expiring(); n > db.Len() {
				t.Fatalf("seed %d: %d of %d keys expire", seed, n, db.Len())
			}
			db.ExpireDue(now, 1<<30)
		}
	}
}

// A snapshot that is given up hands out nothing more, and leaves room for the
// next.
func TestSnapshotGivenUp(t *testing.T) {
	db := NewDB(1)
	e, _ := db.Insert(0, []byte("k"))
	s := db.Snapshot(1, func(*Entry[Value], int64) { t.Error("handed out after End") })
	s.End()
	db.Preserve(e)
	db.Remove(e)
	db.Snapshot(2, func(*Entry[Value], int64) {}).End()
	s.End() // of an older one: does nothing
}

// change does something to a DB that commands can do.
func change(db *DB, rng *rand.Rand, now int64) {
	key := name(rng.IntN(400))
	switch rng.IntN(8) {
	case 0:
		if e := db.Find(now, key); e != nil {
			db.Remove(e)
		}
	case 1:
		if e := db.Find(now, key); e != nil {
			db.Rename(e, name(rng.IntN(400)))
		}
	case 2:
		if e := db.Find(now, key); e != nil {
			db.SetDeadline(e, now+int64(rng.IntN(500)))
		}
	case 3:
		if e := db.Find(now, key); e != nil {
			db.Persist(e)
		}
	case 4:
		if e := db.Find(now, key); e != nil {
			to, _ := db.Insert(now, name(rng.IntN(400)))
			if to != e {
				db.Assign(to, e)
			}
		}
	case 5:
		e, _ := db.Insert(now, key)
		db.Persist(e)
		e.Value.SetBytes(fmt.Appendf(nil, "%d", rng.IntN(1000)))
	default:
		e := db.Find(now, key)
		if e == nil {
			e, _ = db.Insert(now, key)
			db.NewList(e)
		}
		db.Preserve(e)
		if l, ok := e.Value.Data().(*List); ok {
			l.PushBack(string(name(rng.IntN(10))))
			if l.Len() > 5 {
				l.PopFront()
			}
		} else if len(e.Value.Bytes()) < 30 {
			e.Value.Append([]byte("x"))
		}
	}
}

func content(db *DB) map[string]string {
	all := map[string]string{}
	for e := range db.All(-1) {
		at, _ := db.Deadline(e)
		all[e.Key()] = describe(e, at)
	}
	return all
}

func describe(e *Entry[Value], at int64) string {
	s := fmt.Sprintf("%d %s", at, e.Value.Bytes())
	if l, ok := e.Value.Data().(*List); ok {
		for v := range l.Range(0, l.Len()) {
			s += "," + v
		}
	}
	return s
}

func difference(got, want map[string]string) string {
	for k, v := range want {
		if got[k] != v {
			return fmt.Sprintf("%s: %q, want %q", k, got[k], v)
		}
	}
	for k, v := range got {
		if _, ok := want[k]; !ok {
			return fmt.Sprintf("%s: %q, want nothing", k, v)
		}
	}
	return ""
}
