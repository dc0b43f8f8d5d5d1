package rouse

import (
	"runtime"
	"strconv"
)

// A task remembers where it was spawned in four bytes: the distance of the
// program counter from a fixed function of this program.

// SetSite records pc, a return address from runtime.Callers, as the place
// where the task was spawned; reports name it. Call it before Schedule.
func (r Runnable) SetSite(pc uintptr) { r.h.site = uint32(pc - textBase) }

// textBase is some address of the program's text.
var textBase = baseOfText()

//go:noinline
func baseOfText() uintptr {
	var pc [1]uintptr
	runtime.Callers(1, pc[:])
	return pc[0]
}

// spawnSite returns file:line, or "" if no site was recorded.
func (h *header) spawnSite() string {
	if h.site == 0 {
		return ""
	}
	pc := textBase + uintptr(int32(h.site))
	frame, _ := runtime.CallersFrames([]uintptr{pc}).Next()
	if frame.File == "" {
		return ""
	}
	return frame.File + ":" + strconv.Itoa(frame.Line)
}
