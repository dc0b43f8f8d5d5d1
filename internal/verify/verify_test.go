package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
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

func TestRecord(t *testing.T) {
	for _, c := range []struct {
		line, kind string
		ok         bool
	}{
		{"leak: package=a goroutines=1", "leak", true},
		{"    x_test.go:12: fault: driver=uring kind=eintr injected=3", "fault", true},
		{"leak: package=a goroutines=1", "fault", false},
		{"no leak: package=a", "leak", false},
		{"leak:", "leak", false},
	} {
		if r, ok := parseRecord(c.line, c.kind); ok != c.ok {
			t.Errorf("%q: %v %v", c.line, r, ok)
		}
	}
	r, _ := parseRecord("leak: package=a goroutines=12 odd x=y\n", "leak")
	n, ok := r.number("goroutines")
	if _, bad := r.number("x"); r["package"] != "a" || n != 12 || !ok || bad {
		t.Errorf("%v", r)
	}
}

const modelLines = `=== RUN   TestModelA
interleave: model=rouse/a schedules=35 steps=291 longest=13 bound=none complete=true random=0 seed=0 race=false seconds=0.00
interleave: model=rouse/b schedules=10 steps=291 longest=13 bound=2 complete=true random=0 seed=0 race=false seconds=0.00
interleave: model=rouse/c schedules=5 steps=291 longest=13 bound=random complete=false random=5 seed=1 race=false seconds=0.00
interleave: model=classic/aba/right schedules=5 steps=34 longest=9 bound=none complete=true random=0 seed=0 race=false seconds=0.00
interleave: model=classic/aba/wrong schedules=2 steps=12 longest=8 bound=none complete=false random=0 seed=0 race=false seconds=0.00 failed-at=2
ok  	example.org/a	0.1s
`

func TestModels(t *testing.T) {
	var m models
	feed(m.line, modelLines)
	want(t, m.rows(nil), "3 models, 50 schedules; 2 complete, 1 of these without bound")
	want(t, m.rows(nil), "1 of 1 classic faults caught")
	want(t, m.rows(errors.New("exit status 1; see the log")), "3 models", "exit status 1")

	feed(m.line, "interleave: model=classic/peterson/wrong schedules=2 bound=none complete=true seconds=0.00\n")
	want(t, m.rows(nil), "1 of 2 classic faults caught", "not caught: classic/peterson/wrong")
	feed(m.line, "interleave: model=rouse/d schedules=7 bound=none complete=false seconds=0.00 failed-at=7\n")
	want(t, m.rows(nil), "4 models", "rouse/d fails", "not caught")

	var none models
	want(t, none.rows(nil), "0 models", "nothing was explored", "no classic fault was tried")
}

func TestMutants(t *testing.T) {
	var m mutants
	feed(m.line, "mutant: known=9\nmutant: name=a/b caught=true model=x schedules=7\nmutant: name=a/c caught=true model=x schedules=8\n")
	want(t, m.rows(nil), "2 of 2 caught; 9 known")
	feed(m.line, "mutant: name=a/d caught=false\n")
	want(t, m.rows(errors.New("exit status 1")), "2 of 3 caught", "not caught: a/d", "exit status 1")
	var none mutants
	want(t, none.rows(nil), "0 of 0", "none was planted")
}

func TestFuzz(t *testing.T) {
	var f fuzz
	f.begin("p.FuzzA")
	feed(f.line, `fuzz: elapsed: 0s, gathering baseline coverage: 0/192 completed
fuzz: elapsed: 3s, execs: 325017 (108336/sec), new interesting: 11 (total: 202)
fuzz: elapsed: 6s, execs: 680218 (118402/sec), new interesting: 11 (total: 202)
PASS
`)
	f.begin("p.FuzzB")
	feed(f.line, "fuzz: elapsed: 1s, execs: 2 (2/sec), new interesting: 0 (total: 1)\n")
	want(t, f.rows(nil), "2 targets, 680220 executions")
	f.begin("p.FuzzC")
	feed(f.line, "testing: warning: no fuzz tests to fuzz\n")
	want(t, f.rows(nil), "3 targets", "p.FuzzC was never executed")
	want(t, f.rows(errors.New("go test: exit status 1")), "3 targets", "exit status 1", "p.FuzzC")
	none := fuzz{}
	want(t, none.rows(nil), "0 targets, 0 executions", "there is no target")
}

