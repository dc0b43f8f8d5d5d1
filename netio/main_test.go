package netio_test

import (
	"os"
	"testing"
	"time"
)

func TestMain(m *testing.M) {
	// Go's own poller opens two descriptors with the first timer or socket of
	// the process: have them there before the leak checks begin to count.
	time.AfterFunc(time.Hour, func() {}).Stop()
	os.Exit(m.Run())
}
