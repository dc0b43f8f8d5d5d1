package resp

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// parseAll parses in, of which more arrives at each of the cuts.
func parseAll(p *Parser, in []byte, cuts ...int) (requests []string, rest int, err error) {
	var g Progress
	pos := 0
	for _, end := range append(cuts, len(in)) {
		for {
			have := bytes.Clone(in[pos:end]) // so that stale slices would show
			args, n, err := p.Next(&g, have)
			if err != nil {
				return requests, end - pos, err
			}
			if n == 0 {
				break
			}
			pos += n
			requests = append(requests, fmt.Sprintf("%q", args))
		}
	}
	return requests, len(in) - pos, nil
}

var inputs = []string{
	"*1\r\n$4\r\nPING\r\n",
	"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$12\r\nline\r\n\x00break\r\n*2\r\n$3\r\nGET\r\n$0\r\n\r\n",
	"*0\r\n*-1\r\n\r\nPING\r\n*1\r\n$1\r\nx\r\n",
	"SET key \"a \\x41\\n\\\"\" 'it\\'s \\n' b\"c\"\r\n  \r\nPING\n",
	"*12\r\n" + strings.Repeat("$2\r\nab\r\n", 12),
	"*3\r\n$1000\r\n" + strings.Repeat("x", 1000) + "\r\n$1\r\na",
	"*x\r\n", "*1048577\r\n", "*1\r\n$-1\r\n", "*1\r\n$536870913\r\n", "*1\r\n$04\r\n", "*1\r\n:4\r\n",
	"PING \"open\r\n", "PING \"a\"b\r\n", "*99999999999999999999\r\n", "*\r\n", "*1\r\n$\r\n", "*+1\r\n",
}

func TestCutsDoNotMatter(t *testing.T) {
	p := NewParser()
	for _, in := range inputs {
		want, rest, wantErr := parseAll(p, []byte(in))
		for i := range len(in) {
			for j := i; j < min(len(in), i+40); j++ {
				got, r, err := parseAll(p, []byte(in), i, j)
				if !slices.Equal(got, want) || err != wantErr || err == nil && r != rest {
					t.Fatalf("%.60q cut at %d and %d: %q, rest %d, %v; uncut %q, rest %d, %v",
						in, i, j, got, r, err, want, rest, wantErr)
				}
			}
		}
	}
}

func TestRequests(t *testing.T) {
	for in, want := range map[string][]string{
		inputs[0]: {`["PING"]`},
		inputs[1]: {`["SET" "k" "line\r\n\x00break"]`, `["GET" ""]`},
		inputs[2]: {`[]`, `[]`, `[]`, `["PING"]`, `["x"]`},
		inputs[3]: {`["SET" "key" "a A\n\"" "it's \\n" "bc"]`, `[]`, `["PING"]`},
		inputs[5]: nil,
	} {
		got, _, err := parseAll(NewParser(), []byte(in))
		if !slices.Equal(got, want) || err != nil {
			t.Errorf("%.60q: %s, %v", in, got, err)
		}
	}
}

func TestErrors(t *testing.T) {
	long := strings.Repeat("1", maxLine+1)
	for in, want := range map[string]string{
		"*x\r\n":               "invalid multibulk length",
		"*01\r\n":              "invalid multibulk length",
		"*1048577\r\n":         "invalid multibulk length",
		"*" + long:             "too big mbulk count string",
		"*1\r\nPING\r\n":       "expected '$', got 'P'",
		"*1\r\n\xff\r\n":       "expected '$', got '\xff'",
		"*1\r\n$-1\r\n":        "invalid bulk length",
		"*1\r\n$536870913\r\n": "invalid bulk length",
		"*1\r\n$" + long:       "too big bulk count string",
		"PING '\r\n":           "unbalanced quotes in request",
		"PING 'a'b\r\n":        "unbalanced quotes in request",
		long:                   "too big inline request",
		long + "\r\n":          "too big inline request",
	} {
		_, _, err := parseAll(NewParser(), []byte(in))
		var e Error
		if !errors.As(err, &e) || string(e) != want {
			t.Errorf("%.40q: %v, want %s", in, err, want)
		}
	}
}

func TestLimits(t *testing.T) {
	p := &Parser{MaxBulk: 10, MaxArgs: 2, MaxRequest: 30}
	for in, want := range map[string]error{
		"*2\r\n$10\r\n0123456789\r\n$1\r\nx\r\n": nil,
		"*3\r\n":                                 errCount,
		"*1\r\n$11\r\n":                          errBulk,
		"*2\r\n$10\r\n0123456789\r\n$9\r\n":      errRequest,
	} {
		if _, _, err := parseAll(p, []byte(in)); err != want {
			t.Errorf("%q: %v, want %v", in, err, want)
		}
	}
}

func TestNeeded(t *testing.T) {
	p := NewParser()
	for in, want := range map[string]int{
		"":                          1,
		"*2\r\n$1":                  1,
		"*2\r\n$100\r\n":            102,
		"*2\r\n$100\r\nabc":         99,
		"*2\r\n$2\r\nab\r\n":        1,
		"*2\r\n$2\r\nab\r\n$5\r\nx": 6,
	} {
		var g Progress
		if _, n, err := p.Next(&g, []byte(in)); n != 0 || err != nil {
			t.Fatal(in, n, err)
		}
		if got := g.Needed(len(in)); got != want {
			t.Errorf("%q needs %d, want %d", in, got, want)
		}
	}
}

// TestHugeRequestIsNotRescanned presents a large request a little at a time:
// if each call started over, this would take minutes.
func TestHugeRequestIsNotRescanned(t *testing.T) {
	const args = 200_000
	in := []byte(fmt.Sprintf("*%d\r\n%s", args, strings.Repeat("$1\r\nx\r\n", args)))
	p, g := NewParser(), Progress{}
	for end := 16; end < len(in); end += 16 {
		if _, n, err := p.Next(&g, in[:end]); n != 0 || err != nil {
			t.Fatal(end, n, err)
		}
	}
	got, n, err := p.Next(&g, in)
	if len(got) != args || n != len(in) || err != nil {
		t.Fatal(len(got), n, err)
	}
	if g.spans != nil {
		t.Error("the connection keeps memory")
	}
	if p.Next(&g, []byte("PING\r\n")); cap(p.args) > keepSpans || cap(p.spans) > keepSpans {
		t.Error("the parser keeps memory")
	}
}

func TestNextDoesNotAllocate(t *testing.T) {
	p, g := NewParser(), Progress{}
	in := []byte(inputs[1])
	if n := testing.AllocsPerRun(100, func() { p.Next(&g, in) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzParser(f *testing.F) {
	for _, in := range inputs {
		f.Add([]byte(in), uint16(len(in)/2))
	}
	f.Fuzz(func(t *testing.T, in []byte, cut uint16) {
		at := int(cut) % (len(in) + 1)
		want, _, wantErr := parseAll(NewParser(), in)
		got, _, err := parseAll(NewParser(), in, at)
		if !slices.Equal(got, want) || err != wantErr {
			t.Fatalf("cut at %d: %q, %v; uncut %q, %v", at, got, err, want, wantErr)
		}
	})
}
