package main

import (
	"fmt"
	"io"
)

// usage explains the program.
func usage(w io.Writer) {
	fmt.Fprint(w, `rouse is the tool of rouse, an async runtime for Go: futures, wakers, tasks and
executors, one executor per core.

Usage:

  rouse <command> [flags]

Commands:

`)
	for _, c := range commands() {
		fmt.Fprintf(w, "  %-8s  %s\n", c.name, c.summary)
	}
	fmt.Fprint(w, `
Run `+"`rouse help <command>`, or `rouse <command> -h`,"+` for its flags.
`)
}

func runHelp(args []string, stdout, stderr io.Writer) int {
	switch {
	case len(args) == 0:
		usage(stdout)
		return exitOK
	case len(args) > 1:
		fmt.Fprintln(stderr, "rouse help: give one command at most")
		return exitUsage
	case args[0] == "help" || args[0] == "-h" || args[0] == "--help":
		fmt.Fprintln(stdout, "Usage: rouse help [command]\n\nExplains the program, or a command.")
		return exitOK
	}
	c, ok := find(args[0])
	if !ok {
		return unknown(stderr, args[0])
	}
	return c.run([]string{"-h"}, stdout, stderr)
}
