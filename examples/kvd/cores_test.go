package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/examples/kvd/internal/server"
	"github.com/rouse-go/rouse/executor"
)

// A mortal driver fails when it is told to.
type mortal struct {
	driver.Driver
	dead atomic.Bool // set by the test, read by Park
}

var errDead = errors.New("the driver is dead")

func (d *mortal) Park(until int64) (int, error) {
	if d.dead.Load() {
		return 0, errDead
	}
	return d.Driver.Park(until)
}

// When the driver of one core fails, while kvd starts or later, with data or without,
// kvd ends with that error, and does not stay there as a process that serves nobody.
func TestDeathOfOneCore(t *testing.T) {
	for victim := range 2 {
		for _, data := range []bool{false, true} {
			for _, serving := range []bool{false, true} {
				when := fmt.Sprintf("core %d, with data: %v, serving: %v", victim, data, serving)
				dir := t.TempDir()
				cfg := server.Config{Address: filepath.Join(dir, "socket"), Log: slog.New(slog.DiscardHandler)}
				if data {
					cfg.Data.Dir = filepath.Join(dir, "data")
				}
				if err := die(t, cfg, victim, serving); !errors.Is(err, errDead) {
					t.Errorf("%s: kvd ends with %v", when, err)
				}
			}
		}
	}
}

// die runs kvd on two cores, has the driver of one fail, when kvd serves or at once,
// and returns how kvd ends.
func die(t *testing.T, cfg server.Config, victim int, serving bool) error {
	drivers := [2]*mortal{{}, {}}
	pool, err := executor.NewPool(executor.PoolConfig{
		Placement: executor.Unbound(2),
		Executor:  executor.Config{Log: cfg.Log},
		OpenDriver: func(i int) (_ driver.Driver, err error) {
			drivers[i].Driver, err = executor.OpenDriver("portable")
			return drivers[i], err
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- servePool(ctx, cancel, cfg, pool) }()
	patience := time.After(30 * time.Second)
	for serving && !answers(cfg.Address) {
		select {
		case err := <-ended:
			return fmt.Errorf("too early: %w", err)
		case <-patience:
			t.Fatal("kvd does not start")
		case <-time.After(time.Millisecond):
		}
	}
	drivers[victim].dead.Store(true)
	drivers[victim].Unpark()
	select {
	case err := <-ended:
		return err
	case <-patience:
		t.Fatal("kvd does not end")
		return nil
	}
}

// answers reports whether there is a server that answers.
func answers(path string) bool {
	c, err := net.Dial("unix", path)
	if err != nil {
		return false
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	_, _ = io.WriteString(c, "PING\r\n")
	got := make([]byte, len("+PONG\r\n"))
	_, err = io.ReadFull(c, got)
	return err == nil && string(got) == "+PONG\r\n"
}
