package executor

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/rouse-go/rouse/internal/faults"
)

// refuseVariable tells this test, when it runs itself, what the kernel is to
// refuse a ring with.
const refuseVariable = "ROUSE_TEST_REFUSE_RING"

// Where the kernel makes no ring, for want of memory or because it may not, the
// next best driver is used, with one line in the log that says why.
func TestRingRefused(t *testing.T) {
	refusals := map[string]unix.Errno{"ENOMEM": unix.ENOMEM, "EPERM": unix.EPERM, "ENOSYS": unix.ENOSYS}
	if name := os.Getenv(refuseVariable); name != "" {
		runtime.LockOSThread()
		err := faults.Refuse(true, faults.Refusal{Call: unix.SYS_IO_URING_SETUP, Arg: -1, Errno: refusals[name]})
		if err != nil {
			t.Skip(err)
		}
		var out bytes.Buffer
		log := slog.New(slog.NewTextHandler(&out, nil))
		for range 2 {
			d, err := openBest(choices, log)
			if err != nil {
				t.Fatal(err)
			}
			if d.Name() != "epoll" {
				t.Errorf("the driver is %s", d.Name())
			}
			d.Close()
		}
		said := out.String()
		if strings.Count(said, "\n") != 1 || !strings.Contains(said, "using the driver epoll") ||
			!strings.Contains(said, "io_uring_setup: "+refusals[name].Error()) {
			t.Errorf("the log says:\n%s", said)
		}
		fmt.Println("refused")
		return
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for name := range refusals {
		cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestRingRefused$", "-test.v")
		cmd.Env = append(os.Environ(), refuseVariable+"="+name)
		out, err := cmd.CombinedOutput()
		switch {
		case err != nil:
			t.Errorf("%s: %v\n%s", name, err, out)
		case strings.Contains(string(out), "--- SKIP"):
			t.Skipf("%s", out)
		case !strings.Contains(string(out), "refused\n"):
			t.Errorf("%s: it has not come to the end:\n%s", name, out)
		default:
			faults.Report(t, "uring", map[string]int{"setup-" + name: 1})
		}
	}
}
