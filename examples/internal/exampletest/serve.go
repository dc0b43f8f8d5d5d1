// Package exampletest runs the examples that are servers, for their tests.
package exampletest

import (
	"bufio"
	"context"
	"io"
	"strings"
	"testing"
	"time"
)

// Patience bounds every wait of these tests.
const Patience = 30 * time.Second

// Serve calls run, and returns what the server prints from scheme on to the end of
// that line: its URL. With the test it ends ctx, as Ctrl-C does, and demands that
// run returns nil, and that the last words are a bye.
func Serve(t testing.TB, scheme string, run func(ctx context.Context, out io.Writer) error) (url string) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r, w := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := run(ctx, w)
		w.Close()
		ended <- err
	}()
	said, rest := make(chan string, 1), make(chan string, 1)
	go func() {
		lines, first := bufio.NewReader(r), ""
		for err := error(nil); err == nil && first == ""; {
			var line string
			line, err = lines.ReadString('\n')
			if at := strings.Index(line, scheme); at >= 0 {
				first = strings.TrimSpace(line[at:])
			}
		}
		said <- first
		b, _ := io.ReadAll(lines)
		rest <- string(b)
	}()
	t.Cleanup(func() {
		cancel()
		select {
		case err := <-ended:
			if err != nil {
				t.Error(err)
			}
		case <-time.After(Patience):
			t.Fatal("the server does not end")
		}
		if words := <-rest; !strings.Contains(words, "bye") {
			t.Errorf("its last words are %q", words)
		}
	})
	select {
	case url = <-said:
	case <-time.After(Patience):
	}
	if url == "" {
		t.Fatalf("the server prints no line with %s", scheme)
	}
	return url
}
