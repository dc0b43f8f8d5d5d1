package server

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rouse-go/rouse/executor"
)

// TestClusterWithoutRoom has a mesh with room for one message, so that most go
// through the outbox: clients must get all their replies, in order.
func TestClusterWithoutRoom(t *testing.T) {
	silent := slog.New(slog.NewTextHandler(io.Discard, nil))
	pool, err := executor.NewPool(executor.PoolConfig{Placement: executor.Unbound(3), Executor: executor.Config{Log: silent}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := pool.Close(); err != nil {
			t.Error(err)
		}
	}()
	c, err := startCluster(t.Context(), pool.Executors(), eachOf(pool.Executors()), Config{Address: "127.0.0.1:0", Log: silent}, 1)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for who := range 30 {
		wg.Go(func() {
			conn, err := net.DialTimeout("tcp", c.Addr().String(), 10*time.Second)
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			_ = conn.SetDeadline(time.Now().Add(30 * time.Second))
			replies := bufio.NewReader(conn)
			for round := range 20 {
				var in, want strings.Builder
				for i := range 10 {
					key := fmt.Sprintf("%d:%d", who, i)
					in.WriteString(request("SET", key, fmt.Sprint(round)) + request("INCR", key) + request("EXISTS", key, "none", key))
					fmt.Fprintf(&want, "+OK\r\n:%d\r\n:2\r\n", round+1)
				}
				_, _ = io.WriteString(conn, in.String())
				got := make([]byte, want.Len())
				if _, err := io.ReadFull(replies, got); err != nil || string(got) != want.String() {
					t.Errorf("round %d: %v, %q", round, err, got)
					return
				}
			}
		})
	}
	wg.Wait()
}
