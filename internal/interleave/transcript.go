package interleave

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// A transcript is what a schedule did, for people.
type transcript struct {
	lines []line
	files map[string][]string
}

// A line is one operation, or a note.
type line struct {
	step          int
	thread        int
	note          string
	pcs           [24]uintptr
	depth         int
	before, after uint64
	obj           int32 // of a store that enters a buffer, which is no step
	buffered      bool
}

// access notes the operation that was just done. It is called by its thread,
// two calls below the word's method.
//
//go:norace
func (r *transcript) access(e *engine, t *thread, before, after uint64) {
	l := line{step: len(e.steps) - 1, thread: t.id, before: before, after: after}
	l.depth = runtime.Callers(3, l.pcs[:])
	r.lines = append(r.lines, l)
}

// store notes a store of v that entered t's store buffer, and returns its line. It is
// called as access is.
//
//go:norace
func (r *transcript) store(e *engine, t *thread, obj int32, v uint64) int {
	l := line{step: len(e.steps) - 1, thread: t.id, after: v, obj: obj, buffered: true}
	l.depth = runtime.Callers(3, l.pcs[:])
	r.lines = append(r.lines, l)
	return len(r.lines) - 1
}

// drain notes that the store of the given line has left b.
//
//go:norace
func (r *transcript) drain(e *engine, b *thread, stored int, before uint64) {
	l := r.lines[stored]
	l.step, l.thread, l.before, l.buffered = len(e.steps)-1, b.id, before, false
	r.lines = append(r.lines, l)
}

//go:norace
func (r *transcript) note(e *engine, t *thread, text string) {
	r.lines = append(r.lines, line{step: len(e.steps) - 1, thread: t.id, note: text})
}

// halfTranscript is how much of the beginning and of the end of a long
// transcript is shown.
const halfTranscript = 60

// render is called when the execution has ended.
func (r *transcript) render(e *engine) string {
	var b strings.Builder
	names := 6
	for _, l := range r.lines {
		names = max(names, len(e.threads[l.thread].name))
	}
	last := -1
	for i, l := range r.lines {
		if skip := len(r.lines) - 2*halfTranscript; skip > 0 && i >= halfTranscript && i < halfTranscript+skip {
			if i == halfTranscript {
				fmt.Fprintf(&b, "      … %d lines …\n", skip)
			}
			continue
		}
		name := ""
		if l.thread != last {
			name = e.threads[l.thread].name
			if l.note == "" && !l.buffered && e.steps[l.step].preempts {
				name += "*"
			}
		}
		last = l.thread
		if l.note != "" {
			fmt.Fprintf(&b, "%4s  %-*s  -- %s\n", "", names+1, name, l.note)
			continue
		}
		where, source := r.where(&l)
		if l.buffered {
			fmt.Fprintf(&b, "%4s  %-*s  #%-2d %-16s %-20s %-22s %s\n", "", names+1, name, l.obj, "StoreRelease", fmt.Sprintf("%#x into its buffer", l.after), where, source)
			continue
		}
		s := &e.steps[l.step]
		value := fmt.Sprintf("%#x", l.before)
		switch {
		case s.forwarded:
			value += " from its buffer"
		case s.kind == Spin:
			value = "has changed"
		case s.kind == CompareAndSwap && s.failed:
			value += " stays"
		case s.kind != Load:
			value += fmt.Sprintf(" → %#x", l.after)
		}
		fmt.Fprintf(&b, "%4d  %-*s  #%-2d %-16s %-20s %-22s %s\n", l.step, names+1, name, s.obj, s.kind, value, where, source)
	}
	for _, t := range e.threads {
		if !t.ended && t.next.kind != noOp {
			fmt.Fprintf(&b, "      %s is about to do: #%d %s\n", t.name, t.next.obj, t.next.kind)
		}
	}
	b.WriteString("      (* it was preempted here: the one before could have gone on; #n is the word)\n")
	return b.String()
}

// where returns file:line of the first caller that is not the checker's own,
// and that line's text.
func (r *transcript) where(l *line) (at, source string) {
	frames := runtime.CallersFrames(l.pcs[:l.depth])
	for {
		f, more := frames.Next()
		own := strings.Contains(f.Function, "/internal/atomics.") ||
			strings.Contains(f.Function, "/internal/interleave.") && !strings.HasSuffix(f.File, "_test.go")
		if !own || !more {
			return fmt.Sprintf("%s:%d", filepath.Base(f.File), f.Line), r.source(f.File, f.Line)
		}
	}
}

// source returns a line of a file, if that is at hand.
func (r *transcript) source(file string, n int) string {
	if r.files == nil {
		r.files = make(map[string][]string)
	}
	text, ok := r.files[file]
	if !ok {
		if all, err := os.ReadFile(file); err == nil {
			text = strings.Split(string(all), "\n")
		}
		r.files[file] = text
	}
	if n < 1 || n > len(text) {
		return ""
	}
	return strings.TrimSpace(text[n-1])
}
