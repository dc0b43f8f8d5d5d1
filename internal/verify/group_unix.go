//go:build unix

package main

import (
	"os/exec"
	"syscall"
	"time"
)

// grouped has cmd run in a process group of its own, and the end of its context
// end the group: go test starts processes that would outlive it.
func grouped(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error {
		group := -cmd.Process.Pid
		err := syscall.Kill(group, syscall.SIGTERM)
		time.AfterFunc(goodbye, func() { _ = syscall.Kill(group, syscall.SIGKILL) })
		return err
	}
}
