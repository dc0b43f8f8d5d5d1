// Package drivertest is the suite that every driver passes: what
// [driver.Driver] promises, tested on the driver alone, without an executor.
//
//	func TestDriver(t *testing.T) {
//		drivertest.Run(t, open, drivertest.Options{
//			Lacks: map[drivertest.Feature]string{drivertest.Files: "…why…"},
//		})
//	}
package drivertest

import (
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/rouse-go/rouse/driver"
)

// A Feature is something that a driver may lack for a reason.
type Feature string

// The features.
const (
	// Network is listening, connecting, and bytes both ways.
	Network Feature = "network"
	// IPv6 is one listener for IPv4 and IPv6.
	IPv6 Feature = "ipv6"
	// Reset is Linger 0: the peer of a closed connection sees a reset.
	Reset Feature = "reset"
	// SocketOptions are those of SetOption other than NoDelay, on connections.
	SocketOptions Feature = "socket options"
	// ReusePort is several listeners at one address.
	ReusePort Feature = "reuseport"
	// Errno is that an error of the system can be told by its number.
	Errno Feature = "errno"
	// Unix is unix sockets that have a path.
	Unix Feature = "unix sockets"
	// UnixFiles is that such a path is a file.
	UnixFiles Feature = "files of unix sockets"
	// Abstract is unix sockets that have a name only.
	Abstract Feature = "abstract unix sockets"
	// Files is what is done to files and directories, from Open to ReadDir.
	// Datasync may be Sync, and Allocate may be unsupported.
	Files Feature = "files"
	// Direct is files opened for direct I/O.
	Direct Feature = "direct I/O"
	// Descriptors is Attach, Readable, Writable.
	Descriptors Feature = "descriptors"
	// Datagrams is ListenPacket, RecvMsgs, SendMsgs.
	Datagrams Feature = "datagrams"
	// DatagramBatches is that one operation sends and receives several.
	DatagramBatches Feature = "datagrams in batches"
	// Limits is that the system may refuse another descriptor.
	Limits Feature = "descriptor limits"
	// Signals is that a signal may interrupt the thread's system calls.
	Signals Feature = "signals"
	// RealClock is a clock that goes by itself.
	RealClock Feature = "real clock"
	// ZeroAlloc is that Recv, Send and Park allocate nothing.
	ZeroAlloc Feature = "zero allocation"
)

// Options say what of the suite a driver can't pass.
type Options struct {
	// Lacks names each missing feature and the reason, which the report shows.
	Lacks map[Feature]string
	// Advance moves the clock of a driver that lacks RealClock.
	Advance func(d driver.Driver, by time.Duration)
}

type testCase struct {
	name  string
	needs []Feature
	run   func(w *world)
}

// Run runs the suite. open returns a new driver; the suite closes it, and
// checks after each test that no goroutine and no descriptor is left.
func Run(t *testing.T, open func(t *testing.T) driver.Driver, opt Options) {
	t.Run("Lacks", func(t *testing.T) { checkLacks(t, open(t), opt) })
	RunSome(t, "", open, opt)
}

// RunSome is Run for the tests whose names begin with prefix.
func RunSome(t *testing.T, prefix string, open func(t *testing.T) driver.Driver, opt Options) {
	var cases []testCase
	for _, part := range [][]testCase{
		parkCases, opCases, netCases, streamCases, endCases, cancelCases, unixCases, fileCases, filesysCases, fileNameCases, fileEndCases, attachCases, datagramCases, bellCases, allocCases, abandonCases, interruptCases, faultCases,
	} {
		cases = append(cases, part...)
	}
	for _, c := range cases {
		if !strings.HasPrefix(c.name, prefix) {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			for _, f := range c.needs {
				if why, ok := opt.Lacks[f]; ok {
					t.Skipf("the driver lacks %s: %s", f, why)
				}
			}
			lock(t)
			check := leaks(t)
			w := newWorld(t, open(t), opt)
			t.Cleanup(func() { w.d.Close() }) // of a test that skips itself or fails
			c.run(w)
			w.close()
			check()
		})
	}
}

// lock binds the test to a thread, as an executor does for a driver that needs
// it.
func lock(t *testing.T) {
	runtime.LockOSThread()
	t.Cleanup(runtime.UnlockOSThread)
}

// checkLacks makes sure that what is said to lack does: an operation of such a
// feature says ErrNotSupported, instead of working or failing obscurely.
func checkLacks(t *testing.T, d driver.Driver, opt Options) {
	lock(t)
	w := newWorld(t, d, opt)
	defer w.close()
	tries := map[Feature]*driver.Op{
		Files:       {Code: driver.Open, Args: &driver.Args{Path: t.TempDir() + "/f"}},
		Direct:      {Code: driver.Open, Args: &driver.Args{Path: w.touch(t.TempDir()+"/d", ""), Direct: true}},
		Descriptors: {Code: driver.Attach, Args: &driver.Args{}},
		Datagrams:   {Code: driver.ListenPacket, Args: &driver.Args{Network: "udp", Addr: localhost}},
		Unix:        {Code: driver.Listen, Args: &driver.Args{Network: "unix", Path: "x"}},
	}
	for f, why := range opt.Lacks {
		if why == "" {
			t.Errorf("Options.Lacks[%q] gives no reason", f)
		}
		if op := tries[f]; op != nil {
			w.wait(op)
			w.wantErr(op.Err, driver.ErrNotSupported)
		}
	}
	if _, manual := opt.Lacks[RealClock]; manual != (opt.Advance != nil) {
		t.Error("Options.Advance must be set if and only if the driver lacks RealClock")
	}
}
