package bench

import (
	"os"
	"testing"
)

// The test binary is started again as worker and load generator.
func TestMain(m *testing.M) {
	IfHelper()
	os.Exit(m.Run())
}
