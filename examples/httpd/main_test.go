package main

import (
	"context"
	"io"
	"net/http"
	"os"
	"os/exec"
	"sync"
	"testing"

	"github.com/rouse-go/rouse/examples/internal/exampletest"
	"github.com/rouse-go/rouse/internal/leakcheck"
)

func TestMain(m *testing.M) { os.Exit(leakcheck.Main(m, nil)) }

// start runs the example, and returns its URL.
func start(t *testing.T) (url string) {
	return exampletest.Serve(t, "http://", func(ctx context.Context, out io.Writer) error {
		return run(ctx, "127.0.0.1:0", out)
	})
}

func TestServesGoClients(t *testing.T) {
	url := start(t)
	tr := &http.Transport{}
	defer tr.CloseIdleConnections()
	c := &http.Client{Transport: tr, Timeout: exampletest.Patience}
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
	ctx, cancel := context.WithTimeout(context.Background(), exampletest.Patience)
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
