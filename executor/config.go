package executor

import (
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"time"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/driver"
)

// Config says how a [Local] shall be. The zero Config is a good one.
type Config struct {
	// Name is for logs and reports. Default: "executor".
	Name string

	// Driver connects the executor to the outside. It belongs to the executor
	// from then on. Default: the best one of this system, see the README.
	Driver driver.Driver

	// Tick is the resolution of timers: deadlines are rounded up to its
	// multiples. Default: 1 ms.
	Tick time.Duration

	// CPU pins the executor's thread to that CPU if it is above 0: CPU n+1
	// pins to CPU n, so that zero means not pinned. See [OnCPU].
	CPU int

	// Spin is how long an idle executor looks for wakes before it sleeps. It
	// burns CPU to save the cost of waking a thread. It is ignored with
	// GOMAXPROCS=1 and on one CPU. Default: 0.
	Spin time.Duration

	// Grace is how long a cancelled fiber may go on awaiting before it is
	// unwound. Default: 100 ms.
	Grace time.Duration

	// BlockingWorkers bounds the goroutines of [Blocking]. Default: 64.
	BlockingWorkers int

	// Seed seeds the executor's random numbers. Default: from the system.
	Seed uint64

	// OnPanic is called on the executor's goroutine for a panic that nobody
	// will join: it has been logged, and the executor goes on. If OnPanic is
	// nil, the executor drops all its tasks and Run panics with it.
	OnPanic func(*rouse.PanicError)

	// Log receives what the executor has to say. Default: slog.Default().
	Log *slog.Logger
}

// OnCPU returns the value of Config.CPU that pins to CPU n, counted from 0.
func OnCPU(n int) int { return n + 1 }

// withDefaults checks c and fills in what was left out.
func (c Config) withDefaults() (Config, error) {
	switch {
	case c.Tick < 0:
		return c, fmt.Errorf("rouse: Config.Tick is %v; give a positive duration, or 0 for 1 ms", c.Tick)
	case c.Spin < 0:
		return c, fmt.Errorf("rouse: Config.Spin is %v; give a positive duration, or 0 for none", c.Spin)
	case c.Grace < 0:
		return c, fmt.Errorf("rouse: Config.Grace is %v; give a positive duration, or 0 for 100 ms", c.Grace)
	case c.CPU < 0:
		return c, fmt.Errorf("rouse: Config.CPU is %d; give OnCPU(n), or 0 for no pinning", c.CPU)
	case c.BlockingWorkers < 0:
		return c, fmt.Errorf("rouse: Config.BlockingWorkers is %d; give a positive number, or 0 for 64", c.BlockingWorkers)
	case c.CPU > 0 && !canPin:
		return c, fmt.Errorf("rouse: Config.CPU: pinning to a CPU on %s: %w", runtime.GOOS, errors.ErrUnsupported)
	}
	if c.Name == "" {
		c.Name = "executor"
	}
	if c.Tick == 0 {
		c.Tick = time.Millisecond
	}
	if c.Grace == 0 {
		c.Grace = 100 * time.Millisecond
	}
	if c.BlockingWorkers == 0 {
		c.BlockingWorkers = 64
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	return c, nil
}
