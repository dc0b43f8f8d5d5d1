//go:build unix

package clienttest

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// A start that hangs in a file is given up at the first signal, and another one kills:
// the call that hangs can't be ended otherwise.
func TestSecondSignalKills(t *testing.T) {
	for _, on := range few {
		t.Run(on, func(t *testing.T) {
			path, err := testedKvd()
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			if err := syscall.Mkfifo(filepath.Join(dir, "base-00000001.aof"), 0o600); err != nil { // who opens that waits
				t.Skip("skipped: there are no named pipes here:", err)
			}
			said := &logs{}
			cmd := command(t, path, append(setup(on), "-addr", "127.0.0.1:0", "-data", dir)...)
			cmd.Stderr, cmd.WaitDelay = said, time.Second
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			ended := make(chan error, 1)
			go func() { ended <- cmd.Wait() }()
			eventually(t, "kvd has the directory", func() bool {
				_, err := os.Stat(filepath.Join(dir, "LOCK"))
				return err == nil
			})
			// The first one may come before kvd hangs; then it just ends.
			for end := time.After(patience); ; {
				_ = cmd.Process.Signal(syscall.SIGTERM)
				select {
				case err := <-ended:
					exit := (*exec.ExitError)(nil)
					if err != nil && (!errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGTERM) {
						t.Errorf("kvd ends with %v: %s", err, &said.text)
					}
					return
				case <-time.After(5 * time.Millisecond):
				case <-end:
					t.Error("kvd does not end")
					_ = cmd.Process.Kill()
					<-ended
					return
				}
			}
		})
	}
}
