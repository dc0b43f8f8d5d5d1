//go:build !(amd64 || arm64) || rouse_nogid

package callsite

// Caller returns the address that the function which calls Caller will return
// to. That function must be marked go:noinline.
//
//go:noinline
func Caller() uintptr { return of(4) }
