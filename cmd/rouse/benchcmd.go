package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"syscall"
	"time"

	"github.com/rouse-go/rouse/cmd/rouse/internal/bench"
)

const benchUsage = `Usage: rouse bench [flags]

Runs benchmarks: the same work done by rouse's tasks and fibers and by plain
goroutines, in one run, and reports times, allocations and ratios. Every
benchmark checks its own result. All of them take some minutes.

Single-threaded benchmarks run in a process that is bound to one CPU, with
GOMAXPROCS=1; what uses several cores is left alone, and so is the goroutine_unbound
that it is compared with. Only the ratios of one run can be relied on; a busy machine
shows in the columns cpu and [95%].

  rouse bench -list                    what there is
  rouse bench -run 'yield|pingpong'    some of it
  rouse bench -scale 0.01 -count 1     does it work at all
  rouse bench -json > figures.jsonl    one line per repetition, for programs

Exit codes: 0 all is well; 1 a benchmark gave a wrong result or failed, or
-check found a goal missed; 2 wrong usage; 130 interrupted.

Flags:

`

// benchFlags are the flags of `rouse bench`, checked.
type benchFlags struct {
	benches []bench.Benchmark
	options bench.Options
	json    bool
	list    bool
	check   bool
}

// parseBench reads the flags. With flag.ErrHelp the help has been written.
func parseBench(args []string, stdout, stderr io.Writer) (f benchFlags, err error) {
	fs := flag.NewFlagSet("rouse bench", flag.ContinueOnError)
	fs.SetOutput(io.Discard) // we say it ourselves
	run := fs.String("run", "", "run only benchmarks whose name matches `REGEX`")
	impl := fs.String("impl", "", "run only implementations whose name matches `REGEX`, and those that they are compared with")
	fs.IntVar(&f.options.Count, "count", 0, fmt.Sprintf("repetitions, `N` of each implementation (default %d; those that take seconds have their own, see -list)", bench.DefaultCount))
	fs.Float64Var(&f.options.Scale, "scale", 1, "do only `F` of the work, above 0, at most 1: for a smoke test; the report is marked as not comparable")
	fs.IntVar(&f.options.CPU, "cpu", -1, "bind to CPU `N`, counted from 0; -1 is the last one that may be used")
	fs.DurationVar(&f.options.Timeout, "timeout", 5*time.Minute, "give up a repetition after `D`")
	fs.StringVar(&f.options.Profile, "profile", "", "write pprof profiles of the last repetition of each row to directory `DIR`; marked as not comparable")
	fs.BoolVar(&f.json, "json", false, "print a line of JSON per benchmark, implementation and repetition instead of the report")
	fs.BoolVar(&f.list, "list", false, "list benchmarks and implementations, and run none")
	fs.BoolVar(&f.check, "check", false, "exit with 1 if a goal is missed")
	if err = fs.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			fmt.Fprint(stdout, benchUsage)
			fs.SetOutput(stdout)
			fs.PrintDefaults()
		}
		return f, err
	}
	switch o := f.options; {
	case fs.NArg() > 0:
		return f, fmt.Errorf("unexpected argument %q; choose benchmarks with -run %[1]s", fs.Arg(0))
	case o.Count < 0:
		return f, fmt.Errorf("-count is %d; give a positive number", o.Count)
	case !(o.Scale > 0 && o.Scale <= 1):
		return f, fmt.Errorf("-scale is %v; give a number above 0 and at most 1", o.Scale)
	case o.Timeout <= 0:
		return f, fmt.Errorf("-timeout is %v; give a positive duration", o.Timeout)
	case f.check && (o.Scale != 1 || o.Profile != ""):
		return f, errors.New("-check makes no sense with -scale or -profile: goals are for the whole, undisturbed work")
	}
	if err = bench.CheckCPU(f.options.CPU); err != nil {
		return f, fmt.Errorf("-cpu: %w", err)
	}
	if f.options.Profile != "" {
		if st, err := os.Stat(f.options.Profile); err != nil || !st.IsDir() {
			return f, fmt.Errorf("-profile %s is not a directory", f.options.Profile)
		}
	}
	f.benches, err = chooseBenches(*run, *impl, !f.list)
	return f, err
}

func chooseBenches(run, impl string, withBaseline bool) ([]bench.Benchmark, error) {
	compile := func(name, text string) (*regexp.Regexp, error) {
		if text == "" {
			return nil, nil
		}
		re, err := regexp.Compile(text)
		if err != nil {
			return nil, fmt.Errorf("-%s %q is no regular expression: %w", name, text, err)
		}
		return re, nil
	}
	runRE, err := compile("run", run)
	if err != nil {
		return nil, err
	}
	implRE, err := compile("impl", impl)
	if err != nil {
		return nil, err
	}
	some := bench.Select(bench.All, runRE, nil, false)
	if len(some) == 0 {
		return nil, fmt.Errorf("-run %q matches no benchmark; there are: %s", run, bench.Names(bench.All))
	}
	chosen := bench.Select(some, nil, implRE, withBaseline)
	if len(chosen) == 0 {
		return nil, fmt.Errorf("-impl %q matches no implementation of: %s; see -list", impl, bench.Names(some))
	}
	return chosen, nil
}

func runBench(args []string, stdout, stderr io.Writer) int {
	f, err := parseBench(args, stdout, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return exitOK
	case err != nil:
		fmt.Fprintf(stderr, "rouse bench: %v\nRun `rouse bench -h` for help.\n", err)
		return exitUsage
	case f.list:
		bench.List(stdout, f.benches)
		return exitOK
	}
	// The first Ctrl-C ends cleanly, a second one at once.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	return f.measure(ctx, stdout, stderr)
}

// measure runs what was asked for and reports it.
func (f *benchFlags) measure(ctx context.Context, stdout, stderr io.Writer) int {
	ctx, give := context.WithCancelCause(ctx)
	defer give(nil)
	progress := bench.NewProgress(stderr, isTerminal(stderr))
	f.options.Begin = progress.Begin
	if f.json {
		enc := json.NewEncoder(stdout)
		f.options.Sample = func(s bench.Sample) {
			if err := enc.Encode(s); err != nil {
				give(fmt.Errorf("writing results: %w", err))
			}
		}
	}
	r := bench.Run(ctx, f.benches, f.options)
	progress.End()
	if !f.json {
		r.Report(stdout)
	}
	return f.verdict(ctx, r, stderr)
}

// verdict says on stderr what was wrong, and how to exit.
func (f *benchFlags) verdict(ctx context.Context, r *bench.Result, stderr io.Writer) int {
	code := exitOK
	for _, failure := range r.Failures {
		fmt.Fprintln(stderr, "rouse bench: FAILED:", failure)
		code = exitFailed
	}
	if r.Interrupted {
		if cause := context.Cause(ctx); cause != nil && cause != ctx.Err() && !errors.Is(cause, context.Canceled) {
			fmt.Fprintln(stderr, "rouse bench:", cause)
			return exitFailed
		}
		fmt.Fprintln(stderr, "rouse bench: interrupted; the result is incomplete")
		return exitInterrupted
	}
	if f.check {
		for _, goal := range r.Missed() {
			fmt.Fprintln(stderr, "rouse bench: -check:", goal)
			code = exitFailed
		}
	}
	return code
}

// isTerminal reports whether w is a device that shows text.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	st, err := f.Stat()
	return err == nil && st.Mode()&os.ModeCharDevice != 0 && f.Name() != os.DevNull
}
