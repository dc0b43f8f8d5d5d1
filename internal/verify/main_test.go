package main

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/rouse-go/rouse/internal/leakcheck"
)

func TestMain(m *testing.M) { os.Exit(leakcheck.Main(m, nil)) }

// feed gives each line to take, as a stage does.
func feed(take func(string), text string) {
	for line := range strings.Lines(text) {
		take(strings.TrimSuffix(line, "\n"))
	}
}

// want compares what rows say is wrong, by parts of it, with what it should be.
func want(t *testing.T, rows []row, text string, wrong ...string) {
	t.Helper()
	var got []string
	for _, r := range rows {
		got = append(got, r.wrong...)
	}
	ok := len(got) == len(wrong)
	for i := 0; ok && i < len(wrong); i++ {
		ok = strings.Contains(got[i], wrong[i])
	}
	if !ok {
		t.Errorf("wrong are %q, want %q", got, wrong)
	}
	if !strings.Contains(table(rows), text) {
		t.Errorf("it lacks %q:\n%s", text, table(rows))
	}
}

func TestOptions(t *testing.T) {
	for _, c := range []struct {
		args string
		ok   bool
		time time.Duration
	}{
		{"", true, 10 * time.Second},
		{"-short", true, 2 * time.Second},
		{"-short -fuzztime 3s", true, 3 * time.Second},
		{"-only models,fuzz", true, 10 * time.Second},
		{"-only nonesuch", false, 0},
		{"-fuzztime -1s", false, 0},
		{"more", false, 0},
	} {
		o, err := parseOptions(strings.Fields(c.args))
		if (err == nil) != c.ok || c.ok && o.fuzzTime != c.time {
			t.Errorf("%q: %+v %v", c.args, o, err)
		}
	}
	o, _ := parseOptions([]string{"-only", "models"})
	if !o.wants("models") || o.wants("tests") || !o.race || o.verbose {
		t.Errorf("%+v", o)
	}
	o, _ = parseOptions([]string{"-v", "-modelflags", " -race  -cpu=1"})
	args := strings.Join(modelStage(o).commands[0].args, " ")
	if !o.verbose || !strings.HasSuffix(args, " -race -cpu=1 ./...") {
		t.Errorf("%+v: %s", o, args)
	}
}
