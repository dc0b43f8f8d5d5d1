package engine

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rouse-go/rouse/examples/kvd/internal/resp"
)

// Transcripts are testdata/*.txt: requests, each followed by its reply.
//
//	> SET key "some value"     a request by client 1, quoted as for redis-cli
//	+OK                        the reply, without the CRLFs
//	2> GET key                 a request by client 2
//	2! read                    the pushes that client 2 got
//	! raw "*1\r\n$4\r\nPING\r\n"   bytes as they are
//	! advance 1500             moves the clock by so many milliseconds
//
// An empty line of a reply is written as "", bytes that cannot be printed as
// \x00. A line "#! local" says that the next step is not what Redis itself
// does, or does not always do, and "#! unordered" that the order of its reply
// is free. The clock starts at one second.
var update = flag.Bool("update", false, "rewrite the transcripts with the replies of the engine")

// A step is a request of a transcript.
type step struct {
	before    []string // comments and blank lines
	request   string   // the whole line
	client    int
	directive bool
	text      string
	local     bool
	unordered bool
	want      []string
}

var requestLine = regexp.MustCompile(`^(\d?)([>!]) (.*)$`)

func readTranscript(t *testing.T, name string) []*step {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var steps []*step
	next, inReply := &step{}, false
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSuffix(line, "\n")
		m := requestLine.FindStringSubmatch(line)
		switch {
		case m != nil:
			next.request, next.client, next.text = line, 1, m[3]
			if m[1] != "" {
				next.client, _ = strconv.Atoi(m[1])
			}
			next.directive = m[2] == "!"
			steps = append(steps, next)
			next, inReply = &step{}, true
		case line == "" || !inReply:
			inReply = false
			next.before = append(next.before, line)
			next.local = next.local || strings.HasPrefix(line, "#! local")
			next.unordered = next.unordered || strings.HasPrefix(line, "#! unordered")
		default:
			last := steps[len(steps)-1]
			last.want = append(last.want, line)
		}
	}
	return steps
}

func writeTranscript(t *testing.T, name string, steps []*step) {
	t.Helper()
	var out []string
	for _, s := range steps {
		out = append(append(append(out, s.before...), s.request), s.want...)
	}
	if err := os.WriteFile(name, []byte(strings.Join(out, "\n")+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
}

// input is the bytes of a request, or nil of a directive that sends none.
func (s *step) input(t *testing.T) []byte {
	t.Helper()
	if raw, ok := strings.CutPrefix(s.text, "raw "); ok && s.directive {
		text, err := strconv.Unquote(raw)
		if err != nil {
			t.Fatalf("%s: %v", s.request, err)
		}
		return []byte(text)
	}
	if s.directive {
		return nil
	}
	args, n, err := resp.NewParser().Next(new(resp.Progress), []byte(s.text+"\n"))
	if err != nil || n == 0 {
		t.Fatalf("%s: %v", s.request, err)
	}
	return request(args...)
}

func request[S ~string | ~[]byte](args ...S) []byte {
	b := resp.AppendArray(nil, len(args))
	for _, arg := range args {
		b = resp.AppendBulk(b, arg)
	}
	return b
}

// lines makes a reply readable.
func lines(reply []byte) []string {
	if len(reply) == 0 {
		return nil
	}
	var all []string
	for line := range bytes.SplitSeq(bytes.TrimSuffix(reply, []byte("\r\n")), []byte("\r\n")) {
		var text strings.Builder
		for _, c := range line {
			if c < ' ' || c > '~' || c == '\\' {
				fmt.Fprintf(&text, `\x%02x`, c)
			} else {
				text.WriteByte(c)
			}
		}
		if text.Len() == 0 {
			text.WriteString(`""`)
		}
		all = append(all, text.String())
	}
	return all
}

// A replay runs a transcript on an engine of its own.
type replay struct {
	engine  *Engine
	clients map[int]*Client
	now     int64
}

func newReplay() *replay {
	return &replay{engine: New(Config{Seed: 1}), clients: map[int]*Client{}, now: 1000}
}

func (r *replay) do(t *testing.T, s *step) []byte {
	t.Helper()
	c := r.clients[s.client]
	if c == nil {
		c = r.engine.Connect(fmt.Sprintf("10.0.0.%d:5000", s.client), "10.0.0.9:6379")
		r.clients[s.client] = c
	}
	if ms, ok := strings.CutPrefix(s.text, "advance "); ok && s.directive {
		by, err := strconv.ParseInt(ms, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		r.now += by
		return nil
	}
	in := s.input(t)
	if in == nil {
		return c.TakePushes(nil)
	}
	n, out, _ := c.Feed(r.now, in, nil)
	if n != len(in) {
		t.Errorf("%s: %d of %d bytes consumed", s.request, n, len(in))
	}
	return out
}

func transcripts(t *testing.T) []string {
	t.Helper()
	names, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(names) == 0 {
		t.Fatal("no transcripts", err)
	}
	return names
}

func TestTranscripts(t *testing.T) {
	for _, name := range transcripts(t) {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txt"), func(t *testing.T) {
			steps := readTranscript(t, name)
			r := newReplay()
			for _, s := range steps {
				got := lines(r.do(t, s))
				if *update {
					s.want = got
				} else if !slices.Equal(got, s.want) {
					t.Errorf("%s\n got %q\nwant %q", s.request, got, s.want)
				}
			}
			if *update {
				writeTranscript(t, name, steps)
			}
		})
	}
}
