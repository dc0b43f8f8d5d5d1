package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// goodbye is how long a process that is to end may take. Tests have less
// patience.
var goodbye = 5 * time.Second

// logDir is where the stages write.
const logDir = "bin/verify"

// A stage is some commands and what is read from their output. line and before
// are called one at a time; progress meanwhile, under the same lock; rows
// afterwards.
type stage struct {
	name     string
	timeout  time.Duration
	commands []command
	line     func(text string)
	progress func() string
	rows     func(ended error) []row
	keepOn   bool // a command that fails doesn't keep the next from running

	mu      sync.Mutex
	begun   time.Time // zero: it waits for its turn
	over    bool
	tail    []string // the last lines
	rowsOut []row
}

type command struct {
	dir    string
	args   []string
	before func()      // may be nil
	excuse func() bool // may be nil; asked when it has failed, whether that is no failure
}

// tailLength is how many lines are shown of a stage that fails.
const tailLength = 25

// run runs the stages of first and, at the same time and giving way to them,
// those of beside, each list in its order. It returns the rows of all.
func run(ctx context.Context, first, beside []*stage) (rows []row) {
	var wg sync.WaitGroup
	inTurn := func(list []*stage, nice bool) {
		for _, s := range list {
			s.run(ctx, nice)
		}
	}
	wg.Go(func() { inTurn(first, false) })
	wg.Go(func() { inTurn(beside, len(first) > 0) })
	stopped := make(chan struct{})
	var telling sync.WaitGroup
	telling.Go(func() { tell(append(first[:len(first):len(first)], beside...), stopped) })
	wg.Wait()
	close(stopped)
	telling.Wait()
	for _, s := range append(first, beside...) {
		rows = append(rows, s.rowsOut...)
	}
	return rows
}

// tell says now and then how far the stages are.
func tell(stages []*stage, stopped <-chan struct{}) {
	tick := time.NewTicker(15 * time.Second)
	defer tick.Stop()
	for {
		select {
		case <-stopped:
			return
		case <-tick.C:
		}
		for _, s := range stages {
			s.mu.Lock()
			if !s.begun.IsZero() && !s.over {
				fmt.Printf("verify: %s, %v: %s\n", s.name, time.Since(s.begun).Round(time.Second), s.progress())
			}
			s.mu.Unlock()
		}
	}
}

// run runs the commands until one can't go on, and makes the rows.
func (s *stage) run(ctx context.Context, nice bool) {
	s.mu.Lock()
	s.begun = time.Now()
	s.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	log, err := openLog(s.name)
	if err == nil {
		err = s.runAll(ctx, nice, log)
		log.Close()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over = true
	if err != nil {
		fmt.Printf("verify: %s: %v; its last lines, the rest is in %s:\n", s.name, err, logPath(s.name))
		for _, line := range s.tail {
			fmt.Println("    " + line)
		}
		err = fmt.Errorf("%w; see %s", err, logPath(s.name))
	}
	s.rowsOut = s.rows(err)
}

// runAll returns the first error.
func (s *stage) runAll(ctx context.Context, nice bool, log io.Writer) (err error) {
	for _, c := range s.commands {
		failed := s.command(ctx, c, nice, log)
		if failed != nil && c.excuse != nil && c.excuse() {
			failed = nil
		}
		switch {
		case ctx.Err() == context.DeadlineExceeded:
			return fmt.Errorf("not through in %v", s.timeout)
		case ctx.Err() != nil:
			return ctx.Err()
		case failed != nil && err == nil:
			err = fmt.Errorf("%s: %w", strings.Join(c.args, " "), failed)
		}
		if err != nil && !s.keepOn {
			return err
		}
	}
	return err
}

func logPath(stage string) string { return filepath.ToSlash(filepath.Join(logDir, stage+".txt")) }

func openLog(stage string) (*os.File, error) {
	if err := os.MkdirAll(logDir, 0o777); err != nil {
		return nil, err
	}
	return os.Create(logPath(stage))
}

// command runs c and takes its lines.
func (s *stage) command(ctx context.Context, c command, nice bool, log io.Writer) error {
	if c.before != nil {
		s.mu.Lock()
		c.before()
		s.mu.Unlock()
	}
	args := c.args
	if path, err := exec.LookPath("nice"); nice && err == nil {
		args = append([]string{path, "-n", "19"}, args...)
	}
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Dir = c.dir
	cmd.WaitDelay = 2 * goodbye
	grouped(cmd)
	r, w := io.Pipe()
	cmd.Stdout, cmd.Stderr = w, w
	read := make(chan struct{})
	go func() {
		defer close(read)
		s.read(r, log)
	}()
	err := cmd.Run()
	w.Close()
	<-read
	return err
}

// read takes lines of any length until the end of in.
func (s *stage) read(in io.Reader, log io.Writer) {
	lines := bufio.NewReader(in)
	for {
		text, err := lines.ReadString('\n')
		if text != "" {
			_, _ = io.WriteString(log, text)
			s.mu.Lock()
			text = strings.TrimSuffix(text, "\n")
			s.tail = append(s.tail, text)
			if len(s.tail) > tailLength {
				s.tail = s.tail[1:]
			}
			s.line(text)
			s.mu.Unlock()
		}
		if err != nil {
			return
		}
	}
}
