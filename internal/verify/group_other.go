//go:build !unix

package main

import "os/exec"

// grouped does nothing: this system has no process groups, so the end of cmd's
// context ends cmd alone.
func grouped(*exec.Cmd) {}
