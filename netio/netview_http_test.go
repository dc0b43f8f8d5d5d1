package netio_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// net/http on both ends, on goroutines, over the executor.
func TestHTTP(t *testing.T) {
	for _, secure := range []bool{false, true} {
		t.Run(fmt.Sprintf("tls=%v", secure), func(t *testing.T) {
			onEach(t, func(t *testing.T, w *world) { testHTTP(t, w, secure) })
		})
	}
}

func testHTTP(t *testing.T, w *world, secure bool) {
	l := w.listen()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/wait") {
			<-r.Context().Done() // the client goes away: the server sees it
			return
		}
		body, err := io.ReadAll(r.Body) // all of it before the answer, as HTTP/1 has it
		if err != nil {
			t.Error(err)
		}
		rw.Write(body)
	}))
	server.Listener.Close()
	server.Listener = l.NetListener(w.ctx)
	server.Config.ReadTimeout = patience
	server.Config.WriteTimeout = patience
	scheme := "http"
	if secure {
		server.StartTLS()
		scheme = "https"
	} else {
		server.Start()
	}
	defer server.Close()
	transport := &http.Transport{
		DialContext:     w.dialView,
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, // of a server on this machine
	}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Timeout: patience}
	url := scheme + "://" + l.Addr().String()
	var g sync.WaitGroup
	for i := range 8 {
		g.Go(func() {
			for k := range 10 {
				body := pattern(1 + i*k*1500)
				resp, err := client.Post(url+"/echo", "text/plain", bytes.NewReader(body))
				if err != nil {
					t.Error(err)
					return
				}
				got, err := io.ReadAll(resp.Body)
				resp.Body.Close()
				if err != nil || !bytes.Equal(got, body) {
					t.Errorf("%d of %d bytes, %v", len(got), len(body), err)
				}
			}
		})
	}
	g.Wait()
	ctx, cancel := context.WithTimeout(w.ctx, 50*time.Millisecond)
	defer cancel()
	req, _ := http.NewRequestWithContext(ctx, "GET", url+"/wait", nil)
	switch resp, err := client.Do(req); {
	case errors.Is(err, context.DeadlineExceeded):
	case err == nil && secure && ctx.Err() != nil:
		// A TLS client that gives up says so before it closes. If the server's
		// answer to that comes between the two, net/http delivers it.
		resp.Body.Close()
	default:
		t.Errorf("Do returned %v, and the context %v; want DeadlineExceeded", err, ctx.Err())
	}
}
