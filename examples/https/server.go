package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"syscall"
	"time"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/fiber"
	"github.com/rouse-go/rouse/netio"
	"github.com/rouse-go/rouse/timer"
)

const (
	handshakeTime = 10 * time.Second
	idleTime      = time.Minute
	maxBody       = 1 << 20
)

type server struct {
	cert tls.Certificate
	out  io.Writer
}

// listen accepts connections until ctx ends, and starts a fiber for each.
func (s *server) listen(ctx context.Context, addr string) error {
	l, err := netio.Listen(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	defer l.Close()
	fmt.Fprintf(s.out, "https listens at %s (Ctrl-C ends it). Try:\n  curl --insecure https://%s/\n", l.Addr(), l.Addr())
	for {
		conn, err := l.Accept(ctx)
		switch {
		case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
			slog.Warn("https: no descriptors left; accepting later")
			if _, err := rouse.Await(ctx, timer.Sleep(100*time.Millisecond)); err != nil {
				return err
			}
			continue
		case err != nil:
			return err
		}
		fiber.Go(ctx, func(ctx context.Context) (struct{}, error) {
			s.serve(ctx, conn)
			return struct{}{}, nil
		}).Detach()
	}
}

// serve is the fiber of one connection. The view is bound to this fiber by its
// ctx, so every Read and Write that crypto/tls makes suspends it and nothing
// else.
func (s *server) serve(ctx context.Context, conn *netio.Conn) {
	view := conn.NetConn(ctx)
	c := tls.Server(view, &tls.Config{
		Certificates: []tls.Certificate{s.cert},
		NextProtos:   []string{"http/1.1"},
	})
	defer c.Close()
	// Handshake, not HandshakeContext: to watch a ctx that one starts a
	// goroutine and waits for it in the end, on the loop. The view follows ctx
	// anyway, and has a deadline.
	view.SetDeadline(time.Now().Add(handshakeTime))
	if err := c.Handshake(); err != nil {
		return
	}
	in, out := bufio.NewReader(c), bufio.NewWriter(c)
	for {
		view.SetDeadline(time.Now().Add(idleTime))
		req, err := http.ReadRequest(in)
		if err != nil {
			return // the end, or nothing that can be answered
		}
		resp := answer(req, c.ConnectionState())
		if err := resp.Write(out); err != nil {
			return
		}
		if err := out.Flush(); err != nil || resp.Close {
			return
		}
	}
}

// answer reads the rest of req and says what it was.
func answer(req *http.Request, state tls.ConnectionState) *http.Response {
	resp := &http.Response{
		StatusCode: http.StatusOK,
		ProtoMajor: 1, ProtoMinor: 1,
		Request: req,
		Header:  http.Header{"Content-Type": {"text/plain; charset=utf-8"}},
		Close:   req.Close,
	}
	body := fmt.Sprintf("hello from a fiber: %s %s over %s\n", req.Method, req.URL.Path, tls.VersionName(state.Version))
	n, err := io.Copy(io.Discard, io.LimitReader(req.Body, maxBody))
	switch {
	case err != nil:
		resp.StatusCode, body, resp.Close = http.StatusBadRequest, "the body is broken\n", true
	case n == maxBody:
		resp.StatusCode, body, resp.Close = http.StatusRequestEntityTooLarge, "the body is too long\n", true
	}
	resp.ContentLength = int64(len(body))
	resp.Body = io.NopCloser(strings.NewReader(body))
	return resp
}
