package store

import (
	"math/rand/v2"
	"testing"
)

func TestExpireDueInOrder(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	db := NewDB(1)
	want := map[string]int64{}
	for range 20_000 {
		key := name(rng.IntN(2000))
		e, _ := db.Insert(0, key)
		switch rng.IntN(4) {
		case 0:
			if _, had := want[string(key)]; db.Persist(e) != had {
				t.Fatalf("%s: deadline lost", key)
			}
			delete(want, string(key))
		case 1:
			db.Remove(e)
			delete(want, string(key))
		default:
			at := 1 + rng.Int64N(1000)
			db.SetDeadline(e, at)
			want[string(key)] = at
		}
	}
	if db.Expiring() != len(want) {
		t.Fatalf("%d keys expire, want %d", db.Expiring(), len(want))
	}
	forever := db.Len() - len(want)
	for last := int64(0); ; {
		at, ok := db.NextExpiry()
		if !ok {
			break
		}
		if at < last {
			t.Fatalf("%d after %d", at, last)
		}
		last = at
		if n := db.ExpireDue(at-1, 10); n != 0 {
			t.Fatalf("%d keys expired before their time", n)
		}
		if n := db.ExpireDue(at, 1); n != 1 {
			t.Fatalf("%d keys expired instead of 1", n)
		}
	}
	if db.Len() != forever || db.Expired() != len(want) {
		t.Errorf("%d keys left, want %d; %d expired, want %d", db.Len(), forever, db.Expired(), len(want))
	}
}

func TestExpiredKeysDoNotExist(t *testing.T) {
	fill := func() *DB {
		db := NewDB(1)
		e, _ := db.Insert(0, []byte("k"))
		e.Value.SetBytes([]byte("v"))
		db.SetDeadline(e, 10)
		return db
	}
	const early, late = 9, 10
	for what, exists := range map[string]func(db *DB, now int64) bool{
		"Find": func(db *DB, now int64) bool { return db.Find(now, []byte("k")) != nil },
		"Insert": func(db *DB, now int64) bool {
			e, added := db.Insert(now, []byte("k"))
			_, expires := db.Deadline(e)
			return !added && expires && len(e.Value.Bytes()) == 1
		},
		"All": func(db *DB, now int64) (yes bool) {
			for range db.All(now) {
				yes = true
			}
			return yes
		},
		"Scan": func(db *DB, now int64) (yes bool) {
			for cursor, first := uint64(0), true; first || cursor != 0; first = false {
				cursor = db.Scan(now, cursor, func(*Entry[Value]) { yes = true })
			}
			return yes
		},
		"Random": func(db *DB, now int64) bool { return db.Random(now, &Rand{}) != nil },
	} {
		if !exists(fill(), early) || exists(fill(), late) {
			t.Errorf("%s sees an expired key, or not one that lives", what)
		}
	}
}

func TestRenameTakesTheDeadlineAlong(t *testing.T) {
	db := NewDB(1)
	a, _ := db.Insert(0, []byte("a"))
	b, _ := db.Insert(0, []byte("b"))
	a.Value.SetBytes([]byte("A"))
	db.SetDeadline(b, 5)
	db.Rename(a, []byte("b"))
	e := db.Find(100, []byte("b"))
	if e == nil || string(e.Value.Bytes()) != "A" || db.Len() != 1 || db.Expiring() != 0 {
		t.Fatal("a key without a deadline got the other one's")
	}
	db.SetDeadline(e, 200)
	db.Rename(e, []byte("c"))
	if db.Find(199, []byte("c")) == nil || db.Find(200, []byte("c")) != nil {
		t.Error("the deadline was lost")
	}
}

func TestReuse(t *testing.T) {
	old := make([]byte, 0, 64)
	if got := Reuse(old, make([]byte, 60)); &got[:1][0] != &old[:1][0] {
		t.Error("memory that fits is not used")
	}
	if got := Reuse(make([]byte, 0, 1<<20), []byte("x")); cap(got) > 64 {
		t.Error("a small string keeps a large memory")
	}
}

func BenchmarkFind(b *testing.B) {
	db := NewDB(1)
	key := []byte("key:000000001234")
	db.Insert(0, key)
	for b.Loop() {
		db.Find(0, key)
	}
}
