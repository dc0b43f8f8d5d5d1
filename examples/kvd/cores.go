package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/examples/kvd/internal/engine"
	"github.com/rouse-go/rouse/examples/kvd/internal/server"
	"github.com/rouse-go/rouse/executor"
)

// checkCores says what does not go together with several cores.
func checkCores(cores, cpu int) error {
	switch {
	case cores < 0 || cores > engine.MaxShards:
		return fmt.Errorf("kvd: -cores %d: give a number from 1 to %d, or 0 for one for each CPU", cores, engine.MaxShards)
	case cores != 1 && cpu >= 0:
		return errors.New("kvd: -cpu pins the one thread of -cores 1; leave it out, and give kvd its CPUs with taskset")
	}
	return nil
}

// runCores is run with one executor for each core.
func runCores(cfg server.Config, drv string, cores int) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	context.AfterFunc(ctx, stop) // a second signal kills, if the end hangs
	cfg.Engine.Shutdown = cancel
	disk, err := testDisk(cfg.Data.Dir)
	if err != nil {
		return err
	}
	pool, err := executor.NewPool(executor.PoolConfig{
		Placement:  executor.Unbound(cores),
		Executor:   executor.Config{Name: "kvd", OnPanic: func(*rouse.PanicError) {}}, // logged; the others are served on
		OpenDriver: func(int) (driver.Driver, error) { return openDriver(drv, disk) },
	})
	if err != nil {
		return err
	}
	return servePool(ctx, cancel, cfg, pool)
}

// servePool serves on pool, which it closes, until ctx ends, or one of the executors
// by itself, as one whose driver has failed does: the pool ends with it, and so does
// ctx, by cancel.
func servePool(ctx context.Context, cancel context.CancelFunc, cfg server.Config, pool *executor.Pool) error {
	defer pool.Close()
	go func() {
		_ = pool.Join() // Close returns the same
		cancel()
	}()
	cluster, err := server.StartCluster(ctx, pool, cfg)
	if err != nil {
		return errors.Join(endedEarly(err), pool.Close())
	}
	slog.Info("kvd: ready", "version", version, "addr", cluster.Addr().String(), "driver", pool.At(0).Driver().Name(), "cores", pool.Len(), "pid", os.Getpid())
	fmt.Printf("kvd listens at %s (Ctrl-C ends it). Try:\n  %s\n", cluster.Addr(), tryLine(cluster.Addr()))
	<-ctx.Done()
	if err := cluster.Shutdown(); err != nil {
		return errors.Join(err, pool.Close())
	}
	slog.Info("kvd: bye")
	return pool.Close()
}
