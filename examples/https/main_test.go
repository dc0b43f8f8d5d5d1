package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rouse-go/rouse/examples/internal/exampletest"
	"github.com/rouse-go/rouse/internal/leakcheck"
)

func TestMain(m *testing.M) { os.Exit(leakcheck.Main(m, nil)) }

// start runs the example, and returns its URL and the file with its certificate.
func start(t *testing.T) (url, cert string) {
	cert = filepath.Join(t.TempDir(), "cert.pem")
	return exampletest.Serve(t, "https://", func(ctx context.Context, out io.Writer) error {
		return run(ctx, "127.0.0.1:0", cert, out)
	}), cert
}

func client(t *testing.T, cert string) *http.Client {
	pem, err := os.ReadFile(cert)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		t.Fatal("no certificate")
	}
	tr := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr, Timeout: exampletest.Patience}
}

// Several clients at once, several requests a connection, bodies that take
// more than one read.
func TestServesGoClients(t *testing.T) {
	url, cert := start(t)
	c := client(t, cert)
	var g sync.WaitGroup
	for range 8 {
		g.Go(func() {
			for i := range 10 {
				resp, err := c.Post(url+"path", "text/plain", bytes.NewReader(make([]byte, i*10_000)))
				if err != nil {
					t.Error(err)
					return
				}
				body, err := io.ReadAll(resp.Body)
				resp.Body.Close()
				if want := "hello from a fiber: POST /path over TLS 1.3\n"; string(body) != want || err != nil {
					t.Errorf("got %q, %v; want %q", body, err, want)
				}
			}
		})
	}
	g.Wait()
	resp, err := c.Post(url, "text/plain", bytes.NewReader(make([]byte, maxBody+1)))
	if err == nil { // or it was told while it was still sending
		if resp.Body.Close(); resp.StatusCode != http.StatusRequestEntityTooLarge {
			t.Error(resp.Status)
		}
	}
}

// Who does not speak TLS, or says nothing, does not keep the others.
func TestBadClients(t *testing.T) {
	url, cert := start(t)
	addr := strings.Trim(strings.TrimPrefix(url, "https://"), "/")
	silent, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	plain, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	io.WriteString(plain, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	plain.SetDeadline(time.Now().Add(exampletest.Patience))
	if b, err := io.ReadAll(plain); bytes.Contains(b, []byte("hello from a fiber")) {
		t.Errorf("served without TLS: %q, %v", b, err)
	}
	resp, err := client(t, cert).Get(url)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
}

func TestServesCurl(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("curl is missing; make test-deps installs it")
	}
	url, cert := start(t)
	ctx, cancel := context.WithTimeout(context.Background(), exampletest.Patience)
	defer cancel()
	for _, how := range [][]string{{"--cacert", cert}, {"--insecure"}} {
		args := append(how, "--silent", "--show-error", "--fail", "--noproxy", "*", url+"one", url+"two")
		out, err := exec.CommandContext(ctx, "curl", args...).CombinedOutput()
		want := "hello from a fiber: GET /one over TLS 1.3\nhello from a fiber: GET /two over TLS 1.3\n"
		if err != nil || string(out) != want {
			t.Errorf("curl %v: %v\n%s", args, err, out)
		}
	}
}

func TestBadAddress(t *testing.T) {
	for _, addr := range []string{"nonsense", "127.0.0.1:http"} {
		if err := run(context.Background(), addr, "", io.Discard); err == nil {
			t.Errorf("it listens at %q", addr)
		}
	}
	if err := run(context.Background(), "127.0.0.1:0", filepath.Join(t.TempDir(), "no", "where"), io.Discard); err == nil {
		t.Error("it writes a certificate nowhere")
	}
}
