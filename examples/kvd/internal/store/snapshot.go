package store

// A Snapshot is the content that a DB had at one moment, handed out piece by
// piece while the DB goes on changing. Nothing is copied ahead: a key is handed
// out when the Snapshot comes to it, or just before it changes for the first
// time, whichever is first, and never twice. So there is one rule for those who
// change a value in place, behind an Entry: call Preserve before. What goes
// through the DB's own methods is taken care of.
//
// The iteration is Dict.Scan's, which a table that grows or shrinks meanwhile
// does not disturb. A key that is added meanwhile is marked as handed out from
// the start.
type Snapshot struct {
	db     *DB
	visit  func(e *Entry[Value], deadline int64)
	number uint32
	cursor uint64

	// What Clear took from the DB. The Snapshot goes on with it, alone.
	keys      *Dict[Value]
	deadlines deadlines
}

// Snapshot starts a snapshot of the present content. visit is called once for
// each key, with its deadline or 0, by Step or from within the DB's methods and
// Preserve; it must only read the entry, and not keep it. number must be
// greater than that of any Snapshot before. There is at most one at a time.
func (db *DB) Snapshot(number uint32, visit func(e *Entry[Value], deadline int64)) *Snapshot {
	if db.snapshot != nil {
		panic("store: a DB has one Snapshot at a time")
	}
	db.snapshot = &Snapshot{db: db, visit: visit, number: number}
	return db.snapshot
}

// Step hands out the keys of a few buckets and reports whether there are more.
func (s *Snapshot) Step() (more bool) {
	keys := s.keys
	if keys == nil {
		keys = s.db.keys
	}
	s.cursor = keys.Scan(s.cursor, s.preserve)
	if s.cursor == 0 {
		s.End()
		return false
	}
	return true
}

// End gives the Snapshot up. It is idempotent.
func (s *Snapshot) End() {
	if s.db.snapshot == s {
		s.db.snapshot = nil
	}
}

// Preserve must be called before the value of e is changed in place.
func (db *DB) Preserve(e *Entry[Value]) {
	if db.snapshot != nil {
		db.snapshot.changing(e)
	}
}

// inserted is Preserve for an entry that is about to be overwritten, or is new.
func (db *DB) inserted(e *Entry[Value], added bool) {
	switch {
	case db.snapshot == nil:
	case added:
		e.Value.copy = db.snapshot.number
	default:
		db.snapshot.changing(e)
	}
}

// changing hands out e before it changes. After Clear the DB's entries are none
// of the Snapshot's.
func (s *Snapshot) changing(e *Entry[Value]) {
	if s.keys == nil {
		s.preserve(e)
	}
}

func (s *Snapshot) preserve(e *Entry[Value]) {
	if e.Value.copy == s.number {
		return
	}
	e.Value.copy = s.number
	var at int64
	if e.Value.due != 0 {
		heap := s.deadlines
		if s.keys == nil {
			heap = s.db.deadlines
		}
		at = heap[e.Value.due-1].at
	}
	s.visit(e, at)
}

// inherit takes over what Clear is about to forget.
func (s *Snapshot) inherit() {
	if s.keys == nil {
		s.keys, s.deadlines = s.db.keys, s.db.deadlines
	}
}
