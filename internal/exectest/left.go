package exectest

import (
	"bytes"
	"runtime"
	"runtime/pprof"
	"testing"
	"time"

	"github.com/rouse-go/rouse/internal/leakcheck"
)

// settling is how long what is just ending may take. Tests have less patience.
var settling = 5 * time.Second

// NoneLeft fails t if at its end, after what is registered with t.Cleanup from
// now on, there are more goroutines or descriptors than now.
func NoneLeft(t testing.TB) {
	goroutines, descriptors := runtime.NumGoroutine(), leakcheck.Descriptors()
	t.Cleanup(func() {
		t.Helper()
		NoMore(t, "goroutines", goroutines, runtime.NumGoroutine)
		NoMore(t, "descriptors", descriptors, leakcheck.Descriptors)
	})
}

// NoMore fails t if now does not come down to before in some seconds.
func NoMore(t testing.TB, what string, before int, now func() int) {
	t.Helper()
	for end := time.Now().Add(settling); now() > before; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			var stacks bytes.Buffer
			_ = pprof.Lookup("goroutine").WriteTo(&stacks, 1)
			t.Errorf("%s: %d before, %d after\n%s", what, before, now(), stacks.Bytes())
			return
		}
	}
}
