package main

import (
	"strconv"
	"strings"
)

// A record is a line of the form "kind: key=value key=value": what tests print
// for this program.
type record map[string]string

// parseRecord finds a record of a kind in a line, which may begin with what
// t.Log puts before it. A key without a value has the value "".
func parseRecord(line, kind string) (record, bool) {
	before, after, ok := strings.Cut(line, kind+": ")
	if !ok || before != "" && !strings.HasSuffix(before, ": ") {
		return nil, false
	}
	r := record{}
	for _, field := range strings.Fields(after) {
		key, value, _ := strings.Cut(field, "=")
		r[key] = value
	}
	return r, true
}

// number returns the number under key; false if it is none.
func (r record) number(key string) (int, bool) {
	n, err := strconv.Atoi(r[key])
	return n, err == nil
}
