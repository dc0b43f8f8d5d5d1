// Command verify checks all that the project can check by itself, and prints one
// table of it:
//
//	go run ./internal/verify [-short] [-race=false] [-fuzztime 10s] [-only stages] [-v] [-modelflags flags]
//
// It runs the tests of every module, and from the same run tells the conformance
// rows, the faults that were injected and what was left behind; the models of the
// lock-free protocols; faults planted in those; every fuzz target for a while; and
// random programs. What only computes runs beside the tests, which mostly wait, and gives
// way to them. The command fails if anything is wrong, and if a check has checked
// nothing.
//
// Each stage writes to bin/verify/<stage>.txt. Interrupted, it ends what it has
// started and says how far it came.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

// options are the command line's.
type options struct {
	short    bool
	race     bool
	fuzzTime time.Duration
	only     map[string]bool // nil means all
	verbose  bool
	models   []string // more flags of go test for the models
}

// wants reports whether a stage is to be run.
func (o options) wants(name string) bool { return o.only == nil || o.only[name] }

var stageNames = []string{"tests", "models", "mutants", "fuzz", "soak"}

func main() {
	o, err := parseOptions(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "verify:", err)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if !verify(ctx, o) {
		os.Exit(1)
	}
}

func parseOptions(args []string) (o options, err error) {
	fs := flag.NewFlagSet("verify", flag.ExitOnError)
	fs.BoolVar(&o.short, "short", false, "a subset of the mutants, two seconds for each fuzz target, and no soak: for CI")
	fs.BoolVar(&o.race, "race", true, "run the tests under the race detector, and in random order")
	fs.DurationVar(&o.fuzzTime, "fuzztime", 0, "how long to fuzz each target; 0 means 10s, or 2s with -short")
	fs.BoolVar(&o.verbose, "v", false, "print the line of each model and of each mutant as it comes")
	modelFlags := fs.String("modelflags", "", "more `flags` of go test for the models, with spaces between, such as -race")
	only := fs.String("only", "", "run these `stages` only, with commas between: "+strings.Join(stageNames, ", "))
	_ = fs.Parse(args) // it exits
	if fs.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q", fs.Arg(0))
	}
	if o.fuzzTime < 0 {
		return o, fmt.Errorf("-fuzztime is %v; give it a positive duration", o.fuzzTime)
	}
	if o.fuzzTime == 0 {
		o.fuzzTime = 10 * time.Second
		if o.short {
			o.fuzzTime = 2 * time.Second
		}
	}
	o.models = strings.Fields(*modelFlags)
	if *only == "" {
		return o, nil
	}
	o.only = map[string]bool{}
	for name := range strings.SplitSeq(*only, ",") {
		known := false
		for _, s := range stageNames {
			known = known || s == name
		}
		if !known {
			return o, fmt.Errorf("-only: there is no stage %q; there are: %s", name, strings.Join(stageNames, ", "))
		}
		o.only[name] = true
	}
	return o, nil
}

// verify runs the stages and prints the table; it reports whether all is well.
func verify(ctx context.Context, o options) bool {
	var mods []module
	if o.wants("tests") || o.wants("fuzz") {
		var err error
		if mods, err = findModules(ctx); err != nil {
			fmt.Fprintln(os.Stderr, "verify:", err)
			return false
		}
	}
	var first, beside []*stage
	if o.wants("tests") {
		first = append(first, testStage(o, mods))
	}
	if o.wants("models") {
		beside = append(beside, modelStage(o))
	}
	if o.wants("mutants") {
		beside = append(beside, mutantStage(o))
	}
	if o.wants("fuzz") {
		beside = append(beside, fuzzStage(o, mods))
	}
	if o.wants("soak") && !o.short { // a few programs are among the tests
		beside = append(beside, soakStage())
	}
	begun := time.Now()
	rows := run(ctx, first, beside)
	fmt.Print("\n", table(rows))
	good := true
	for _, r := range rows {
		good = good && len(r.wrong) == 0
	}
	verdict := "all is well"
	switch {
	case ctx.Err() != nil:
		verdict, good = "interrupted", false
	case !good:
		verdict = "something is wrong"
	}
	fmt.Printf("verify: %s, after %v\n", verdict, time.Since(begun).Round(time.Second))
	return good
}
