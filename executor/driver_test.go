package executor

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/rouse-go/rouse/driver"
)

// A driver that is not to be had is passed over, with one line that says why;
// another failure is not.
func TestOpenBest(t *testing.T) {
	t.Cleanup(func() { passedOver.Store(false) })
	passedOver.Store(false)
	var out bytes.Buffer
	log := slog.New(slog.NewTextHandler(&out, nil))
	forbidden := choice{"ring", func() (driver.Driver, error) {
		return nil, fmt.Errorf("forbidden by the warden: %w", driver.ErrNotSupported)
	}}
	good := choices[len(choices)-1]
	for range 2 {
		d, err := openBest([]choice{forbidden, good}, log)
		if err != nil || d.Name() != good.name {
			t.Fatalf("got %v, %v", d, err)
		}
		d.Close()
	}
	if n := strings.Count(out.String(), "forbidden by the warden"); n != 1 || strings.Count(out.String(), "\n") != 1 {
		t.Errorf("logged %d times:\n%s", n, out.String())
	}
	broken := errors.New("broken")
	_, err := openBest([]choice{{"ring", func() (driver.Driver, error) { return nil, broken }}, good}, log)
	if !errors.Is(err, broken) {
		t.Errorf("a driver that fails was passed over: %v", err)
	}
	if _, err := openBest([]choice{forbidden}, log); !errors.Is(err, driver.ErrNotSupported) {
		t.Errorf("no driver at all: %v", err)
	}
}
