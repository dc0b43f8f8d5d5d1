// Package callsite tells where a function was called from, cheaply enough to
// ask at every spawn. runtime.Callers costs 110 ns here, more than twice what
// spawning and joining a task does; reading one word behind the caller's frame
// pointer costs one.
package callsite

import (
	"runtime"
	"strconv"
)

// Line resolves a program counter that Caller returned; "" and 0 if it is not
// one.
func Line(pc uintptr) (file string, line int) {
	if pc == 0 {
		return "", 0
	}
	frame, _ := runtime.CallersFrames([]uintptr{pc}).Next()
	return frame.File, frame.Line
}

// String returns what Line does as file:line, or "".
func String(pc uintptr) string {
	file, line := Line(pc)
	if file == "" {
		return ""
	}
	return file + ":" + strconv.Itoa(line)
}
