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

	"github.com/rouse-go/rouse/examples/kvd/internal/crashdisk"
	"github.com/rouse-go/rouse/executor"
)

// withTestDisk puts a crashdisk under the data directory, for the crash test. It
// does what the environment says:
//
//	KVD_CRASH_SEED    of what survives, and of when exactly
//	KVD_CRASH_AT      after SIGUSR1 the power fails at a point with a name that
//	                  has this in it, such as "Sync log"
//	KVD_CRASH_SKIP    so many such points are passed first
//
// When it fails the process says where and kills itself.
func withTestDisk(cfg *executor.Config, dir string) error {
	if dir == "" {
		return nil
	}
	seed, err := strconv.ParseUint(os.Getenv("KVD_CRASH_SEED"), 10, 64)
	if err != nil {
		return fmt.Errorf("kvd: KVD_CRASH_SEED: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	disk, err := crashdisk.Mirror(dir, seed)
	if err != nil {
		return err
	}
	skip, err := strconv.Atoi(os.Getenv("KVD_CRASH_SKIP"))
	if err != nil {
		return fmt.Errorf("kvd: KVD_CRASH_SKIP: %w", err)
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
	if cfg.Driver == nil {
		name, _, _ := strings.Cut(executor.DriverNames(), ",")
		if cfg.Driver, err = executor.OpenDriver(name); err != nil {
			return err
		}
	}
	d := crashdisk.NewDriver(cfg.Driver, disk)
	d.Latency = time.Duration(rng.IntN(2000)) * time.Microsecond
	cfg.Driver = d
	return nil
}
