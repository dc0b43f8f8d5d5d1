package faults_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/channel"
	"github.com/rouse-go/rouse/fiber"
	"github.com/rouse-go/rouse/internal/faults"
	"github.com/rouse-go/rouse/netio"
	"github.com/rouse-go/rouse/timer"
)

// Fibers, timers and channels on a driver that is late and fails: servers that
// echo, clients that give up what fails and begin anew, and a channel that
// brings what they got to one who counts. Nobody waits for ever, and every task
// ends.
func TestDirectStyle(t *testing.T) {
	onEach(t, faults.Plan{Short: 0.3, Late: 0.3, Swap: 0.5, Fail: 0.02}, []string{faults.Short, faults.Late, faults.Swapped}, func(w *world) {
		const clients, messages = 8, 10
		got, err := fiber.Go(w.ctx, func(ctx context.Context) (int, error) {
			var l *netio.Listener
			for l == nil {
				if err := ctx.Err(); err != nil {
					return 0, err
				}
				l, _ = netio.Listen(ctx, "tcp", "127.0.0.1:0")
			}
			server := fiber.Go(ctx, func(ctx context.Context) (int, error) { return serve(ctx, l) })
			results := channel.NewBounded[[]byte](2)
			var hs []rouse.JoinHandle[int]
			for i := range clients {
				hs = append(hs, fiber.Go(ctx, func(ctx context.Context) (int, error) {
					for k := range messages {
						want := pattern(i, 500+k*900)
						if err := results.Send(ctx, ask(ctx, l.Addr().String(), want)); err != nil {
							return k, err
						}
					}
					return messages, nil
				}))
			}
			sum := 0
			for range clients * messages {
				b, err := results.Recv(ctx)
				if err != nil {
					return sum, err
				}
				if len(b) > 0 {
					sum++
				}
			}
			for _, h := range hs {
				if n, err := h.Join(ctx); n != messages || err != nil {
					return sum, err
				}
			}
			l.Close()
			if _, err := server.Join(ctx); !errors.Is(err, net.ErrClosed) {
				w.Errorf("the server ends with %v", err)
			}
			return sum, nil
		}).Join(w.ctx)
		if got != clients*messages || err != nil {
			w.Errorf("%d messages came back of %d, %v", got, clients*messages, err)
		}
	})
}

// serve echoes until l is closed, or the test's time is up.
func serve(ctx context.Context, l *netio.Listener) (int, error) {
	for {
		c, err := l.Accept(ctx)
		if errors.Is(err, net.ErrClosed) || ctx.Err() != nil {
			return 0, err
		} else if err != nil {
			continue
		}
		fiber.Go(ctx, func(ctx context.Context) (int, error) {
			defer c.Close()
			buf := make([]byte, 700)
			for {
				n, err := c.Read(ctx, buf)
				if err != nil {
					return 0, err
				}
				if _, err = c.Write(ctx, buf[:n]); err != nil {
					return 0, err
				}
			}
		})
	}
}

// ask sends msg until it has come back, over a new connection after each error.
func ask(ctx context.Context, addr string, msg []byte) []byte {
	for try := 0; ctx.Err() == nil; try++ {
		// A pause first, so that timers are at it, too.
		if _, err := rouse.Await(ctx, rouse.Future[struct{}](timer.Sleep(time.Duration(try)*time.Millisecond))); err != nil {
			return nil
		}
		if got, err := askOnce(ctx, addr, msg); err == nil {
			return got
		}
	}
	return nil
}

func askOnce(ctx context.Context, addr string, msg []byte) ([]byte, error) {
	ctx, cancel := timer.WithTimeout(ctx, patience)
	defer cancel()
	c, err := netio.Dial(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	if _, err := c.Write(ctx, msg); err != nil {
		return nil, err
	}
	got := make([]byte, len(msg))
	for n := 0; n < len(got); {
		k, err := c.Read(ctx, got[n:])
		if n += k; err != nil {
			return nil, err
		}
	}
	if !bytes.Equal(got, msg) {
		return nil, io.ErrUnexpectedEOF
	}
	return got, nil
}
