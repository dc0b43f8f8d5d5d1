//go:build amd64 || arm64

package channel_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/channel"
	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/executor"
)

// A message to an executor that is busy takes no system call: the test runs
// itself under strace, and counts those that could wake or wait.
func TestMessagesToTheBusyTakeNoSystemCall(t *testing.T) {
	if name := os.Getenv("ROUSE_TEST_TRACED"); name != "" {
		exchange(t, name)
		return
	}
	if _, err := exec.LookPath("strace"); err != nil {
		t.Skip("skipped: strace is not installed (make test-deps installs it)")
	}
	for _, name := range []string{"uring", "epoll"} {
		t.Run(name, func(t *testing.T) {
			if d, err := executor.OpenDriver(name); err != nil {
				t.Skipf("skipped: %v", err)
			} else if err := d.Close(); err != nil {
				t.Fatal(err)
			}
			calls := traced(t, name)
			t.Logf("%d messages between two busy executors; system calls: %v", 2*eachWay, calls)
			// futex and epoll_pwait are the Go runtime's, which calls them as time passes.
			if n := calls["write"] + calls["io_uring_enter"] + calls["epoll_wait"] + calls["epoll_pwait2"]; n > 2*eachWay/1000 {
				t.Errorf("%d messages took %d system calls that wake or wait", 2*eachWay, n)
			}
			if calls["write"] == 0 {
				t.Error("strace has not even seen the test's own output")
			}
		})
	}
}

const eachWay = 100_000

// traced counts the system calls of exchange, by their names.
func traced(t *testing.T, driverName string) map[string]int {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	summary := filepath.Join(t.TempDir(), "summary")
	cmd := exec.CommandContext(ctx, "strace", "-f", "-c", "-o", summary, "-e", "trace=write,io_uring_enter,epoll_wait,epoll_pwait,epoll_pwait2,futex",
		os.Args[0], "-test.run=^TestMessagesToTheBusyTakeNoSystemCall$", "-test.v")
	cmd.Env = append(os.Environ(), "ROUSE_TEST_TRACED="+driverName)
	cmd.WaitDelay = time.Second
	out, err := cmd.CombinedOutput()
	if err != nil && bytes.Contains(out, []byte("strace:")) {
		t.Skipf("skipped: strace can't trace here: %.200s", out)
	}
	if err != nil || !bytes.Contains(out, []byte("received all")) {
		t.Fatalf("%v\n%s", err, out)
	}
	text, err := os.ReadFile(summary)
	if err != nil {
		t.Fatal(err)
	}
	calls := map[string]int{}
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		// % time, seconds, usecs/call, calls, perhaps errors, name
		if f := strings.Fields(lines.Text()); len(f) >= 5 {
			if n, err := strconv.Atoi(f[3]); err == nil {
				calls[f[len(f)-1]] = n
			}
		}
	}
	return calls
}

// exchange has two executors, which are kept busy, send each other messages. The
// tasks that send and receive wait for room and for messages.
func exchange(t *testing.T, driverName string) {
	pool, err := executor.NewPool(executor.PoolConfig{
		Placement:  executor.Unbound(2),
		OpenDriver: func(int) (driver.Driver, error) { return executor.OpenDriver(driverName) },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	mesh := channel.FullMesh[int](1024, pool.Executors())
	var waiting []rouse.JoinHandle[struct{}]
	var busy []rouse.JoinHandle[struct{}]
	for i, ex := range pool.Executors() {
		port := mesh.Port(i)
		busy = append(busy, executor.Spawn(ex, future(func(cx *rouse.Context) error {
			cx.WakeByRef()
			return rouse.Pending
		})))
		var batch [16]int
		received, sent := 0, 0
		waiting = append(waiting, executor.Spawn(ex, future(func(cx *rouse.Context) error {
			for received < eachWay {
				n, _, err := port.PollRecvMany(cx, batch[:])
				if err != nil {
					return err
				}
				received += n
			}
			return nil
		})), executor.Spawn(ex, future(func(cx *rouse.Context) error {
			for ; sent < eachWay; sent++ {
				if err := port.PollSend(cx, 1-i, sent); err != nil {
					return err
				}
			}
			return nil
		})))
	}
	for _, h := range waiting {
		if _, err := h.Join(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for _, h := range busy {
		h.Abort()
	}
	fmt.Println("received all")
}

func future(poll func(cx *rouse.Context) error) rouse.Future[struct{}] {
	return rouse.FutureFunc[struct{}](func(cx *rouse.Context) (struct{}, error) { return struct{}{}, poll(cx) })
}
