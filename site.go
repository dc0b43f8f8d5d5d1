package rouse

import "github.com/rouse-go/rouse/internal/callsite"

// A task remembers where it was spawned in four bytes: the distance of the
// program counter from a fixed place in this program's text.

// SetSite records pc, a return address, as the place where the task was
// spawned; reports name it. Call it before Schedule.
func (r Runnable) SetSite(pc uintptr) { r.h.site = uint32(pc - textBase) }

// SetName names a task of the atomic kind in reports; a local one has the name
// of its [Home]. It allocates. Call it before Schedule.
func (r Runnable) SetName(name string) {
	if r.h.home != nil {
		panic("rouse: SetName of a local task; its name is its Home's, so make a Home of that name")
	}
	r.h.shared().name = &name
}

var textBase = placeInText()

//go:noinline
func placeInText() uintptr { return callsite.Caller() }

// spawnSite returns file:line, or "" if no site was recorded.
func (h *header) spawnSite() string {
	if h.site == 0 {
		return ""
	}
	return callsite.String(textBase + uintptr(int32(h.site)))
}
