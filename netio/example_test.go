package netio_test

import (
	"context"
	"fmt"
	"io"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/fiber"
	"github.com/rouse-go/rouse/netio"
)

// An echo server in poll form: a task for each connection, and one buffer for
// all of them, since a connection that waits needs none. What the peer does
// not take at once is kept by the connection's own task.
func Example_pollForm() {
	ex, err := executor.New(executor.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer ex.Close()
	listen := rouse.FutureFunc[*netio.Listener](func(cx *rouse.Context) (*netio.Listener, error) {
		return netio.PollListen(cx, "tcp", "127.0.0.1:0")
	})
	l, err := executor.RunUntil[*netio.Listener](ex, listen)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer l.Close()
	executor.SpawnDetached[struct{}](ex, &echoServer{listener: l, buf: make([]byte, 4096)})

	client := executor.SpawnFiber(context.Background(), ex, func(ctx context.Context) (string, error) {
		return ask(ctx, l.Addr().String(), "hello, tasks")
	})
	answer, err := executor.RunUntil[string](ex, client)
	fmt.Println(answer, err)
	// Output: hello, tasks <nil>
}

type echoServer struct {
	listener *netio.Listener
	buf      []byte
}

func (s *echoServer) Poll(cx *rouse.Context) (struct{}, error) {
	for {
		conn, err := s.listener.PollAccept(cx)
		if err != nil {
			return struct{}{}, err // also rouse.Pending
		}
		executor.SpawnDetached[struct{}](executor.From(cx), &echoConn{conn: conn, buf: s.buf})
	}
}

type echoConn struct {
	conn *netio.Conn
	buf  []byte // shared
	rest []byte // to be written, the task's own
}

func (e *echoConn) Poll(cx *rouse.Context) (struct{}, error) {
	for {
		if err := e.conn.PollWriteAll(cx, &e.rest); err != nil {
			return struct{}{}, e.end(err)
		}
		n, err := e.conn.PollRead(cx, e.buf)
		if err != nil {
			return struct{}{}, e.end(err)
		}
		k, err := e.conn.PollWrite(cx, e.buf[:n])
		e.rest = append([]byte(nil), e.buf[k:n]...) // nearly always empty
		if err != nil && err != rouse.Pending {
			return struct{}{}, e.end(err)
		}
	}
}

// end closes the connection unless there is only something to wait for.
func (e *echoConn) end(err error) error {
	if err != rouse.Pending {
		e.conn.Close()
	}
	return err
}

// Drop closes the connection when the task is cancelled.
func (e *echoConn) Drop() { e.conn.Close() }

// The same server in direct style: a fiber for each connection.
func Example() {
	err := executor.Run(func(ctx context.Context) error {
		l, err := netio.Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		defer l.Close()
		fiber.Go(ctx, func(ctx context.Context) (struct{}, error) {
			for {
				conn, err := l.Accept(ctx)
				if err != nil {
					return struct{}{}, err
				}
				fiber.Go(ctx, func(ctx context.Context) (struct{}, error) {
					return struct{}{}, serveEcho(ctx, conn)
				})
			}
		})
		answer, err := ask(ctx, l.Addr().String(), "hello, fibers")
		fmt.Println(answer)
		return err
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output: hello, fibers
}

func serveEcho(ctx context.Context, conn *netio.Conn) error {
	defer conn.Close()
	buf := make([]byte, 4096)
	for {
		n, err := conn.Read(ctx, buf)
		if err != nil {
			return err
		}
		if _, err := conn.Write(ctx, buf[:n]); err != nil {
			return err
		}
	}
}

// ask sends question and returns as many bytes of answer.
func ask(ctx context.Context, address, question string) (string, error) {
	conn, err := netio.Dial(ctx, "tcp", address)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	view := conn.NetConn(ctx) // for io.ReadFull
	if _, err := io.WriteString(view, question); err != nil {
		return "", err
	}
	answer := make([]byte, len(question))
	_, err = io.ReadFull(view, answer)
	return string(answer), err
}
