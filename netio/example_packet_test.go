package netio_test

import (
	"context"
	"fmt"
	"net"
	"net/netip"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/fiber"
	"github.com/rouse-go/rouse/netio"
)

// An echo of datagrams in poll form: as many as are there are received at once
// and sent back at once.
type datagramEcho struct {
	conn *netio.PacketConn
	msgs []netio.Message
	bufs [][]byte
	rest []netio.Message // received, to be sent back
}

func (e *datagramEcho) Poll(cx *rouse.Context) (struct{}, error) {
	for {
		for len(e.rest) > 0 {
			n, err := e.conn.PollSendMsgs(cx, e.rest)
			if err != nil {
				return struct{}{}, err // also rouse.Pending
			}
			e.rest = e.rest[n:]
		}
		for i := range e.msgs {
			e.msgs[i].Buf = e.bufs[i]
		}
		n, err := e.conn.PollRecvMsgs(cx, e.msgs)
		if err != nil {
			return struct{}{}, err
		}
		e.rest = e.msgs[:n]
		for i := range e.rest {
			e.rest[i].Buf = e.rest[i].Buf[:e.rest[i].N]
		}
	}
}

func ExamplePacketConn_PollRecvMsgs() {
	err := executor.Run(func(ctx context.Context) error {
		server, err := netio.ListenPacket(ctx, "udp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		defer server.Close()
		echo := &datagramEcho{conn: server, msgs: make([]netio.Message, 16)}
		for range echo.msgs {
			echo.bufs = append(echo.bufs, make([]byte, 1500))
		}
		executor.SpawnDetached[struct{}](executor.FromContext(ctx), echo)

		client, err := netio.DialPacket(ctx, "udp", server.LocalAddr().String())
		if err != nil {
			return err
		}
		defer client.Close()
		out := []netio.Message{{Buf: []byte("one")}, {Buf: []byte("two")}, {Buf: []byte("three")}}
		if _, err := client.SendMsgs(ctx, out); err != nil {
			return err
		}
		buf := make([]byte, 1500)
		for range out {
			n, _, err := client.RecvFrom(ctx, buf)
			if err != nil {
				return err
			}
			fmt.Println(string(buf[:n]))
		}
		return nil
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// one
	// two
	// three
}

// A name that has two IPs, the first of which refuses. Lookup is what
// net.Resolver has as LookupNetIP.
func ExampleDialer_Dial() {
	names := &netio.Resolver{
		Lookup: func(ctx context.Context, network, host string) ([]netip.Addr, error) {
			return []netip.Addr{netip.MustParseAddr("127.0.0.2"), netip.MustParseAddr("127.0.0.1")}, nil
		},
	}
	err := executor.Run(func(ctx context.Context) error {
		l, err := netio.Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		defer l.Close()
		_, port, _ := net.SplitHostPort(l.Addr().String())
		fiber.Go(ctx, func(ctx context.Context) (struct{}, error) {
			conn, err := l.Accept(ctx)
			if err == nil {
				err = serveEcho(ctx, conn)
			}
			return struct{}{}, err
		}).Detach()
		conn, err := netio.Dialer{Resolver: names}.Dial(ctx, "tcp4", "service.example:"+port)
		if err != nil {
			return err
		}
		defer conn.Close()
		fmt.Println("connected to the second:", conn.RemoteAddr().String() == l.Addr().String())
		return nil
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output: connected to the second: true
}

func ExampleResolver() {
	names := &netio.Resolver{
		Lookup: func(ctx context.Context, network, host string) ([]netip.Addr, error) {
			fmt.Println("looking up", host)
			return []netip.Addr{netip.MustParseAddr("192.0.2.1")}, nil
		},
	}
	err := executor.Run(func(ctx context.Context) error {
		for range 2 { // the second time it is remembered
			ips, err := names.Resolve(ctx, "ip", "service.example")
			if err != nil {
				return err
			}
			fmt.Println(ips)
		}
		ips, err := netio.Resolve(ctx, "ip6", "localhost") // never looked up
		fmt.Println(ips)
		return err
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// looking up service.example
	// [192.0.2.1]
	// [192.0.2.1]
	// [::1]
}
