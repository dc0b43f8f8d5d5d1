package clienttest

import (
	"bufio"
	"bytes"
	"context"
	"net"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// A kvd is a running server.
type kvd struct {
	addr    string // host:port, or a path
	pid     int
	cores   int
	t       testing.TB
	cmd     *exec.Cmd
	logs    *logs
	ended   chan error
	stopped bool
}

// onEach runs fn as a subtest with a fresh server on every driver, with one core
// and with two.
func onEach(t *testing.T, fn func(t *testing.T, k *kvd), args ...string) {
	t.Helper()
	for _, on := range setups {
		t.Run(on, func(t *testing.T) { fn(t, start(t, on, args...)) })
	}
}

// onFew is onEach for what takes long.
func onFew(t *testing.T, fn func(t *testing.T, k *kvd)) {
	t.Helper()
	for _, on := range few {
		t.Run(on, func(t *testing.T) { fn(t, start(t, on)) })
	}
}

// start starts kvd as one of setups, which is stopped when the test ends.
func start(t testing.TB, on string, args ...string) *kvd {
	t.Helper()
	return startBinary(t, testedKvd, on, args...)
}

// startPlain is start without the race detector, which takes several times the
// memory and the CPU: for tests that measure these.
func startPlain(t testing.TB, on string, args ...string) *kvd {
	t.Helper()
	return startBinary(t, plainKvd, on, args...)
}

func startBinary(t testing.TB, binary func() (string, error), on string, args ...string) *kvd {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	k := &kvd{t: t, logs: &logs{}, ended: make(chan error, 1)}
	args = append(setup(on), args...)
	k.cores = 1
	if i := slices.Index(args, "-cores"); i >= 0 {
		k.cores, _ = strconv.Atoi(args[i+1])
		k.expectLog("the first core accepts all connections") // where a port can't be shared
	}
	k.cmd = exec.Command(path, append([]string{"-addr", "127.0.0.1:0"}, args...)...)
	// The race detector sleeps for a second at the end of each process, else.
	k.cmd.Env = append(os.Environ(), "GORACE="+os.Getenv("GORACE")+" atexit_sleep_ms=10")
	k.cmd.Stderr = k.logs
	k.cmd.WaitDelay = time.Second
	out, err := k.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := k.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	k.pid = k.cmd.Process.Pid
	first := make(chan string, 1)
	go func() {
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			select {
			case first <- lines.Text():
			default:
			}
		}
		k.ended <- k.cmd.Wait()
	}()
	t.Cleanup(k.stop)
	select {
	case line := <-first:
		m := regexp.MustCompile(`^kvd listens at (\S+) `).FindStringSubmatch(line)
		if m == nil {
			t.Fatalf("kvd's first line is %q", line)
		}
		k.addr = m[1]
	case err := <-k.ended:
		k.ended <- err
		t.Fatalf("kvd ended at once: %v", err)
	case <-time.After(patience):
		t.Fatal("kvd does not start")
	}
	return k
}

// stop ends kvd as Ctrl-C does, and demands that it goes at once, content, and
// that it had nothing to say that the test does not expect.
func (k *kvd) stop() {
	k.t.Helper()
	if k.stopped {
		return
	}
	k.stopped = true
	if err := k.cmd.Process.Signal(syscall.SIGINT); err != nil {
		k.t.Errorf("kvd was gone already: %v", err)
	}
	select {
	case err := <-k.ended:
		if err != nil {
			k.t.Errorf("kvd ended with %v", err)
		}
	case <-time.After(20 * time.Second):
		k.t.Error("kvd does not end after SIGINT")
		_ = k.cmd.Process.Signal(syscall.SIGQUIT) // for the stacks
		select {
		case <-k.ended:
		case <-time.After(5 * time.Second):
			_ = k.cmd.Process.Kill()
		}
	}
	if bad := k.logs.unexpected(); bad != "" {
		k.t.Errorf("kvd says on stderr:\n%s", bad)
	}
}

// kill ends kvd as SIGKILL does.
func (k *kvd) kill() {
	k.t.Helper()
	if err := k.cmd.Process.Kill(); err != nil {
		k.t.Errorf("kvd was gone already: %v", err)
	}
	_ = k.gone()
}

// gone waits for the end of a kvd that was killed, or ends by itself, and returns
// how it ended.
func (k *kvd) gone() error {
	k.t.Helper()
	k.stopped = true
	select {
	case err := <-k.ended:
		return err
	case <-time.After(patience):
		k.t.Error("kvd does not end")
		_ = k.cmd.Process.Kill()
		return nil
	}
}

// expectLog allows lines on stderr that contain text.
func (k *kvd) expectLog(text string) {
	k.logs.mu.Lock()
	defer k.logs.mu.Unlock()
	k.logs.allowed = append(k.logs.allowed, text)
}

// network is that of k's address.
func (k *kvd) network() string {
	if _, _, err := net.SplitHostPort(k.addr); err != nil {
		return "unix"
	}
	return "tcp"
}

func (k *kvd) port() string {
	_, port, err := net.SplitHostPort(k.addr)
	if err != nil {
		k.t.Fatal(err)
	}
	return port
}

// logs is what kvd writes to stderr.
type logs struct {
	mu      sync.Mutex
	text    bytes.Buffer
	allowed []string
}

func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logs) unexpected() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var bad strings.Builder
lines:
	for line := range strings.Lines(l.text.String()) {
		for _, ok := range append(l.allowed, " INFO kvd: ready ", " INFO kvd: bye", " INFO kvd: data loaded ") {
			if strings.Contains(line, ok) {
				continue lines
			}
		}
		bad.WriteString(line)
	}
	return bad.String()
}

// command returns a command that is killed when the test has taken too long.
func command(t testing.TB, name string, args ...string) *exec.Cmd {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 3*patience)
	t.Cleanup(cancel)
	return exec.CommandContext(ctx, name, args...)
}

// need skips the test if a program is missing.
func need(t testing.TB, program string) {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		t.Skipf("skipped: %s is not installed (make test-deps installs it)", program)
	}
}

// needProc skips the test where memory and CPU time of a process can't be read.
func needProc(t testing.TB) {
	t.Helper()
	if _, err := os.Stat("/proc/self/status"); err != nil {
		t.Skip("skipped: needs /proc to measure kvd")
	}
}

// eventually waits until what the server says is so.
func eventually(t testing.TB, what string, isSo func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !isSo(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain until %s", what)
		}
	}
}
