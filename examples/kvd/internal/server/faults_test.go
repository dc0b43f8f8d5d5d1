package server

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/driver/manual"
	"github.com/rouse-go/rouse/examples/kvd/internal/durable"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/internal/faults"
	"github.com/rouse-go/rouse/internal/leakcheck"
	"github.com/rouse-go/rouse/netio"
)

// Sessions on a driver that cuts, delays and fails: a client that begins anew
// after each error gets the right replies, and what was acknowledged is there
// after the server's end, where there is a disk.
func TestFaultyDriver(t *testing.T) {
	network := map[driver.Code][]syscall.Errno{}
	for _, code := range []driver.Code{driver.Accept, driver.Connect, driver.Recv, driver.Send} {
		network[code] = faults.Errors[code]
	}
	for _, name := range append(strings.Split(executor.DriverNames(), ", "), "manual") {
		t.Run(name, func(t *testing.T) {
			made := map[string]int{}
			for seed := range uint64(2) {
				cfg := Config{Address: "127.0.0.1:0", Log: slog.New(slog.DiscardHandler)}
				if name != "manual" {
					cfg.Data = durable.Config{Dir: t.TempDir(), Fsync: durable.Always, Log: cfg.Log}
				}
				plan := faults.Plan{Seed: seed, Short: 0.4, Late: 0.3, Swap: 0.5, Fail: 0.03, Errors: network}
				onFaulty(t, name, cfg, plan, made, func(ctx context.Context, addr string) {
					var g sync.WaitGroup
					for k := range 4 {
						g.Go(func() {
							if err := insist(ctx, addr, k); err != nil {
								t.Errorf("seed %d, client %d: %v", seed, k, err)
							}
						})
					}
					g.Wait()
				})
				if name == "manual" {
					continue
				}
				onFaulty(t, name, cfg, faults.Plan{}, made, func(ctx context.Context, addr string) {
					for k := range 4 {
						if err := verify(ctx, addr, k); err != nil {
							t.Errorf("seed %d, client %d, after a new start: %v", seed, k, err)
						}
					}
				})
			}
			faults.Report(t, name, made, faults.Short, faults.Late, "ECONNRESET", "ENOMEM", "ENOBUFS")
		})
	}
}

// onFaulty runs a server on an executor with plan, and fn on this goroutine.
func onFaulty(t *testing.T, name string, cfg Config, plan faults.Plan, made map[string]int, fn func(ctx context.Context, addr string)) {
	t.Helper()
	goroutines, files := runtime.NumGoroutine(), leakcheck.Descriptors()
	var inner driver.Driver
	var err error
	if name == "manual" {
		inner, err = manual.New(manual.Config{AutoAdvance: true, Buffer: 4 << 10})
	} else {
		inner, err = executor.OpenDriver(name)
	}
	if err != nil {
		t.Fatal(err)
	}
	d := faults.Wrap(inner, faults.Plan{Seed: plan.Seed})
	ex, err := executor.New(executor.Config{Driver: d, Log: cfg.Log})
	if err != nil {
		t.Fatal(err)
	}
	addr, ended := make(chan string, 1), make(chan error, 1)
	go func() {
		defer close(addr)
		ended <- func() error {
			srv, err := Start(context.Background(), ex, cfg)
			if err != nil {
				return errors.Join(err, ex.Close())
			}
			d.Set(plan)
			addr <- srv.Addr().String()
			err = ex.Run(context.Background())
			d.Set(faults.Plan{})
			return errors.Join(err, srv.Shutdown(), ex.Close())
		}()
	}()
	if at := <-addr; at != "" {
		ctx, cancel := context.WithTimeout(ex.Context(context.Background()), time.Minute)
		fn(ctx, at)
		cancel()
		ex.Stop()
	}
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(time.Minute):
		t.Fatal("the server does not end")
	}
	for kind, n := range d.Counts() {
		made[kind] += n
	}
	for end := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > goroutines || leakcheck.Descriptors() > files; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d goroutines and %d descriptors, before there were %d and %d",
				runtime.NumGoroutine(), leakcheck.Descriptors(), goroutines, files)
		}
	}
}

const (
	rounds = 15
	length = 3000
)

func keyAndValue(k, i int) (string, string) {
	return fmt.Sprintf("key-%d-%d", k, i), strings.Repeat(fmt.Sprintf("%d.%d ", k, i), length/5)
}

// insist sets and gets what client k has, over a new connection after each
// error, until it has seen all the replies.
func insist(ctx context.Context, addr string, k int) error {
	c := &caller{ctx: ctx, addr: addr}
	defer c.hangUp()
	for i := 0; i < rounds; {
		key, value := keyAndValue(k, i)
		err := c.ask(request("SET", key, value)+request("GET", key)+"PING\r\n", "+OK\r\n"+bulk(value)+"+PONG\r\n")
		switch {
		case err == nil:
			i++
		case errors.Is(err, errWrong) || ctx.Err() != nil:
			return err
		}
	}
	return nil
}

// verify gets them.
func verify(ctx context.Context, addr string, k int) error {
	c := &caller{ctx: ctx, addr: addr}
	defer c.hangUp()
	for i := range rounds {
		key, value := keyAndValue(k, i)
		if err := c.ask(request("GET", key), bulk(value)); err != nil {
			return err
		}
	}
	return nil
}

var errWrong = errors.New("a wrong reply")

// A caller asks over a connection of its own, which it makes when it needs it.
type caller struct {
	ctx  context.Context
	addr string
	conn net.Conn
	in   *bufio.Reader
}

func (c *caller) ask(request, reply string) (err error) {
	defer func() {
		if err != nil {
			c.hangUp()
		}
	}()
	if c.conn == nil {
		conn, err := netio.Dial(c.ctx, "tcp", c.addr)
		if err != nil {
			return err
		}
		c.conn = conn.NetConn(c.ctx)
		c.in = bufio.NewReader(c.conn)
	}
	if _, err := io.WriteString(c.conn, request); err != nil {
		return err
	}
	got := make([]byte, len(reply))
	n, err := io.ReadFull(c.in, got)
	if string(got[:n]) != reply[:n] {
		return fmt.Errorf("%w: %.100q, want %.100q", errWrong, got[:n], reply)
	}
	return err
}

func (c *caller) hangUp() {
	if c.conn != nil {
		c.conn.Close()
		c.conn = nil
	}
}
