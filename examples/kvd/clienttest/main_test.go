// Package clienttest tests kvd from outside, as a process, with programs that
// nobody here wrote: the Go client library, redis-cli and redis-benchmark; and
// with raw sockets where a client would be too well-behaved.
package clienttest

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	// Not used here: kvd is built from it, and a change of it must not meet
	// cached test results.
	_ "github.com/rouse-go/rouse/examples/kvd/internal/server"
	"github.com/rouse-go/rouse/internal/leakcheck"
)

// patience bounds every wait of these tests.
const patience = 60 * time.Second

var (
	binDir  string
	drivers []string // that kvd has on this system
	setups  []string // the drivers, and each with two cores, see setup
	few     []string // of these, for tests that take long: each driver, and two cores once
)

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "kvd")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	binDir = dir
	if drivers, err = driverNames(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	for _, d := range drivers {
		setups = append(setups, d, d+twoCores)
	}
	few = append(slices.Clone(drivers), drivers[0]+twoCores)
	return leakcheck.Main(m, nil)
}

// twoCores is behind the driver's name in a setup.
const twoCores = "-cores2"

// setup returns the flags of one of setups.
func setup(name string) []string {
	if d, ok := strings.CutSuffix(name, twoCores); ok {
		return []string{"-driver", d, "-cores", "2"}
	}
	return []string{"-driver", name}
}

// plainKvd is the program as users build it, and testedKvd the same with the
// race detector if these tests have it.
var (
	plainKvd  = sync.OnceValues(func() (string, error) { return build("kvd") })
	testedKvd = sync.OnceValues(func() (string, error) {
		if !raceDetector {
			return plainKvd()
		}
		return build("kvd-race", "-race")
	})
)

func build(name string, flags ...string) (string, error) {
	path := filepath.Join(binDir, name)
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "go", append(append([]string{"build"}, flags...), "-o", path, ".")...)
	cmd.Dir = ".."
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("can't build kvd: %v\n%s", err, out)
	}
	return path, nil
}

// driverNames asks kvd itself: it lists them when it does not know one.
func driverNames() ([]string, error) {
	path, err := testedKvd()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	out, err := exec.CommandContext(ctx, path, "-driver", "none").CombinedOutput()
	_, list, ok := strings.Cut(strings.TrimSpace(string(out)), "choose one of ")
	if err == nil || !ok {
		return nil, fmt.Errorf("kvd -driver none: %v, %q", err, out)
	}
	return strings.Split(list, ", "), nil
}
