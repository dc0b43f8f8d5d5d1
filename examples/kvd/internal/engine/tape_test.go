package engine

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/rouse-go/rouse/examples/kvd/internal/store"
)

// A tape is a Journal in memory.
type tape struct {
	commands []taped
	refuse   string // reads and writes, or only writes
	reads    bool
	rewrites int
}

type taped struct {
	db   int
	args [][]byte
}

func (r *tape) Append(db int, args [][]byte) {
	c := taped{db: db}
	for _, arg := range args {
		c.args = append(c.args, bytes.Clone(arg))
	}
	r.commands = append(r.commands, c)
}

func (r *tape) Expired(db int, key string) { r.Append(db, [][]byte{[]byte("DEL"), []byte(key)}) }

func (r *tape) Refusal(write bool) string {
	if write || r.reads {
		return r.refuse
	}
	return ""
}

func (r *tape) Rewrite() string {
	r.rewrites++
	return ""
}

func (r *tape) Policy() string        { return "always" }
func (r *tape) Status() JournalStatus { return JournalStatus{Rewrites: r.rewrites, Size: 7} }

func (r *tape) String() string {
	var b strings.Builder
	for _, c := range r.commands {
		fmt.Fprintf(&b, "%d:", c.db)
		for _, arg := range c.args {
			fmt.Fprintf(&b, " %s", arg)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// replayed is an engine made of what was told.
func replayed(t *testing.T, parts ...*tape) *Engine {
	t.Helper()
	e := New(Config{Seed: 99})
	for _, r := range parts {
		for i, c := range r.commands {
			if err := e.Replay(c.db, c.args); err != nil {
				t.Fatalf("command %d, %.200q: %v", i, c.args, err)
			}
		}
	}
	return e
}

// content lists everything that is alive, in an order of its own.
func content(e *Engine, now int64) []string {
	var all []string
	for i, db := range e.dbs {
		for entry := range db.All(now) {
			at, _ := db.Deadline(entry)
			var parts []string
			switch data := entry.Value.Data().(type) {
			case *store.List:
				for v := range data.Range(0, data.Len()) {
					parts = append(parts, v)
				}
			case *store.Hash:
				for name, v := range data.All() {
					parts = append(parts, name+"="+string(*v))
				}
				slices.Sort(parts)
			case *store.Set:
				for member := range data.All() {
					parts = append(parts, member)
				}
				slices.Sort(parts)
			default:
				parts = append(parts, string(entry.Value.Bytes()))
			}
			all = append(all, fmt.Sprintf("%d %q %v %d %q", i, entry.Key(), entry.Value.Kind(), at, parts))
		}
	}
	slices.Sort(all)
	return all
}

func sameContent(t *testing.T, what string, got, want *Engine, now int64) {
	t.Helper()
	g, w := content(got, now), content(want, now)
	if slices.Equal(g, w) {
		return
	}
	for _, line := range w {
		if !slices.Contains(g, line) {
			t.Errorf("%s: missing: %.300s", what, line)
		}
	}
	for _, line := range g {
		if !slices.Contains(w, line) {
			t.Errorf("%s: too much: %.300s", what, line)
		}
	}
	t.FailNow()
}
