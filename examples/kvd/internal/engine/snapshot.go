package engine

import (
	"github.com/rouse-go/rouse/examples/kvd/internal/store"
)

// A Snapshot turns all databases, as they were at one moment, into commands
// that make them again. The engine goes on meanwhile; see store.Snapshot for
// how.
type Snapshot struct {
	engine *Engine
	parts  []*store.Snapshot // not finished yet
	emit   func(db int, args [][]byte)
	args   [][]byte
	size   int // bytes in args
	digits [20]byte
}

// Of a large collection this much goes into one command.
const (
	chunkArgs  = 512
	chunkBytes = 64 << 10
)

// Snapshot starts a snapshot of the present content. emit is called with its
// commands, for Replay, by Step and also from within Feed and ExpireDue, when
// something is about to change that was not emitted yet; it must not call the
// engine, and the arguments are valid during the call only. There is at most
// one Snapshot at a time.
func (e *Engine) Snapshot(emit func(db int, args [][]byte)) *Snapshot {
	e.snapshots++
	s := &Snapshot{engine: e, emit: emit}
	for i, db := range e.dbs {
		s.parts = append(s.parts, db.Snapshot(e.snapshots, func(entry *entry, at int64) { s.key(i, entry, at) }))
	}
	e.snapshot = s
	return s
}

// Step emits a few keys more and reports whether to go on.
func (s *Snapshot) Step() (more bool) {
	if len(s.parts) > 0 && !s.parts[0].Step() {
		s.parts = s.parts[1:]
	}
	if len(s.parts) == 0 {
		s.End()
	}
	return len(s.parts) > 0
}

// End gives the Snapshot up. It is idempotent.
func (s *Snapshot) End() {
	for _, part := range s.parts {
		part.End()
	}
	s.parts = nil
	if s.engine.snapshot == s {
		s.engine.snapshot = nil
	}
}

// preserve is called before a command may change keys in place.
func (x *call) preserve(key []byte) {
	if e := x.db.Find(x.now, key); e != nil {
		x.db.Preserve(e)
	}
}

func (s *Snapshot) key(db int, e *entry, at int64) {
	key := []byte(e.Key())
	deadline := appendInt(s.digits[:0], at)
	switch data := e.Value.Data().(type) {
	case *store.List:
		s.begin(cmdRPush, key)
		for v := range data.Range(0, data.Len()) {
			s.add(db, []byte(v))
		}
	case *store.Hash:
		s.begin(cmdHSet, key)
		for name, v := range data.All() {
			s.add(db, []byte(name), *v)
		}
	case *store.Set:
		s.begin(cmdSAdd, key)
		for member := range data.All() {
			s.add(db, []byte(member))
		}
	default:
		s.args = append(s.args[:0], cmdSet, key, e.Value.Bytes())
		if at != 0 {
			s.args = append(s.args, argPXAt, deadline)
		}
		s.flush(db)
		return
	}
	if len(s.args) > 2 {
		s.flush(db)
	}
	if at != 0 {
		s.args = append(s.args[:0], cmdPExpireAt, key, deadline)
		s.flush(db)
	}
}

func (s *Snapshot) begin(name, key []byte) {
	s.args, s.size = append(s.args[:0], name, key), 0
}

func (s *Snapshot) add(db int, elements ...[]byte) {
	for _, b := range elements {
		s.args = append(s.args, b)
		s.size += len(b)
	}
	if len(s.args) >= chunkArgs || s.size >= chunkBytes {
		s.flush(db)
		s.args, s.size = s.args[:2], 0
	}
}

func (s *Snapshot) flush(db int) { s.emit(db, s.args) }
