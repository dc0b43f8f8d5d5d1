package clienttest

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The replies to a pipeline that came in one packet leave in one write.
func TestOneWritePerBatch(t *testing.T) {
	need(t, "strace")
	for _, d := range setups {
		t.Run(d, func(t *testing.T) {
			k := startPlain(t, d)
			c := k.dial()
			c.ask("PING\r\n", "+PONG\r\n")
			calls := k.trace(t)
			const depth, rounds = 100, 5
			for range rounds {
				c.ask(strings.Repeat(request("ECHO", "marker"), depth), strings.Repeat(bulk("marker"), depth))
			}
			n := 0
			for _, call := range calls() {
				if strings.Contains(call, "marker") {
					n++
				}
			}
			want := rounds
			if strings.HasPrefix(d, "uring") {
				want = 0 // a ring's sends are no calls of their own
			}
			if n != want {
				t.Errorf("%d pipelines of %d commands are answered in %d writes, want %d", rounds, depth, n, want)
			}
		})
	}
}

// trace records kvd's calls that write, until the function it returns is called.
func (k *kvd) trace(t *testing.T) (calls func() []string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "trace")
	cmd := command(t, "strace", "-f", "-e", "trace=write,writev,sendto,sendmsg", "-o", path, "-p", fmt.Sprint(k.pid))
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	first := make(chan string, 1)
	go func() {
		lines := bufio.NewScanner(stderr)
		for lines.Scan() {
			select {
			case first <- lines.Text():
			default:
			}
		}
		close(first)
	}()
	end := func() {
		_ = cmd.Process.Signal(syscall.SIGINT)
		_ = cmd.Wait()
	}
	select {
	case line := <-first:
		if !strings.Contains(line, "attached") {
			end()
			t.Skipf("skipped: strace can't attach here: %s", line)
		}
	case <-time.After(patience):
		end()
		t.Fatal("strace says nothing")
	}
	return func() []string {
		end()
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Split(string(text), "\n")
	}
}
