package main

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rouse-go/rouse/internal/leakcheck"
)

func TestMain(m *testing.M) { os.Exit(leakcheck.Main(m, nil)) }

const patience = 30 * time.Second

// start runs the example. It returns its URL, and ends it with the test, as
// Ctrl-C does.
func start(t *testing.T) (url string) {
	ctx, cancel := context.WithCancel(context.Background())
	r, w := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := run(ctx, "127.0.0.1:0", w)
		w.Close()
		ended <- err
	}()
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		if at := strings.Index(lines.Text(), "http://"); at >= 0 {
			url = lines.Text()[at:]
			break
		}
	}
	rest := make(chan string, 1)
	go func() {
		b, _ := io.ReadAll(r)
		rest <- string(b)
	}()
	t.Cleanup(func() {
		cancel()
		select {
		case err := <-ended:
			if err != nil {
				t.Error(err)
			}
		case <-time.After(patience):
			t.Fatal("the server does not end")
		}
		if said := <-rest; !strings.Contains(said, "bye") {
			t.Errorf("its last words are %q", said)
		}
	})
	if url == "" {
		t.Fatal("the server prints no line to try")
	}
	return url
}

func TestServesGoClients(t *testing.T) {
	url := start(t)
	tr := &http.Transport{}
	defer tr.CloseIdleConnections()
	c := &http.Client{Transport: tr, Timeout: patience}
	var g sync.WaitGroup
	for range 8 {
		g.Go(func() {
			for range 10 {
				resp, err := c.Get(url + "path")
				if err != nil {
					t.Error(err)
					return
				}
				body, err := io.ReadAll(resp.Body)
				resp.Body.Close()
				if want := "hello from net/http on rouse: GET /path\n"; string(body) != want || err != nil {
					t.Errorf("got %q, %v; want %q", body, err, want)
				}
			}
		})
	}
	g.Wait()
}

func TestServesCurl(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("curl is missing; make test-deps installs it")
	}
	url := start(t)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	out, err := exec.CommandContext(ctx, "curl", "--silent", "--show-error", "--fail", "--noproxy", "*", url+"one", url+"two").CombinedOutput()
	want := "hello from net/http on rouse: GET /one\nhello from net/http on rouse: GET /two\n"
	if err != nil || string(out) != want {
		t.Errorf("curl: %v\n%s", err, out)
	}
}

func TestBadAddress(t *testing.T) {
	if err := run(context.Background(), "nonsense", io.Discard); err == nil {
		t.Error("it listens at nonsense")
	}
}
