package exectest

import (
	"fmt"
	"runtime"
	"testing"
	"time"
)

// Bound ends the whole run of tests, with all stacks, if t takes longer than
// Patience: for what no test can get out of, such as a loop that hangs.
func Bound(t testing.TB) {
	name := t.Name()
	alarm := time.AfterFunc(Patience, func() {
		stacks := make([]byte, 1<<20)
		panic(fmt.Sprintf("%s hangs\n%s", name, stacks[:runtime.Stack(stacks, true)]))
	})
	t.Cleanup(func() { alarm.Stop() })
}