func TestSoak(t *testing.T) {
	var s soak
	feed(s.line, "soak: seed=7 drivers=manual,epoll\nsoak: so far after 10s: rounds=5 polls=30 results=9\n")
	want(t, s.rows(nil), "5 random programs", "no")
	feed(s.line, "soak: ok after 20s: rounds=9 polls=70 results=20 slowest=1ms(epoll:8)\n")
	want(t, s.rows(nil), "9 random programs, 70 polls")
	feed(s.line, "soak: FAULT: element 3 was sent and is lost\nsoak: FAILED after 20s: rounds=10 polls=80\n")
	want(t, s.rows(errors.New("exit status 1")), "10 random programs", "exit status 1", "element 3 was sent and is lost", "not come to a good end")
	var none soak
	want(t, none.rows(nil), "0 random programs", "not come to a good end")
}

func TestFuzzNames(t *testing.T) {
	names, err := fuzzNames("x_test.go", `package x
func FuzzOne(f *testing.F) {}
func FuzzTwo(f *testing.F) {}
func Fuzzy() {}
func TestFuzz(t *testing.T) {}
func (w wheel) FuzzMethod(f *testing.F) {}
`)
	if err != nil || !slices.Equal(names, []string{"FuzzOne", "FuzzTwo"}) {
		t.Errorf("%v %v", names, err)
	}
	if _, err := fuzzNames("x_test.go", "no go"); err == nil {
		t.Error("what is no Go is taken")
	}
}

func TestFaults(t *testing.T) {
	var f faults
	feed(f.line, `    fault_test.go:9: fault: driver=uring kind=eintr injected=12
    fault_test.go:9: fault: driver=uring kind=eintr injected=3
fault: driver=uring kind=enomem injected=1
fault: driver=epoll kind=emfile injected=2
`)
	want(t, f.rows(), "uring: 16 injected: eintr 15, enomem 1")
	want(t, f.rows(), "epoll: 2 injected: emfile 2")
	feed(f.line, "fault: driver=epoll kind=eio injected=0\n")
	want(t, f.rows(), "epoll: 2 injected", "no eio was injected")
	feed(f.line, "fault: driver=epoll kind=eio injected=many\n")
	want(t, f.rows(), "epoll: 2 injected", "no eio was injected", "says nothing: fault: driver=epoll kind=eio injected=many")
	var none faults
	want(t, none.rows(), "0 injected", "no test has injected a fault")
}

func TestLeaks(t *testing.T) {
	var l leaks
	l.expect("example.org/a")
	l.expect("example.org/b")
	feed(l.line, "leak: package=example.org/a goroutines=0 descriptors=0 rings=0\n")
	want(t, []row{l.row()}, "1 of 2 test packages account; left: descriptors 0, goroutines 0, rings 0", "does not account: example.org/b")
	feed(l.line, "leak: package=example.org/b goroutines=0 descriptors=0\n")
	want(t, []row{l.row()}, "2 of 2 test packages account")
	feed(l.line, "leak: package=example.org/b goroutines=2 descriptors=0\n")
	want(t, []row{l.row()}, "goroutines 2", "2 goroutines left by example.org/b")
	feed(l.line, "leak: package=example.org/b goroutines=few\n")
	want(t, []row{l.row()}, "goroutines 2", "2 goroutines", "says nothing")
	feed(l.line, "leak: goroutines=0\n")
	want(t, []row{l.row()}, "goroutines 2", "2 goroutines", "says nothing", "says nothing")
	var none leaks
	want(t, []row{none.row()}, "0 of 0", "no package accounts")
}

func TestConformance(t *testing.T) {
	for _, c := range []struct{ page, wrong, text string }{
		{"# Conformance\n\n106 passed, 0 failed, 3 skipped on this machine, 11 without a test, 22 about what is not built yet.\n",
			"", "106 passed, 0 failed, 3 skipped here, 11 without a test, 22 later"},
		{"105 passed, 1 failed, 0 skipped on this machine, 11 without a test, 22 about what is not built yet.\n", "1 behaviours", "1 failed"},
		{"0 passed, 0 failed, 0 skipped on this machine, 11 without a test, 22 about what is not built yet.\n", "no behaviour", "0 passed"},
		{"", "counted nothing", ""},
	} {
		r := row{section: "conformance"}
		r.parseConformance(c.page)
		if c.wrong == "" {
			want(t, []row{r}, c.text)
		} else {
			want(t, []row{r}, c.text, c.wrong)
		}
	}
}

