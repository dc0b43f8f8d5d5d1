package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// helper makes this test program a stage's command: it runs TestHelper, which
// says what the environment tells it, and does not end by itself if that is
// "hang", and if it is "resist" not when it is asked, either, and has a child that
// does the same.
func helper(t *testing.T, say string) command {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("VERIFY_HELPER", say)
	return command{args: []string{self, "-test.run", "^TestHelper$", "-test.timeout=1m"}}
}

func TestHelper(t *testing.T) {
	say := os.Getenv("VERIFY_HELPER")
	if say == "" {
		t.Skip("it is no test")
	}
	fmt.Println("says", say)
	switch say {
	case "fail":
		os.Exit(1)
	case "resist":
		signal.Ignore(syscall.SIGTERM)
		if os.Getenv("VERIFY_CHILD") == "" {
			child := exec.Command(os.Args[0], os.Args[1:]...)
			child.Env = append(os.Environ(), "VERIFY_CHILD=1")
			child.Stdout = os.Stdout
			if err := child.Start(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Minute)
		}
		line, err := net.Dial("tcp", os.Getenv("VERIFY_CHILD_CALLS"))
		if err != nil {
			t.Fatal(err)
		}
		defer line.Close() // by the end of the process
		time.Sleep(time.Minute)
	case "hang":
		time.Sleep(time.Minute)
	}
}

// example is a stage whose command is helper(t, say), and the lines that it takes.
func example(t *testing.T, say string, timeout time.Duration) (s *stage, lines *[]string) {
	t.Helper()
	t.Chdir(t.TempDir())
	lines = new([]string)
	return &stage{
		name:     "example",
		timeout:  timeout,
		commands: []command{helper(t, say)},
		line:     func(text string) { *lines = append(*lines, text) },
		progress: func() string { return "some" },
		rows: func(ended error) []row {
			r := row{section: "example"}
			if ended != nil {
				r.wrongf("%v", ended)
			}
			return []row{r}
		},
	}, lines
}

func TestStage(t *testing.T) {
	t.Run("good", func(t *testing.T) {
		s, lines := example(t, "good", time.Minute)
		want(t, run(t.Context(), []*stage{s}, nil), "ok")
		log, err := os.ReadFile(filepath.FromSlash(logPath("example")))
		if err != nil || !slices.Contains(*lines, "says good") || !strings.Contains(string(log), "says good\n") {
			t.Errorf("%q, %q, %v", *lines, log, err)
		}
	})
	t.Run("fails", func(t *testing.T) {
		s, _ := example(t, "fail", time.Minute)
		want(t, run(t.Context(), nil, []*stage{s}), "WRONG", "exit status 1; see bin/verify/example.txt")
	})
	t.Run("takes too long", func(t *testing.T) {
		s, _ := example(t, "hang", time.Second)
		begun := time.Now()
		want(t, run(t.Context(), []*stage{s}, nil), "WRONG", "not through in 1s")
		if took := time.Since(begun); took > 30*time.Second {
			t.Errorf("it took %v", took)
		}
	})
	t.Run("interrupted", func(t *testing.T) {
		s, _ := example(t, "hang", time.Minute)
		ctx, cancel := context.WithCancel(t.Context())
		s.line = func(text string) {
			if text == "says hang" {
				cancel()
			}
		}
		begun := time.Now()
		want(t, run(ctx, []*stage{s}, nil), "WRONG", "context canceled")
		if took := time.Since(begun); took > 30*time.Second {
			t.Errorf("it took %v", took)
		}
	})
	t.Run("keeps on", func(t *testing.T) {
		s, lines := example(t, "fail", time.Minute)
		s.keepOn = true
		s.commands = append(s.commands, s.commands[0])
		want(t, run(t.Context(), []*stage{s}, nil), "WRONG", "exit status 1")
		if n := strings.Count(strings.Join(*lines, "\n"), "says fail"); n != 2 {
			t.Errorf("%d commands were run", n)
		}
	})
}
