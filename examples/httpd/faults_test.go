package main

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/driver/manual"
	"github.com/rouse-go/rouse/examples/internal/exampletest"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/internal/faults"
	"github.com/rouse-go/rouse/netio"
)

// net/http on a driver that cuts, delays and fails: a client that asks again
// when its connection broke gets the right answers, the server outlives what
// befalls its connections, and ends when it is told to.
func TestFaultyDriver(t *testing.T) {
	log.SetOutput(io.Discard) // http says each time that it accepts again
	defer log.SetOutput(os.Stderr)
	// What is broken stays so: readers such as bufio's rely on it.
	plan := faults.Plan{Stay: true, Short: 0.4, Late: 0.3, Swap: 0.5, Fail: 0.08, Errors: map[driver.Code][]syscall.Errno{
		driver.Recv: {syscall.ECONNRESET, syscall.ENOMEM, syscall.ENOBUFS},
		driver.Send: {syscall.ECONNRESET, syscall.ENOMEM, syscall.ENOBUFS},
		// http.Server goes on after these, and ends after any other.
		driver.Accept: {syscall.EMFILE},
	}}
	for _, name := range append(strings.Split(executor.DriverNames(), ", "), "manual") {
		t.Run(name, func(t *testing.T) {
			open := func() (driver.Driver, error) { return executor.OpenDriver(name) }
			if name == "manual" {
				open = func() (driver.Driver, error) { return manual.New(manual.Config{}) }
			}
			inner, err := open()
			if err != nil {
				t.Fatal(err)
			}
			d := faults.Wrap(inner, plan)
			ex, err := executor.New(executor.Config{Driver: d})
			if err != nil {
				t.Fatal(err)
			}
			url := exampletest.Serve(t, "http://", func(ctx context.Context, out io.Writer) error {
				return runOn(ctx, ex, "127.0.0.1:0", out)
			})
			dial := new(net.Dialer).DialContext
			if name == "manual" { // nothing outside reaches it
				dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
					c, err := netio.Dial(ex.Context(ctx), network, addr)
					if err != nil {
						return nil, err
					}
					return c.NetConn(ex.Context(context.Background())), nil
				}
			}
			ask(t, dial, url)
			faults.Report(t, name, d.Counts(), faults.Short, faults.Late, "ECONNRESET", "EMFILE", "ENOMEM", "ENOBUFS")
		})
	}
}

func ask(t *testing.T, dial func(ctx context.Context, network, addr string) (net.Conn, error), url string) {
	tr := &http.Transport{DialContext: dial}
	defer tr.CloseIdleConnections()
	c := &http.Client{Transport: tr, Timeout: exampletest.Patience}
	var g sync.WaitGroup
	for range 4 {
		g.Go(func() {
			for answered, tries := 0, 0; answered < 60; tries++ {
				if tries > 2000 {
					t.Errorf("%d answers to %d requests", answered, tries)
					return
				}
				resp, err := c.Get(url + "path")
				if err != nil {
					continue
				}
				body, err := io.ReadAll(resp.Body)
				resp.Body.Close()
				if err != nil {
					continue
				}
				if want := "hello from net/http on rouse: GET /path\n"; string(body) != want {
					t.Errorf("got %q", body)
				}
				answered++
			}
		})
	}
	g.Wait()
}
