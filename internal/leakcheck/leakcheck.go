// Package leakcheck accounts for what tests leave behind: what there was before
// must be all there is after. Every test package has
//
//	func TestMain(m *testing.M) { os.Exit(leakcheck.Main(m, nil)) }
//
// and so prints one line, which make verify collects:
//
//	leak: package=example.org/p goroutines=0 descriptors=0 executors=0 …
//
// Goroutines and descriptors are this process's; the other kinds are those of
// package census.
package leakcheck

import (
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rouse-go/rouse/internal/census"
)

// patience is how long what is just ending may take.
const patience = 5 * time.Second

// Main runs m's tests and returns the exit code: theirs, or 1 if they pass and
// have left something behind. exempt, which may be nil, returns how many fibers
// are meant to stay, with their goroutines: those that can't end.
func Main(m *testing.M, exempt func() int) int {
	if flag.Parse(); isFuzzing() {
		return m.Run() // the process that leads and those that work have their own ways to end
	}
	return account(os.Stdout, m.Run, exempt, patience)
}

// forgiven is what tests have left on purpose.
var forgiven struct {
	sync.Mutex
	Counts
}

// Forgive says that a test leaves n things of a kind behind on purpose, such as
// goroutines that can't end. From any goroutine.
func Forgive(kind string, n int) {
	if _, known := Take()[kind]; !known {
		panic("rouse: leakcheck: there is no kind " + kind)
	}
	forgiven.Lock()
	defer forgiven.Unlock()
	if forgiven.Counts == nil {
		forgiven.Counts = Counts{}
	}
	forgiven.Counts[kind] += n
}

// forgivenNow returns what was forgiven so far.
func forgivenNow() Counts {
	forgiven.Lock()
	defer forgiven.Unlock()
	return maps.Clone(forgiven.Counts)
}

// isFuzzing reports whether this process takes part in go test -fuzz.
func isFuzzing() bool {
	for _, name := range []string{"test.fuzz", "test.fuzzworker"} {
		if f := flag.Lookup(name); f != nil && f.Value.String() != f.DefValue {
			return true
		}
	}
	return false
}

// account is Main without its surroundings.
func account(out io.Writer, run func() int, exempt func() int, patience time.Duration) int {
	// Go's own poller opens two descriptors with the first timer or socket of the
	// process, and the first use of signals starts a goroutine that stays: have
	// them there before counting.
	time.AfterFunc(time.Hour, func() {}).Stop()
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt)
	signal.Stop(signals)
	before, was := Take(), forgivenNow()
	code := run()
	if exempt != nil {
		n := exempt()
		before["goroutines"] += n
		before["fibers"] += n
	}
	for kind, n := range forgivenNow() {
		before[kind] += n - was[kind]
	}
	if code != 0 {
		patience = 0 // a test that has failed may leave what it likes, and goes first
	}
	extra := before.Extra(patience)
	fmt.Fprintf(out, "leak: package=%s %s\n", testedPackage(), extra)
	if code == 0 && !extra.Zero() {
		stacks := make([]byte, 1<<20)
		fmt.Fprintf(out, "the tests have left what this line counts; open now: %s\n%s\n",
			strings.Join(openFiles(), " "), stacks[:runtime.Stack(stacks, true)])
		return 1
	}
	return code
}

// Counts are numbers of things by kind.
type Counts map[string]int

// Take counts.
func Take() Counts {
	c := Counts{"goroutines": runtime.NumGoroutine(), "descriptors": Descriptors()}
	for kind, count := range census.Kinds() {
		c[kind] = count.Now()
	}
	if modelled {
		delete(c, "executors")
	}
	return c
}

// Extra waits until there is no more of anything than c says, or patience is
// over, and returns how much more there is.
func (c Counts) Extra(patience time.Duration) Counts {
	for end := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		extra := Take()
		for kind := range extra {
			extra[kind] = max(0, extra[kind]-c[kind])
		}
		if extra.Zero() || !time.Now().Before(end) {
			return extra
		}
	}
}

// Zero reports whether there is nothing.
func (c Counts) Zero() bool {
	for _, n := range c {
		if n != 0 {
			return false
		}
	}
	return true
}

// String is like "goroutines=0 descriptors=0 …": what every process has comes first.
func (c Counts) String() string {
	fields := []string{fmt.Sprint("goroutines=", c["goroutines"]), fmt.Sprint("descriptors=", c["descriptors"])}
	for _, kind := range slices.Sorted(maps.Keys(census.Kinds())) {
		fields = append(fields, fmt.Sprint(kind, "=", c[kind]))
	}
	return strings.Join(fields, " ")
}

// testedPackage is the import path of the package whose tests this program is.
func testedPackage() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	return strings.TrimSuffix(info.Path, ".test")
}

// Descriptors counts this process's open descriptors; 0 where that can't be
// told.
func Descriptors() int {
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0
	}
	return len(list)
}

// openFiles says what the descriptors are.
func openFiles() (names []string) {
	links, _ := filepath.Glob("/proc/self/fd/*")
	for _, link := range links {
		if to, err := os.Readlink(link); err == nil {
			names = append(names, filepath.Base(link)+"→"+to)
		}
	}
	return names
}
