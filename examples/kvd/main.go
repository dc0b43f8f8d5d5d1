// Command kvd is a server that speaks the Redis protocol, and shows what rouse
// is for: it serves any number of connections with poll tasks on one thread, or a
// few, no goroutine each, and a connection at rest costs less than a kilobyte.
//
//	go run ./examples/kvd
//	redis-cli -p 6390 set greeting hello
//
// It keeps its data in memory, and with -data on disk too. See README.md for the
// commands it knows and for what is promised about the data.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"syscall"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/examples/kvd/internal/durable"
	"github.com/rouse-go/rouse/examples/kvd/internal/engine"
	"github.com/rouse-go/rouse/examples/kvd/internal/server"
	"github.com/rouse-go/rouse/executor"
)

const version = "0.1.0"

func main() {
	var cfg server.Config
	flag.StringVar(&cfg.Address, "addr", "127.0.0.1:6390", "`host:port` to listen at, or the path of a unix socket")
	flag.IntVar(&cfg.MaxClients, "maxclients", 10_000, "refuse further connections beyond this `number`")
	drv := flag.String("driver", "", "`name` of the driver: "+executor.DriverNames()+" (default: the best one here)")
	flag.StringVar(&cfg.Data.Dir, "data", "", "keep the data in this `directory`, too (default: in memory only)")
	fsync := flag.String("fsync", durable.Always.String(), "`when` to sync the log: always (before each reply), 1s or no; with -data")
	flag.IntVar(&cfg.Data.Growth, "rewrite-growth", 100, "rewrite the log when it has grown by so many `percent`; -1: only on BGREWRITEAOF")
	flag.Int64Var(&cfg.Data.MinSize, "rewrite-min", 64<<20, "and data and log take as many `bytes`")
	cores := flag.Int("cores", 1, "spread keys and connections over this `number` of threads; 0: one for each CPU")
	cpu := flag.Int("cpu", -1, "pin the thread to this CPU `number`")
	flag.Usage = usage
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "kvd: unexpected argument %q\n", flag.Arg(0))
		usage()
		os.Exit(2)
	}
	var err error
	if cfg.Data.Fsync, err = durable.ParsePolicy(*fsync); err != nil {
		fmt.Fprintf(os.Stderr, "kvd: -fsync: %v\n", err)
		os.Exit(2)
	}
	if cfg.Data.Growth == 0 || cfg.Data.Growth < -1 || cfg.Data.MinSize < 1 {
		fmt.Fprintln(os.Stderr, "kvd: -rewrite-growth must be a positive percentage or -1, and -rewrite-min a positive number of bytes")
		os.Exit(2)
	}
	if err := checkCores(*cores, *cpu); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	cfg.Engine = engine.Config{Version: version}
	if *cores == 1 {
		err = run(cfg, *drv, *cpu)
	} else {
		err = runCores(cfg, *drv, *cores)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func usage() {
	fmt.Fprint(flag.CommandLine.Output(), `kvd serves the Redis protocol from memory, on one thread. With -data it keeps
the data on disk, too: a reply leaves when what it tells of is there. With -cores
it serves on several threads, each of which has a part of the keys.

Usage: kvd [flags]

Flags:
`)
	flag.PrintDefaults()
}

// run serves until SIGINT, SIGTERM or SHUTDOWN.
func run(cfg server.Config, drv string, cpu int) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	context.AfterFunc(ctx, stop) // a second signal kills, if the end hangs
	cfg.Engine.Shutdown = cancel
	exCfg := executor.Config{Name: "kvd", OnPanic: func(*rouse.PanicError) {}} // logged; the others are served on
	if cpu >= 0 {
		exCfg.CPU = executor.OnCPU(cpu)
	}
	disk, err := testDisk(cfg.Data.Dir)
	if err != nil {
		return err
	}
	if exCfg.Driver, err = openDriver(drv, disk); err != nil {
		return err
	}
	ex, err := executor.New(exCfg)
	if err != nil {
		return err
	}
	defer ex.Close()
	srv, err := server.Start(ctx, ex, cfg)
	if err != nil {
		return endedEarly(err)
	}
	slog.Info("kvd: ready", "version", version, "addr", srv.Addr().String(), "driver", ex.Driver().Name(), "pid", os.Getpid())
	fmt.Printf("kvd listens at %s (Ctrl-C ends it). Try:\n  %s\n", srv.Addr(), tryLine(srv.Addr()))
	if err := ex.Run(ctx); err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	if err := srv.Shutdown(); err != nil {
		return err
	}
	slog.Info("kvd: bye")
	return ex.Close()
}

// openDriver opens a driver by its name, with disk under it.
func openDriver(name string, disk func(driver.Driver) driver.Driver) (driver.Driver, error) {
	d, err := executor.OpenDriver(name)
	if err != nil {
		return nil, err
	}
	return disk(d), nil
}

// endedEarly is the result if the start has failed with err.
func endedEarly(err error) error {
	if errors.Is(err, context.Canceled) {
		slog.Info("kvd: bye, before all data was loaded")
		return nil
	}
	return err
}

// tryLine is a command that shows that the server works.
func tryLine(addr net.Addr) string {
	if tcp, ok := addr.(*net.TCPAddr); ok {
		return fmt.Sprintf("redis-cli -p %d set greeting hello", tcp.Port)
	}
	return fmt.Sprintf("redis-cli -s %s set greeting hello", addr)
}
