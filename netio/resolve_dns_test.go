package netio_test

import (
	"context"
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"slices"
	"testing"

	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/netio"
)

// A fakeDNS answers what it is asked for, over a PacketConn.
func fakeDNS(ctx context.Context, c *netio.PacketConn, records map[string]netip.Addr) error {
	buf := make([]byte, 512)
	for {
		n, from, err := c.RecvFrom(ctx, buf)
		if err != nil {
			return err
		}
		if n < 17 {
			continue
		}
		name, end := "", 12
		for q := buf[12:n]; len(q) > 0 && q[0] != 0; q = buf[end:n] {
			name += string(q[1:1+q[0]]) + "."
			end += 1 + int(q[0])
		}
		end += 5 // the final 0, type and class
		kind := binary.BigEndian.Uint16(buf[end-4:])
		ip, known := records[name]
		reply := append([]byte(nil), buf[:end]...)
		reply[2], reply[3] = 0x84, 0x80
		clear(reply[6:12])
		match := kind == 1 && ip.Is4() || kind == 28 && ip.Is6()
		switch {
		case !known:
			reply[3] |= 3 // no such name
		case match:
			reply[7] = 1
			reply = append(reply, 0xc0, 12)
			reply = binary.BigEndian.AppendUint16(reply, kind)
			reply = append(reply, 0, 1, 0, 0, 0, 60, 0, byte(ip.BitLen()/8))
			reply = append(reply, ip.AsSlice()...)
		}
		if err := c.SendTo(ctx, reply, from); err != nil {
			return err
		}
	}
}

// net.Resolver asks a server of ours, through our sockets on both ends.
func TestResolveDNS(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		if !w.realNetwork() {
			t.Skip("net.Resolver sets deadlines by a clock that this driver does not have")
		}
		server := w.packet()
		done := executor.SpawnFiber(w.ctx, w.ex, func(ctx context.Context) (struct{}, error) {
			return struct{}{}, fakeDNS(ctx, server, map[string]netip.Addr{
				"four.rouse.example.": netip.MustParseAddr("192.0.2.4"),
				"six.rouse.example.":  netip.MustParseAddr("2001:db8::6"),
			})
		})
		dns := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			c, err := netio.Dialer{Executor: w.ex}.DialPacket(ctx, "udp", server.LocalAddr().String())
			if err != nil {
				return nil, err
			}
			return c.NetPacketConn(w.ctx).(net.Conn), nil
		}}
		r := &netio.Resolver{Lookup: dns.LookupNetIP}
		for name, want := range map[string]string{"four.rouse.example.": "192.0.2.4", "six.rouse.example.": "2001:db8::6"} {
			got, err := r.Resolve(w.ctx, "ip", name)
			if err != nil || !slices.Equal(got, ips(want)) {
				t.Errorf("%s: %v, %v; want %s", name, got, err, want)
			}
		}
		_, err := r.Resolve(w.ctx, "ip", "none.rouse.example.")
		var e *net.DNSError
		if !errors.As(err, &e) || !e.IsNotFound {
			t.Errorf("a name that is not there: %v", err)
		}
		server.Close()
		if _, err := done.Join(w.ctx); !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
	})
}
