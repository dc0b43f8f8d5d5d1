package main

import (
	"errors"
	"io"
	"syscall"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/netio"
)

// serve accepts connections until the listener is closed.
func (r *round) serve(st *site, l *netio.Listener) rouse.FutureFunc[int] {
	return func(cx *rouse.Context) (int, error) {
		for {
			conn, err := l.PollAccept(cx)
			switch {
			case err == nil:
				executor.SpawnDetached[int](st.ex, &echoServer{r: r, conn: conn, tries: 3})
			case err == rouse.Pending:
				return 0, err
			case errors.Is(err, netio.ErrClosed):
				return 0, nil
			case !r.told(r.of("accept tcp", err)):
				return 0, err
			}
		}
	}
}

// echoServer sends back what comes.
type echoServer struct {
	r     *round
	conn  *netio.Conn
	buf   [4096]byte
	rest  []byte
	tries resolve
}

func (e *echoServer) Poll(cx *rouse.Context) (int, error) {
	for {
		err := e.r.of("write tcp", e.conn.PollWriteAll(cx, &e.rest))
		if err == nil {
			var n int
			if n, err = e.conn.PollRead(cx, e.buf[:]); err == nil {
				e.rest = e.buf[:n]
				continue
			}
			err = e.r.of("read tcp", err)
		}
		if err == rouse.Pending {
			return 0, err
		}
		// The end; or a reset, which is the client's right.
		var errno syscall.Errno
		if err != io.EOF && !(errors.As(err, &errno) && broken(errno) && operation(err) != driver.Nop) {
			goOn, complaint := e.r.trouble(&e.tries, err)
			if goOn {
				continue
			}
			if complaint != nil {
				e.r.book.failf("a server: %v", complaint)
			}
		}
		e.conn.Close()
		return 0, nil
	}
}

func (e *echoServer) Drop() {
	e.conn.ForgetRead()
	e.conn.ForgetWrite()
	e.conn.Close()
}

// A packetEcho sends back what datagrams come, until its socket is closed, or
// fails for good.
type packetEcho struct {
	r     *round
	conn  *netio.PacketConn
	in    [4]netio.Message
	out   []netio.Message
	tries resolve
}

func (r *round) newPacketEcho(conn *netio.PacketConn) *packetEcho {
	e := &packetEcho{r: r, conn: conn}
	for i := range e.in {
		e.in[i].Buf = make([]byte, headLen+maxDatagram)
	}
	return e
}

func (e *packetEcho) Poll(cx *rouse.Context) (int, error) {
	for {
		n, err := e.conn.PollSendMsgs(cx, e.out)
		err = e.r.of("write udp", err)
		if e.out = e.out[n:]; err == nil && len(e.out) == 0 {
			n, err = e.conn.PollRecvMsgs(cx, e.in[:])
			err = e.r.of("read udp", err)
			for _, m := range e.in[:n] {
				e.out = append(e.out, netio.Message{Buf: m.Buf[:m.N], Addr: m.Addr})
			}
		}
		switch {
		case err == rouse.Pending:
			return 0, err
		case err == nil:
			e.tries = 8
		case errors.Is(err, netio.ErrClosed):
			return 0, nil
		default:
			if goOn, err := e.r.trouble(&e.tries, err); !goOn {
				return 0, err
			}
		}
	}
}

func (e *packetEcho) Drop() { e.conn.Close() }
