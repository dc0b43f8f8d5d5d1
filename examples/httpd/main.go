// Command httpd runs net/http's own server on a netio listener: http.Serve on
// the listener's view.
//
//	go run ./examples/httpd
//	curl http://127.0.0.1:8080/
//
// This is how a whole library comes to an executor without a change, and it
// says what a view costs: http.Serve starts a goroutine for each connection, as
// it always does, and each Read and Write of it is sent to the executor's
// thread and back. So it takes no less memory than over package net, and more
// time. It is for programs whose other tasks need the executor and that have
// some HTTP besides. A server that is meant to profit is written on fibers or
// poll tasks, as examples/https and examples/kvd are.
//
// Ctrl-C ends the server when the requests under way have been answered.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/netio"
)

// graceTime is how long requests under way may take when the server ends.
const graceTime = 5 * time.Second

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "`host:port` to listen at")
	flag.Usage = usage
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "httpd: unexpected argument %q\n", flag.Arg(0))
		usage()
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *addr, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func usage() {
	fmt.Fprint(flag.CommandLine.Output(), `httpd runs net/http's server on a listener of an executor.

Usage: httpd [flags]

Flags:
`)
	flag.PrintDefaults()
}

// run serves until ctx ends.
func run(ctx context.Context, addr string, out io.Writer) error {
	ex, err := executor.New(executor.Config{Name: "httpd"})
	if err != nil {
		return err
	}
	return runOn(ctx, ex, addr, out)
}

// runOn is run on an executor, which it closes.
func runOn(ctx context.Context, ex *executor.Local, addr string, out io.Writer) error {
	// The executor has a goroutine of its own; this one is http's.
	ended := make(chan error, 1)
	go func() {
		err := ex.Run(context.Background())
		ended <- errors.Join(err, ex.Close())
	}()
	err := serve(ctx, ex, addr, out)
	ex.Stop()
	return errors.Join(err, <-ended)
}

func serve(ctx context.Context, ex *executor.Local, addr string, out io.Writer) error {
	// The listener and its connections do not end with ctx: Shutdown ends
	// them, when they have answered.
	home := ex.Context(context.Background())
	l, err := netio.Listen(home, "tcp", addr)
	if err != nil {
		return err
	}
	srv := &http.Server{Handler: http.HandlerFunc(hello), ReadHeaderTimeout: 10 * time.Second}
	fmt.Fprintf(out, "httpd listens at %s (Ctrl-C ends it). Try:\n  curl http://%s/\n", l.Addr(), l.Addr())
	down := make(chan error, 1)
	go func() {
		<-ctx.Done()
		grace, cancel := context.WithTimeout(context.Background(), graceTime)
		defer cancel()
		down <- srv.Shutdown(grace)
	}()
	if err := srv.Serve(l.NetListener(home)); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	err = <-down
	fmt.Fprintln(out, "httpd: bye")
	return err
}

func hello(w http.ResponseWriter, r *http.Request) {
	fmt.Fprintf(w, "hello from net/http on rouse: %s %s\n", r.Method, r.URL.Path)
}
