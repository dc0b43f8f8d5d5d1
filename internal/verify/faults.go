package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// faults sums up the lines in which tests say how many failures of the system
// they have brought about:
//
//	fault: driver=uring kind=eintr injected=12
type faults struct {
	byDriver map[string]map[string]int
	wrong    []string
}

func (f *faults) line(text string) {
	r, ok := parseRecord(text, "fault")
	if !ok {
		return
	}
	n, isNumber := r.number("injected")
	if r["driver"] == "" || r["kind"] == "" || !isNumber {
		f.wrong = append(f.wrong, "this line says nothing: "+strings.TrimSpace(text))
		return
	}
	if n <= 0 { // though other tests may have injected some of that kind
		f.wrong = append(f.wrong, "a test has injected none: "+strings.TrimSpace(text))
	}
	if f.byDriver == nil {
		f.byDriver = map[string]map[string]int{}
	}
	kinds := f.byDriver[r["driver"]]
	if kinds == nil {
		kinds = map[string]int{}
		f.byDriver[r["driver"]] = kinds
	}
	kinds[r["kind"]] += max(n, 0)
}

// rows has one row for each driver.
func (f *faults) rows() (rows []row) {
	for _, name := range slices.Sorted(maps.Keys(f.byDriver)) {
		r := row{section: "faults"}
		sum := 0
		var list []string
		kinds := f.byDriver[name]
		for _, kind := range slices.Sorted(maps.Keys(kinds)) {
			sum += kinds[kind]
			list = append(list, fmt.Sprintf("%s %d", kind, kinds[kind]))
		}
		r.text = fmt.Sprintf("%s: %d injected: %s", name, sum, strings.Join(list, ", "))
		rows = append(rows, r)
	}
	if len(rows) == 0 {
		rows = []row{{section: "faults", text: "0 injected", wrong: []string{"no test has injected a fault"}}}
	}
	rows[0].wrong = append(rows[0].wrong, f.wrong...)
	return rows
}
