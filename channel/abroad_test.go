package channel_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/channel"
	"github.com/rouse-go/rouse/executor"
)

// serve runs l on a goroutine of its own until the test ends.
func serve(t testing.TB) *executor.Local {
	l, err := executor.New(executor.Config{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error)
	go func() {
		l.Run(context.Background())
		ended <- l.Close()
	}()
	t.Cleanup(func() {
		l.Stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return l
}

func TestFromGoroutines(t *testing.T) {
	const senders, each = 4, 200
	l := serve(t)
	c := channel.NewBounded[int](3)
	c.Bind(l)
	var sending, receiving sync.WaitGroup
	for range senders {
		sending.Go(func() {
			for i := range each {
				if err := c.Send(context.Background(), i+1); err != nil {
					t.Error(err)
				}
			}
		})
	}
	var mu sync.Mutex
	sum := 0
	for range 3 {
		receiving.Go(func() {
			for {
				v, err := c.Recv(context.Background())
				if err == channel.ErrClosed {
					return
				}
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				sum += v
				mu.Unlock()
			}
		})
	}
	sending.Wait()
	l.Inject(func(*rouse.Context) { c.Close() })
	receiving.Wait()
	if want := senders * each * (each + 1) / 2; sum != want {
		t.Errorf("sum %d, want %d", sum, want)
	}
}

// A ctx that ends in the moment in which an element is taken, or put, loses
// none and doubles none: what Send and Recv return is what happened.
func TestConformance_125_CtxEndsAbroad(t *testing.T) {
	const each = 300
	l := serve(t)
	c := channel.NewBounded[int](1)
	c.Bind(l)
	var group sync.WaitGroup
	var mu sync.Mutex
	sent, got := map[int]bool{}, map[int]bool{}
	brief := func(i int) (context.Context, context.CancelFunc) {
		return context.WithTimeout(context.Background(), time.Duration(i%25)*4*time.Microsecond)
	}
	for g := range 2 {
		group.Go(func() {
			for i := range each {
				v := g*each + i
				ctx, cancel := brief(i)
				err := c.Send(ctx, v)
				cancel()
				switch {
				case err == nil:
					mu.Lock()
					sent[v] = true
					mu.Unlock()
				case !errors.Is(err, context.DeadlineExceeded):
					t.Error(err)
				}
			}
		})
		group.Go(func() {
			for i := range each {
				ctx, cancel := brief(i * 7)
				v, err := c.Recv(ctx)
				cancel()
				switch {
				case err == nil:
					mu.Lock()
					if got[v] {
						t.Errorf("%d received twice", v)
					}
					got[v] = true
					mu.Unlock()
				case !errors.Is(err, context.DeadlineExceeded):
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	done := make(chan bool)
	l.Inject(func(*rouse.Context) {
		c.Close()
		for {
			v, err := c.TryRecv()
			if err == channel.ErrEmpty {
				t.Error("an element is still promised to a receiver that has gone")
			}
			if err != nil {
				break
			}
			got[v] = true
		}
		close(done)
	})
	<-done
	t.Logf("%d of %d sent", len(sent), 2*each)
	if len(got) != len(sent) {
		t.Errorf("%d sent, %d received", len(sent), len(got))
	}
	for v := range got {
		if !sent[v] {
			t.Errorf("%d was received although Send failed", v)
		}
	}
}

func TestFromFiberOfAnotherExecutor(t *testing.T) {
	l := serve(t)
	c, o := channel.NewBounded[int](1), new(channel.Oneshot[int])
	c.Bind(l)
	o.Bind(l)
	run(t, func(ctx context.Context, here *executor.Local) {
		if here == l {
			t.Fatal("not another executor")
		}
		for i := range 50 {
			if err := c.Send(ctx, i); err != nil {
				t.Fatal(err)
			}
			v, err := c.Recv(ctx)
			check(t, v, err, i, nil)
		}
		if err := o.Send(ctx, 4); err != nil {
			t.Fatal(err)
		}
		v, err := o.Recv(ctx)
		check(t, v, err, 4, nil)
	})
}

func TestOneshotFromGoroutines(t *testing.T) {
	l := serve(t)
	for i := range 100 {
		var o channel.Oneshot[int]
		o.Bind(l)
		go func() {
			if i%2 == 0 {
				if err := o.Send(context.Background(), i); err != nil {
					t.Error(err)
				}
			} else {
				l.Inject(func(*rouse.Context) { o.CloseSend() })
			}
		}()
		ctx, cancel := context.WithTimeout(context.Background(), time.Duration(i%10)*5*time.Microsecond)
		v, err := o.Recv(ctx)
		cancel()
		if errors.Is(err, context.DeadlineExceeded) { // then it can be received again
			v, err = o.Recv(context.Background())
		}
		if i%2 == 0 {
			check(t, v, err, i, nil)
		} else {
			check(t, v, err, 0, channel.ErrClosed)
		}
	}
	var o channel.Oneshot[int]
	o.Bind(l)
	o.Send(context.Background(), 1)
	var p *rouse.PanicError
	if err := o.Send(context.Background(), 2); !errors.As(err, &p) {
		t.Error("sent twice:", err)
	}
}

func TestExecutorIsClosed(t *testing.T) {
	l, err := executor.New(executor.Config{})
	if err != nil {
		t.Fatal(err)
	}
	c := channel.NewBounded[int](1)
	ctx := l.Context(context.Background())
	l.Close()
	if _, err := c.Recv(ctx); err == nil {
		t.Error("no error")
	}
	if err := c.Send(ctx, 1); err == nil {
		t.Error("no error")
	}
	var o channel.Oneshot[int]
	if _, err := o.Recv(ctx); err == nil {
		t.Error("no error")
	}
}
