// Command https serves HTTPS with crypto/tls on fibers: each connection is one
// fiber, and no goroutine waits for anybody.
//
//	go run ./examples/https
//	curl --insecure https://127.0.0.1:8443/
//
// The certificate is made at start and signed by itself; -cert FILE writes it
// for curl --cacert. Ctrl-C ends the server.
//
// # TLS and fibers
//
// A tls.Conn reads and writes through the net.Conn view of a netio.Conn, which
// suspends the fiber that ctx carries. It holds a mutex meanwhile: one for the
// handshake and one for each direction. A mutex held across an await stops the
// executor as soon as a second fiber wants it. So the handshake is finished in
// one fiber before anybody else gets the connection, and afterwards one fiber
// reads and one, here the same, writes. The arithmetic of a handshake is done on
// the loop, and everybody waits for it; a server with very many handshakes does
// better with several executors, or on goroutines (see examples/httpd).
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/executor"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8443", "`host:port` to listen at")
	certFile := flag.String("cert", "", "`file` to write the certificate to, for curl --cacert")
	flag.Usage = usage
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "https: unexpected argument %q\n", flag.Arg(0))
		usage()
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *addr, *certFile, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func usage() {
	fmt.Fprint(flag.CommandLine.Output(), `https serves HTTPS with crypto/tls on fibers, on one thread.

Usage: https [flags]

Flags:
`)
	flag.PrintDefaults()
}

// run serves until ctx ends.
func run(ctx context.Context, addr, certFile string, out io.Writer) error {
	cert, err := selfSigned()
	if err != nil {
		return err
	}
	if certFile != "" {
		if err := writeCert(certFile, cert); err != nil {
			return err
		}
	}
	ex, err := executor.New(executor.Config{
		Name:    "https",
		OnPanic: func(*rouse.PanicError) {}, // logged; the others are served on
	})
	if err != nil {
		return err
	}
	s := &server{cert: cert, out: out}
	root := executor.SpawnFiber(ctx, ex, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, s.listen(ctx, addr)
	})
	_, err = executor.RunUntil[struct{}](ex, root)
	closed := ex.Close() // ends the fibers of open connections, and runs what they deferred
	if errors.Is(err, context.Canceled) {
		fmt.Fprintln(out, "https: bye")
		err = nil
	}
	return errors.Join(err, closed)
}
