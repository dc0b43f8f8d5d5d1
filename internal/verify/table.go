package main

import (
	"fmt"
	"strings"
)

// A row is what one check has found. It is good if nothing is wrong.
type row struct {
	section string
	text    string
	wrong   []string
}

// wrongf adds what is wrong.
func (r *row) wrongf(format string, args ...any) {
	r.wrong = append(r.wrong, fmt.Sprintf(format, args...))
}

// table writes rows below each other, and under each what is wrong with it.
func table(rows []row) string {
	section := 0
	for _, r := range rows {
		section = max(section, len(r.section))
	}
	var b strings.Builder
	last := ""
	for _, r := range rows {
		name := r.section
		if name == last {
			name = ""
		}
		last = r.section
		verdict := "ok"
		if len(r.wrong) > 0 {
			verdict = "WRONG"
		}
		fmt.Fprintf(&b, "%-*s  %-5s  %s\n", section, name, verdict, r.text)
		for _, w := range r.wrong {
			fmt.Fprintf(&b, "%-*s           %s\n", section, "", w)
		}
	}
	return b.String()
}
