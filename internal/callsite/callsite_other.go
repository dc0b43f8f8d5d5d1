//go:build !(amd64 || arm64) || rouse_nogid

package callsite

import "runtime"

// Caller returns the address that the function which calls Caller will return
// to. That function must be marked go:noinline.
//
//go:noinline
func Caller() uintptr {
	var pc [1]uintptr
	runtime.Callers(3, pc[:]) // behind Callers, Caller and the function
	return pc[0]
}
