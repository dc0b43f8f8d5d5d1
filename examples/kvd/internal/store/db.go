package store

// A DB is one numbered database: keys, their values and their deadlines. A key
// whose deadline has come does not exist for anyone who asks for it at that
// time; it is removed then, or by ExpireDue, whichever comes first.
type DB struct {
	keys      *Dict[Value]
	deadlines deadlines
	seed      uint64
	expired   int // keys that have been removed because of their deadline
	onExpire  func(key string)
	snapshot  *Snapshot // in progress, or nil
	fetched   byte      // by Prefetch, whose loads the compiler would leave out otherwise
}

// NewDB returns an empty DB.
func NewDB(seed uint64) *DB { return &DB{keys: NewDict[Value](seed), seed: seed} }

// Len returns the number of keys, with those that expired but are not removed.
func (db *DB) Len() int { return db.keys.Len() }

// Expiring returns the number of keys that have a deadline.
func (db *DB) Expiring() int { return len(db.deadlines) }

// Expired returns how many keys were removed because of their deadline.
func (db *DB) Expired() int { return db.expired }

// OnExpire has fn called with each key that is removed because of its deadline,
// before anything else happens to the key.
func (db *DB) OnExpire(fn func(key string)) { db.onExpire = fn }

// Find returns the entry of key, or nil.
func (db *DB) Find(now int64, key []byte) *Entry[Value] {
	e := db.keys.Find(key)
	if e == nil || db.alive(now, e) {
		return e
	}
	db.expire(e)
	return nil
}

func (db *DB) alive(now int64, e *Entry[Value]) bool {
	return e.Value.due == 0 || db.deadlines[e.Value.due-1].at > now
}

func (db *DB) expire(e *Entry[Value]) {
	db.Remove(e)
	db.countExpired(e)
}

func (db *DB) countExpired(e *Entry[Value]) {
	db.expired++
	if db.onExpire != nil {
		db.onExpire(e.key)
	}
}

// Insert returns the entry of key. If there was none, or it expired, it is an
// empty string without a deadline, and added is true.
func (db *DB) Insert(now int64, key []byte) (e *Entry[Value], added bool) {
	e, added = db.keys.Insert(key)
	db.inserted(e, added)
	if !added && !db.alive(now, e) {
		db.deadlines.remove(e)
		e.Value.str, e.Value.data = nil, nil
		db.countExpired(e)
		added = true
	}
	return e, added
}

// NewList makes e an empty list, NewHash and NewSet an empty hash or set. The
// caller has to put something in, as keys without elements do not exist.
func (db *DB) NewList(e *Entry[Value]) *List { return put(e, &List{}) }

// NewHash makes e an empty hash.
func (db *DB) NewHash(e *Entry[Value]) *Hash { return put(e, NewTable[[]byte](db.seed)) }

// NewSet makes e an empty set.
func (db *DB) NewSet(e *Entry[Value]) *Set { return put(e, NewTable[struct{}](db.seed)) }

func put[T any](e *Entry[Value], data T) T {
	e.Value.str, e.Value.data = nil, data
	return data
}

// Remove removes e from the DB.
func (db *DB) Remove(e *Entry[Value]) {
	db.Preserve(e)
	db.deadlines.remove(e)
	db.keys.Remove(e)
}

// Rename moves the value and the deadline of e to another key, whose own are
// lost.
func (db *DB) Rename(e *Entry[Value], key []byte) {
	if e.key == string(key) {
		return
	}
	to, added := db.keys.Insert(key)
	db.inserted(to, added)
	to.Value.str, to.Value.data = e.Value.str, e.Value.data
	if at, ok := db.Deadline(e); ok {
		db.deadlines.set(to, at)
	} else {
		db.deadlines.remove(to)
	}
	db.Remove(e)
}

// Deadline returns the unix time in milliseconds when e expires, if it does.
func (db *DB) Deadline(e *Entry[Value]) (at int64, ok bool) {
	if e.Value.due == 0 {
		return 0, false
	}
	return db.deadlines[e.Value.due-1].at, true
}

// SetDeadline makes e expire at a time.
func (db *DB) SetDeadline(e *Entry[Value], at int64) {
	db.Preserve(e)
	db.deadlines.set(e, at)
}

// Persist makes e not expire and reports whether it would have.
func (db *DB) Persist(e *Entry[Value]) bool {
	db.Preserve(e)
	return db.deadlines.remove(e)
}

// NextExpiry returns the soonest deadline.
func (db *DB) NextExpiry() (at int64, ok bool) {
	if len(db.deadlines) == 0 {
		return 0, false
	}
	return db.deadlines[0].at, true
}

// ExpireDue removes at most max keys whose deadline has come, soonest first,
// and returns how many.
func (db *DB) ExpireDue(now int64, max int) int {
	n := 0
	for ; n < max && len(db.deadlines) > 0 && db.deadlines[0].at <= now; n++ {
		db.expire(db.deadlines[0].entry)
	}
	return n
}

// Clear removes all keys. It costs nothing; the collector does the work.
func (db *DB) Clear() {
	if db.snapshot != nil {
		db.snapshot.inherit()
	}
	db.keys = NewDict[Value](db.seed)
	db.deadlines = nil
}

// Scan is Dict.Scan of the keys that are not expired.
func (db *DB) Scan(now int64, cursor uint64, visit func(*Entry[Value])) uint64 {
	return db.keys.Scan(cursor, func(e *Entry[Value]) {
		if db.alive(now, e) {
			visit(e)
		} else {
			db.expire(e)
		}
	})
}

// All returns every key that is not expired. The DB must not change meanwhile.
func (db *DB) All(now int64) func(yield func(*Entry[Value]) bool) {
	return func(yield func(*Entry[Value]) bool) {
		for e := range db.keys.All {
			if db.alive(now, e) && !yield(e) {
				return
			}
		}
	}
}

// Random returns some key that is not expired, or nil if there is none.
func (db *DB) Random(now int64, rng *Rand) *Entry[Value] {
	for {
		e := db.keys.Random(rng)
		if e == nil || db.alive(now, e) {
			return e
		}
		db.expire(e)
	}
}

// Assign makes e a copy of the value of from, which may be in another DB.
func (db *DB) Assign(e, from *Entry[Value]) {
	switch data := from.Value.data.(type) {
	case *List:
		l := db.NewList(e)
		for s := range data.Range(0, data.n) {
			l.PushBack(s)
		}
	case *Hash:
		h := db.NewHash(e)
		for name, v := range data.All() {
			to, _ := h.Insert([]byte(name))
			*to = Reuse(nil, *v)
		}
	case *Set:
		s := db.NewSet(e)
		for member := range data.All() {
			s.Insert([]byte(member))
		}
	default:
		e.Value.SetBytes(from.Value.str)
	}
}
