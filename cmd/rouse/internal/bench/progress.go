package bench

import (
	"fmt"
	"io"
)

// Progress tells on a terminal, or in a log, what is going on.
type Progress struct {
	w        io.Writer
	terminal bool
	last     string // what was told last, so that a log gets a line each
	drawn    bool
}

// NewProgress writes to w: one line that changes if that is a terminal, else a
// line for each implementation's first repetition.
func NewProgress(w io.Writer, terminal bool) *Progress {
	return &Progress{w: w, terminal: terminal}
}

// Begin is for Options.Begin.
func (p *Progress) Begin(s Sample, of int) {
	if p.terminal {
		what := fmt.Sprintf("repetition %d of %d", s.Rep, of)
		if s.Rep == 0 {
			what = "warm-up"
		}
		fmt.Fprintf(p.w, "\r\x1b[K%s %s: %s", s.Bench, s.Impl, what)
		p.drawn = true
		return
	}
	if what := fmt.Sprintf("%s: repetition %d of %d", s.Bench, s.Rep, of); s.Rep > 0 && what != p.last {
		fmt.Fprintln(p.w, what)
		p.last = what
	}
}

// End removes the line from the terminal.
func (p *Progress) End() {
	if p.drawn {
		fmt.Fprint(p.w, "\r\x1b[K")
		p.drawn = false
	}
}
