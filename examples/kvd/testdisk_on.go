//go:build kvd_crashdisk && unix

package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/examples/kvd/internal/crashdisk"
)

// testDisk returns what puts a crashdisk under the data directory, for the crash
// test; the drivers of all cores have the same one. It does what the environment
// says:
//
//	KVD_CRASH_SEED    of what survives, and of when exactly
//	KVD_CRASH_AT      after SIGUSR1 the power fails at a point with a name that
//	                  has this in it, such as "Sync log"
//	KVD_CRASH_SKIP    so many such points are passed first
//
// When it fails the process says where and kills itself.
func testDisk(dir string) (func(driver.Driver) driver.Driver, error) {
	if dir == "" {
		return func(d driver.Driver) driver.Driver { return d }, nil
	}
	seed, err := strconv.ParseUint(os.Getenv("KVD_CRASH_SEED"), 10, 64)
	if err != nil {
		return nil, fmt.Errorf("kvd: KVD_CRASH_SEED: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	disk, err := crashdisk.Mirror(dir, seed)
	if err != nil {
		return nil, err
	}
	skip, err := strconv.Atoi(os.Getenv("KVD_CRASH_SKIP"))
	if err != nil {
		return nil, fmt.Errorf("kvd: KVD_CRASH_SKIP: %w", err)
	}
	var armed atomic.Bool
	rng := rand.New(rand.NewPCG(seed, 2))
	at := os.Getenv("KVD_CRASH_AT")
	disk.CrashWhen(func(point string) bool {
		if !armed.Load() || !strings.Contains(point, at) {
			return false
		}
		skip--
		return skip < 0
	}, func(point string) {
		fmt.Fprintf(os.Stderr, "crashdisk: the power fails at %s\n", point)
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	})
	now := make(chan os.Signal, 1)
	signal.Notify(now, syscall.SIGUSR1)
	go func() {
		<-now
		armed.Store(true)
	}()
	latency := time.Duration(rng.IntN(2000)) * time.Microsecond
	return func(inner driver.Driver) driver.Driver {
		d := crashdisk.NewDriver(inner, disk)
		d.Latency = latency
		return d
	}, nil
}
