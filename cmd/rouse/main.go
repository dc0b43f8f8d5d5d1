// Command rouse is the tool of the rouse runtime. `rouse help` says what it
// does.
package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/rouse-go/rouse/cmd/rouse/internal/bench"
)

// Exit codes.
const (
	exitOK          = 0
	exitFailed      = 1   // something was wrong with what was done
	exitUsage       = 2   // something was wrong with what was asked
	exitInterrupted = 130 // Ctrl-C, as shells count it
)

// A command is a subcommand.
type command struct {
	name    string
	summary string // for the list
	run     func(args []string, stdout, stderr io.Writer) int
}

// commands is filled in by a function because help lists it.
func commands() []command {
	return []command{
		{"bench", "run benchmarks of the runtime beside plain goroutines", runBench},
		{"help", "explain a command", runHelp},
		{"version", "print the version of this program", runVersion},
	}
}

func main() {
	bench.IfHelper() // benchmarks run in processes of their own, which are us
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// run is the program.
func run(args []string, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		usage(stderr)
		return exitUsage
	}
	name := args[0]
	switch name {
	case "-h", "-help", "--help":
		name = "help"
	case "-version", "--version":
		name = "version"
	}
	if c, ok := find(name); ok {
		return c.run(args[1:], stdout, stderr)
	}
	return unknown(stderr, args[0])
}

func find(name string) (command, bool) {
	for _, c := range commands() {
		if c.name == name {
			return c, true
		}
	}
	return command{}, false
}

func unknown(stderr io.Writer, name string) int {
	var names []string
	for _, c := range commands() {
		names = append(names, c.name)
	}
	fmt.Fprintf(stderr, "rouse: unknown command %q; there are: %s\nRun `rouse help` for what they do.\n", name, strings.Join(names, ", "))
	return exitUsage
}
