// Command kvd is a server that speaks the Redis protocol, and shows what rouse
// is for: it serves any number of connections with poll tasks on one thread,
// no goroutine each, and a connection at rest costs less than a kilobyte.
//
//	go run ./examples/kvd
//	redis-cli -p 6390 set greeting hello
//
// It keeps its data in memory only. See README.md for the commands it knows.
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
	cpu := flag.Int("cpu", -1, "pin the thread to this CPU `number`")
	flag.Usage = usage
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "kvd: unexpected argument %q\n", flag.Arg(0))
		usage()
		os.Exit(2)
	}
	cfg.Engine = engine.Config{Version: version}
	if err := run(cfg, *drv, *cpu); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func usage() {
	fmt.Fprint(flag.CommandLine.Output(), `kvd serves the Redis protocol from memory, on one thread.

Usage: kvd [flags]

Flags:
`)
	flag.PrintDefaults()
}

// run serves until SIGINT or SIGTERM.
func run(cfg server.Config, drv string, cpu int) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	exCfg := executor.Config{Name: "kvd", OnPanic: func(*rouse.PanicError) {}} // logged; the others are served on
	if cpu >= 0 {
		exCfg.CPU = executor.OnCPU(cpu)
	}
	if drv != "" {
		d, err := executor.OpenDriver(drv)
		if err != nil {
			return err
		}
		exCfg.Driver = d
	}
	ex, err := executor.New(exCfg)
	if err != nil {
		return err
	}
	defer ex.Close()
	srv, err := server.Start(ctx, ex, cfg)
	if err != nil {
		return err
	}
	slog.Info("kvd: ready", "version", version, "addr", srv.Addr().String(), "driver", ex.Driver().Name(), "pid", os.Getpid())
	fmt.Printf("kvd listens at %s (Ctrl-C ends it). Try:\n  %s\n", srv.Addr(), tryLine(srv.Addr()))
	if err := ex.Run(ctx); err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	stop() // a second signal kills
	slog.Info("kvd: bye")
	return ex.Close()
}

// tryLine is a command that shows that the server works.
func tryLine(addr net.Addr) string {
	if tcp, ok := addr.(*net.TCPAddr); ok {
		return fmt.Sprintf("redis-cli -p %d set greeting hello", tcp.Port)
	}
	return fmt.Sprintf("redis-cli -s %s set greeting hello", addr)
}
