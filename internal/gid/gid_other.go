//go:build !(amd64 || arm64 || riscv64 || 386 || loong64) || rouse_nogid

package gid

// Known reports whether Get can tell goroutines apart in this build.
const Known = false

// Get returns 0: this build can't tell goroutines apart.
func Get() uintptr { return 0 }
