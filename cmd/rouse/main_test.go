package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/rouse-go/rouse/cmd/rouse/internal/bench"
	"github.com/rouse-go/rouse/internal/leakcheck"
)

func TestMain(m *testing.M) {
	bench.IfHelper()
	os.Exit(leakcheck.Main(m, nil))
}

func call(args ...string) (code int, stdout, stderr string) {
	var out, errs bytes.Buffer
	code = run(args, &out, &errs)
	return code, out.String(), errs.String()
}

func TestUsage(t *testing.T) {
	for _, c := range []struct {
		args   string
		code   int
		stdout string // a part of it; empty means nothing may be written
		stderr string
	}{
		{"", exitUsage, "", "Commands:"},
		{"help", exitOK, "Commands:", ""},
		{"-h", exitOK, "Commands:", ""},
		{"--help", exitOK, "Commands:", ""},
		{"help bench", exitOK, "-run REGEX", ""},
		{"bench -h", exitOK, "-scale F", ""},
		{"bench --help", exitOK, "Exit codes", ""},
		{"help version", exitOK, "Usage: rouse version", ""},
		{"help help", exitOK, "Usage: rouse help", ""},
		{"help nonesuch", exitUsage, "", "bench, help, version"},
		{"help bench version", exitUsage, "", "one command"},
		{"version", exitOK, "rouse ", ""},
		{"--version", exitOK, "go1", ""},
		{"version -h", exitOK, "Usage", ""},
		{"version 3", exitUsage, "", `unexpected argument "3"`},
		{"nonesuch", exitUsage, "", `unknown command "nonesuch"; there are: bench, help, version`},
		{"bench -run [", exitUsage, "", `-run "[" is no regular expression: `},
		{"bench -impl (", exitUsage, "", `-impl "(" is no regular expression: `},
		{"bench -run nonesuch", exitUsage, "", "matches no benchmark; there are: yield_1000 spawn_join"},
		{"bench -run yield -impl nonesuch", exitUsage, "", "matches no implementation of: yield_1000"},
		{"bench pingpong", exitUsage, "", "-run pingpong"},
		{"bench -nonesuch", exitUsage, "", "-nonesuch"},
		{"bench -count -1", exitUsage, "", "-count is -1"},
		{"bench -count x", exitUsage, "", "-count"},
		{"bench -scale 0", exitUsage, "", "-scale is 0"},
		{"bench -scale 2", exitUsage, "", "-scale is 2"},
		{"bench -scale NaN", exitUsage, "", "-scale is NaN"},
		{"bench -timeout 0s", exitUsage, "", "-timeout is 0s"},
		{"bench -cpu 99999", exitUsage, "", "-cpu: "},
		{"bench -profile /nonesuch", exitUsage, "", "not a directory"},
		{"bench -check -scale 0.5", exitUsage, "", "-check makes no sense"},
		{"bench -list", exitOK, "memory_1m: 1 M tasks", ""},
		{"bench -list -run ping -impl fib", exitOK, "channel.Bounded, Send and Recv", ""},
	} {
		t.Run(c.args, func(t *testing.T) {
			code, stdout, stderr := call(strings.Fields(c.args)...)
			if code != c.code {
				t.Errorf("exit code %d; want %d", code, c.code)
			}
			for _, s := range []struct{ name, got, want string }{{"stdout", stdout, c.stdout}, {"stderr", stderr, c.stderr}} {
				if s.want == "" && s.got != "" || !strings.Contains(s.got, s.want) {
					t.Errorf("%s is %q; want %q", s.name, s.got, s.want)
				}
			}
		})
	}
}

// What runs helper processes is not for users.
func TestHelpHidesHelpers(t *testing.T) {
	_, help, _ := call("bench", "-h")
	if strings.Contains(help, "JOB") || strings.Contains(help, "worker") {
		t.Error(help)
	}
}

func TestBenchJSON(t *testing.T) {
	code, stdout, stderr := call("bench", "-json", "-run", "wake_task", "-impl", "task", "-count", "2", "-scale", "0.001")
	if code != exitOK {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	var impls []string
	for line := range strings.Lines(stdout) {
		var fields map[string]any
		if err := json.Unmarshal([]byte(line), &fields); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		for _, key := range []string{"bench", "impl", "ns_per_op", "allocs_per_op", "bytes_per_op", "rep", "scale"} {
			if _, ok := fields[key]; !ok {
				t.Errorf("%q lacks %s", line, key)
			}
		}
		if !strings.HasPrefix(line, `{"bench":"wake_task","impl":"`) {
			t.Errorf("line is %q", line)
		}
		impls = append(impls, fields["impl"].(string))
	}
	slices.Sort(impls)
	if want := []string{"goroutine", "goroutine", "task", "task"}; !slices.Equal(impls, want) {
		t.Errorf("implementations are %v; want %v", impls, want)
	}
	if !strings.Contains(stderr, "wake_task: repetition 2 of 2") || strings.ContainsAny(stderr, "\r\x1b") {
		t.Errorf("progress is %q", stderr)
	}
}

func TestBenchReport(t *testing.T) {
	code, stdout, stderr := call("bench", "-run", "^pingpong$", "-count", "2", "-scale", "0.001")
	if code != exitOK {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	for _, want := range []string{"machine ", "GOMAXPROCS=1", "spread ", "NOT COMPARABLE", "pingpong:", "allocs/op", "[95%]"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("the report lacks %q:\n%s", want, stdout)
		}
	}
}

func TestVerdictCodes(t *testing.T) {
	var out bytes.Buffer
	f := &benchFlags{}
	if code := f.verdict(context.Background(), &bench.Result{Failures: []bench.Failure{{Bench: "b", Err: "wrong"}}}, &out); code != exitFailed {
		t.Errorf("a failure exits with %d", code)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if code := f.verdict(ctx, &bench.Result{Interrupted: true}, &out); code != exitInterrupted {
		t.Errorf("an interrupt exits with %d", code)
	}
	if !strings.Contains(out.String(), "FAILED: b: wrong") || !strings.Contains(out.String(), "interrupted") {
		t.Errorf("said %q", &out)
	}
}
