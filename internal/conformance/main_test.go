package main

import (
	"strings"
	"testing"
)

const sample = `{"Action":"run","Package":"github.com/rouse-go/rouse/executor","Test":"TestConformance_001_A"}
{"Action":"pass","Package":"github.com/rouse-go/rouse/executor","Test":"TestConformance_001_A"}
{"Action":"pass","Package":"github.com/rouse-go/rouse","Test":"TestConformance_001_002_B"}
{"Action":"fail","Package":"github.com/rouse-go/rouse/fiber","Test":"TestConformance_002_C"}
{"Action":"pass","Package":"github.com/rouse-go/rouse/executor","Test":"TestConformance_068b_D/Shared"}
{"Action":"skip","Package":"github.com/rouse-go/rouse/timer","Test":"TestConformance_003_E"}
{"Action":"pass","Package":"github.com/rouse-go/rouse/timer","Test":"TestOther_004_E"}
{"Action":"skip","Package":"github.com/rouse-go/rouse/driver/uring","Test":"TestConformance_006_F/Abandon/One"}
{"Action":"pass","Package":"github.com/rouse-go/rouse/driver/uring","Test":"TestConformance_006_F/Abandon"}
{"Action":"pass","Package":"github.com/rouse-go/rouse/driver/uring","Test":"TestConformance_006_F"}
{"Action":"skip","Package":"github.com/rouse-go/rouse/driver/epoll","Test":"TestConformance_006_F/One"}
{"Action":"pass","Package":"github.com/rouse-go/rouse/driver/epoll","Test":"TestConformance_006_F/Two"}
{"Action":"pass","Package":"github.com/rouse-go/rouse/driver/epoll","Test":"TestConformance_006_F"}
`

func TestTable(t *testing.T) {
	rows, err := parseRows("# note\n## A. Some\n001\tone\n002\ttwo\n003\tthree\n068b\tmany | more\n004\tfour\n005\tfive\tlater: 9 sometime\n006\tsix\n")
	if err != nil {
		t.Fatal(err)
	}
	if err := read(strings.NewReader(sample), rows); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if n := write(&out, rows); n != 1 {
		t.Errorf("%d have failed", n)
	}
	for _, want := range []string{
		"3 passed, 1 failed, 1 skipped on this machine, 1 without a test, 1 about what is not built yet.",
		"| 001 | one | Local, bare tasks | pass |",
		"| 002 | two | bare tasks, fibers | fail |",
		"| 003 | three | timer (skipped) | skip |",
		"| 068b | many \\| more | Shared | pass |",
		"| 004 | four |  | missing |",
		"| 006 | six | driver/epoll, driver/uring (skipped) | pass |",
		"| 005 | five |  | later: 9 sometime |",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("it lacks %q:\n%s", want, out.String())
		}
	}
}

func TestRefuses(t *testing.T) {
	if _, err := parseRows("1\tone\n"); err == nil {
		t.Error("a number of one digit is taken")
	}
	rows, _ := parseRows("001\tone\n")
	if err := read(strings.NewReader(sample), rows); err == nil || !strings.Contains(err.Error(), "002") {
		t.Errorf("a number that is not in the list: %v", err)
	}
	if err := read(strings.NewReader(`{"Action":"fail","Package":"p"}`), rows); err == nil || !strings.Contains(err.Error(), "p") {
		t.Errorf("a package that has failed: %v", err)
	}
	if err := read(strings.NewReader("{no json\n"), rows); err == nil {
		t.Error("what is no JSON is taken")
	}
}

// The list that is built in can be read, and has each number once.
func TestList(t *testing.T) {
	rows, err := parseRows(list)
	if err != nil {
		t.Fatal(err)
	}
	seen := make(map[string]bool)
	for _, r := range rows {
		if r.number != "" && seen[r.number] {
			t.Errorf("%s is there twice", r.number)
		}
		seen[r.number] = true
	}
	if len(seen) < 100 {
		t.Errorf("only %d", len(seen))
	}
}