func TestTests(t *testing.T) {
	mods := []module{{dir: ".", packages: []pkg{
		{ImportPath: "example.org/a", TestGoFiles: []string{"a_test.go"}},
		{ImportPath: "example.org/b", XTestGoFiles: []string{"b_test.go"}},
		{ImportPath: "example.org/c"},
	}}}
	s := newTests(mods)
	feed(s.line, `{"Action":"start","Package":"example.org/a"}
{"Action":"output","Package":"example.org/a","Test":"TestX","Output":"    x_test.go:3: fault: driver=none kind=eio injected=4\n"}
{"Action":"pass","Package":"example.org/a","Test":"TestX","Elapsed":0.1}
{"Action":"skip","Package":"example.org/a","Test":"TestY","Elapsed":0.1}
{"Action":"output","Package":"example.org/a","Output":"leak: package=example.org/a goroutines=0 descriptors=0\n"}
{"Action":"pass","Package":"example.org/a","Elapsed":0.1}
{"Action":"skip","Package":"example.org/c","Elapsed":0}
`)
	want(t, []row{s.row(nil)}, "1 passed, 0 failed, 1 skipped, in 1 packages", "2 packages have tests, and 1 of them were run")
	want(t, s.faults.rows(), "none: 4 injected: eio 4")
	feed(s.line, `{"Action":"output","Package":"example.org/b","Output":"leak: package=example.org/b goroutines=0 descriptors=0\n"}
{"Action":"pass","Package":"example.org/b","Elapsed":0.1}
`)
	want(t, []row{s.row(nil), s.leaks.row()}, "2 of 2 test packages account")
	feed(s.line, `{"Action":"fail","Package":"example.org/b","Test":"TestZ","Elapsed":0.1}
{"Action":"fail","Package":"example.org/b","Elapsed":0.1}
not json
`)
	want(t, []row{s.row(errors.New("exit status 1"))}, "1 failed", "exit status 1", "failed: example.org/b TestZ", "failed: example.org/b")
	none := newTests(nil)
	want(t, []row{none.row(nil)}, "0 passed", "no test was run")
}

func TestPackages(t *testing.T) {
	all, err := parsePackages([]byte(`{"Dir":"/x/a","ImportPath":"a","TestGoFiles":["a_test.go"]}
{"Dir":"/x/b","ImportPath":"b","XTestGoFiles":["b_test.go","c_test.go"]}`))
	if err != nil || len(all) != 2 || len(all[0].tests()) != 1 || len(all[1].tests()) != 2 {
		t.Errorf("%v %v", all, err)
	}
	if _, err := parsePackages([]byte("{")); err == nil {
		t.Error("half a package is taken")
	}
}

// The fuzz targets of the repository are found.
func TestFindsTargets(t *testing.T) {
	t.Chdir("../..")
	mods, err := findModules(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	targets, err := fuzzTargets(mods)
	if err != nil {
		t.Fatal(err)
	}
	found := func(pkg, name string) bool {
		return slices.ContainsFunc(targets, func(t target) bool { return strings.HasSuffix(t.pkg, pkg) && t.name == name })
	}
	if len(mods) < 2 || !found("/internal/wheel", "FuzzWheel") || !found("/kvd/internal/resp", "FuzzParser") {
		t.Errorf("%d modules; targets %v", len(mods), targets)
	}
	t.Chdir(t.TempDir())
	if _, err := findModules(t.Context()); err == nil {
		t.Error("a folder without modules is taken")
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
	if !o.wants("models") || o.wants("tests") || !o.race {
		t.Errorf("%+v", o)
	}
}

// helper makes this test program a stage's command: it runs TestHelper, which
// says what the environment tells it, and does not end by itself if that is
// "hang".
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
	case "hang":
		time.Sleep(time.Minute)
	}
}

func TestStage(t *testing.T) {
	stageOf := func(say string, timeout time.Duration) (s *stage, lines *[]string) {
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
	t.Run("good", func(t *testing.T) {
		s, lines := stageOf("good", time.Minute)
		want(t, run(t.Context(), []*stage{s}, nil), "ok")
		log, err := os.ReadFile(filepath.FromSlash(logPath("example")))
		if err != nil || !slices.Contains(*lines, "says good") || !strings.Contains(string(log), "says good\n") {
			t.Errorf("%q, %q, %v", *lines, log, err)
		}
	})
	t.Run("fails", func(t *testing.T) {
		s, _ := stageOf("fail", time.Minute)
		want(t, run(t.Context(), nil, []*stage{s}), "WRONG", "exit status 1; see bin/verify/example.txt")
	})
	t.Run("takes too long", func(t *testing.T) {
		s, _ := stageOf("hang", time.Second)
		begun := time.Now()
		want(t, run(t.Context(), []*stage{s}, nil), "WRONG", "not through in 1s")
		if took := time.Since(begun); took > 30*time.Second {
			t.Errorf("it took %v", took)
		}
	})
	t.Run("interrupted", func(t *testing.T) {
		s, _ := stageOf("hang", time.Minute)
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
		s, lines := stageOf("fail", time.Minute)
		s.keepOn = true
		s.commands = append(s.commands, s.commands[0])
		want(t, run(t.Context(), []*stage{s}, nil), "WRONG", "exit status 1")
		if n := strings.Count(strings.Join(*lines, "\n"), "says fail"); n != 2 {
			t.Errorf("%d commands were run", n)
		}
	})
}
