package bench

import (
	"os"
	"testing"

	"github.com/rouse-go/rouse/internal/leakcheck"
)

// The test binary is started again as worker and load generator.
func TestMain(m *testing.M) {
	IfHelper()
	os.Exit(leakcheck.Main(m, nil))
}
