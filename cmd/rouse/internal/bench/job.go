package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"time"
)

// jobVar is the environment variable that makes the program a helper process.
const jobVar = "ROUSE_BENCH_JOB"

// A job is what a helper process is started for.
type job struct {
	Bench   string
	Impls   []string
	First   int // number of the first repetition, counted from 1
	Count   int
	Warm    bool
	Bound   bool // to one CPU
	Scale   float64
	Profile string // directory for profiles, or empty

	// Rest is the CPUs that the workers don't use, for load generators.
	Rest []int

	// Client makes the process the load generator of an echo benchmark.
	Client *clientJob
}

// A message is a line from a worker.
type message struct {
	Place  *Place  `json:",omitempty"` // first of all
	Begin  *Sample `json:",omitempty"` // with the names and the number; 0 is the warm-up
	Sample *Sample `json:",omitempty"`
	Error  string  `json:",omitempty"` // of the repetition that has begun
}

// IfHelper does the work of a helper process and exits, if this process was
// started as one; else it returns. main calls it first, TestMain too.
func IfHelper() {
	text := os.Getenv(jobVar)
	if text == "" {
		return
	}
	// Ctrl-C reaches the whole process group: whoever started us decides.
	signal.Ignore(os.Interrupt)
	os.Unsetenv(jobVar)
	var j job
	if err := json.Unmarshal([]byte(text), &j); err != nil {
		fmt.Fprintln(os.Stderr, "rouse bench: "+jobVar+":", err)
		os.Exit(2)
	}
	if j.Client != nil {
		if err := j.Client.run(os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, "rouse bench: load generator:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	enc := json.NewEncoder(os.Stdout)
	j.work(func(m message) {
		if enc.Encode(m) != nil {
			os.Exit(1) // nobody listens any more
		}
	})
	os.Exit(0)
}

// canStart says whether this system can start processes at all.
const canStart = runtime.GOOS != "js" && runtime.GOOS != "wasip1"

// command returns the command that starts a helper for j.
func (j *job) command(ctx context.Context, oneCPU bool) (*exec.Cmd, error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("can't start a worker process: %w", err)
	}
	text, err := json.Marshal(j)
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, exe)
	cmd.Env = append(os.Environ(), jobVar+"="+string(text))
	if oneCPU {
		cmd.Env = append(cmd.Env, "GOMAXPROCS=1")
	}
	cmd.Stderr = os.Stderr
	return cmd, nil
}

// errSilent is why a worker was ended.
var errSilent = errors.New("no answer in time; the benchmark hangs, or -timeout is too short")

// start runs j in a process of its own, bound to cpus unless they are none, and
// hands its messages to tell. It returns when the process has ended.
func (j *job) start(ctx context.Context, oneCPU bool, cpus []int, timeout time.Duration, tell func(message)) error {
	if !canStart {
		j.work(tell)
		return nil
	}
	ctx, kill := context.WithCancelCause(ctx)
	defer kill(nil)
	cmd, err := j.command(ctx, oneCPU)
	if err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := startOn(cpus, cmd.Start); err != nil {
		return fmt.Errorf("can't start a worker process: %w", err)
	}
	watchdog := time.AfterFunc(timeout, func() { kill(errSilent) })
	defer watchdog.Stop()
	dec := json.NewDecoder(out)
	for {
		var m message
		err := dec.Decode(&m)
		if err == io.EOF {
			break
		}
		if err != nil {
			if ctx.Err() == nil {
				kill(fmt.Errorf("worker said something else than JSON: %w", err))
			}
			break
		}
		watchdog.Reset(timeout)
		tell(m)
	}
	err = cmd.Wait()
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	if err != nil {
		return fmt.Errorf("worker process: %w", err)
	}
	return nil
}
