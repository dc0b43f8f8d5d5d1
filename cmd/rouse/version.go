package main

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
)

func runVersion(args []string, stdout, stderr io.Writer) int {
	switch {
	case len(args) == 1 && (args[0] == "-h" || args[0] == "-help" || args[0] == "--help"):
		fmt.Fprintln(stdout, "Usage: rouse version\n\nPrints the version of this program, the commit it was built from, and Go's version.")
		return exitOK
	case len(args) > 0:
		fmt.Fprintf(stderr, "rouse version: unexpected argument %q\n", args[0])
		return exitUsage
	}
	fmt.Fprintln(stdout, version())
	return exitOK
}

// version says what the build knows of itself.
func version() string {
	v, commit, dirty := "(devel)", "", ""
	if info, ok := debug.ReadBuildInfo(); ok {
		if info.Main.Version != "" {
			v = info.Main.Version
		}
		for _, s := range info.Settings {
			switch {
			case s.Key == "vcs.revision":
				commit = ", commit " + s.Value
			case s.Key == "vcs.modified" && s.Value == "true":
				dirty = " with changes"
			}
		}
	}
	return fmt.Sprintf("rouse %s%s%s, %s %s/%s", v, commit, dirty, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
