package faults

import (
	"fmt"
	"slices"
	"testing"
)

// Report prints a line for each kind of fault, with the number of those that
// were made, and fails t for each of kinds of which none was.
//
//	fault: driver=epoll kind=ECONNRESET injected=12
func Report(t testing.TB, driver string, counts map[string]int, kinds ...string) {
	t.Helper()
	all := slices.Clone(kinds)
	for kind := range counts {
		if !slices.Contains(all, kind) {
			all = append(all, kind)
		}
	}
	slices.Sort(all)
	for _, kind := range all {
		n := counts[kind]
		fmt.Printf("fault: driver=%s kind=%s injected=%d\n", driver, kind, n)
		if n == 0 {
			t.Errorf("no fault of kind %s was made on the driver %s, so the test shows nothing", kind, driver)
		}
	}
}
