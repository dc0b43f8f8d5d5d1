package netio_test

import (
	"fmt"
	"net"
	"syscall"
	"testing"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/netio"
)

// BenchmarkDatagramEcho sends a window of datagrams of 64 bytes to an echo and
// waits for all of them: in poll form, both ends on one executor, and with
// package net, an end on each of two goroutines. One op is one datagram there
// and back; cpu-ns/op is the time of all threads.
func BenchmarkDatagramEcho(b *testing.B) {
	for _, window := range []int{1, 32} {
		b.Run(fmt.Sprintf("window=%d/poll", window), func(b *testing.B) { benchPoll(b, window) })
		b.Run(fmt.Sprintf("window=%d/net", window), func(b *testing.B) { benchNet(b, window) })
	}
}

// cpuTime returns a function that reports the CPU time since its making.
func cpuTime(b *testing.B) (report func()) {
	used := func() int64 {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			b.Fatal(err)
		}
		return u.Utime.Nano() + u.Stime.Nano()
	}
	before := used()
	return func() { b.ReportMetric(float64(used()-before)/float64(b.N), "cpu-ns/op") }
}

func benchPoll(b *testing.B, window int) {
	w := newWorld(b, drivers[0].Open)
	server, client := w.packet(), w.packet()
	rounds := (b.N + window - 1) / window
	echo := newPong(server, rounds*window)
	h := executor.Spawn[struct{}](w.ex, echo)
	out, in := make([]netio.Message, window), make([]netio.Message, window)
	for i := range out {
		out[i] = netio.Message{Buf: make([]byte, 64), Addr: server.LocalAddrPort()}
		in[i].Buf = make([]byte, 64)
	}
	sent, got := 0, 0
	b.ReportAllocs()
	b.ResetTimer()
	defer cpuTime(b)()
	_, err := task(w, func(cx *rouse.Context) (struct{}, error) {
		for rounds > 0 {
			for sent < window {
				n, err := client.PollSendMsgs(cx, out[sent:])
				if err != nil {
					return struct{}{}, err
				}
				sent += n
			}
			for got < window {
				n, err := client.PollRecvMsgs(cx, in[got:])
				if err != nil {
					return struct{}{}, err
				}
				got += n
			}
			sent, got = 0, 0
			rounds--
		}
		return struct{}{}, nil
	})
	if err != nil {
		b.Fatal(err)
	}
	b.StopTimer()
	if _, err := h.Join(w.ctx); err != nil {
		b.Fatal(err)
	}
}

func benchNet(b *testing.B, window int) {
	listen := func() *net.UDPConn {
		c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { c.Close() })
		return c
	}
	server, client := listen(), listen()
	go func() {
		buf := make([]byte, 64)
		for {
			n, from, err := server.ReadFromUDPAddrPort(buf)
			if err != nil {
				return
			}
			if _, err := server.WriteToUDPAddrPort(buf[:n], from); err != nil {
				return
			}
		}
	}()
	to := server.LocalAddr().(*net.UDPAddr).AddrPort()
	buf := make([]byte, 64)
	b.ReportAllocs()
	b.ResetTimer()
	defer cpuTime(b)()
	for range (b.N + window - 1) / window {
		for range window {
			if _, err := client.WriteToUDPAddrPort(buf, to); err != nil {
				b.Fatal(err)
			}
		}
		for range window {
			if _, _, err := client.ReadFromUDPAddrPort(buf); err != nil {
				b.Fatal(err)
			}
		}
	}
}
