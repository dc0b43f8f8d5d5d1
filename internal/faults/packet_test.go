package faults_test

import (
	"encoding/binary"
	"runtime"
	"testing"

	"github.com/rouse-go/rouse/internal/faults"
	"github.com/rouse-go/rouse/netio"
)

// Datagrams in batches: those that a short count leaves out go next, those that
// an error was about can be sent again, and each comes as it was.
func TestDatagrams(t *testing.T) {
	if runtime.GOARCH == "wasm" {
		t.Skip("skipped: there are no datagrams in WebAssembly")
	}
	plan := faults.Plan{Short: 0.4, Late: 0.3, Swap: 0.5, Fail: 0.15}
	onEach(t, plan, []string{faults.Short, faults.Late, "ENOMEM", "ENOBUFS"}, func(w *world) {
		seen := [2]map[string]int{{}, {}}
		listen := func() *netio.PacketConn {
			for {
				c, err := netio.ListenPacket(w.ctx, "udp", "127.0.0.1:0")
				if err == nil || w.Failed() {
					return c
				}
				w.told(err, "listen", "udp", seen[0])
			}
		}
		a, b := listen(), listen()
		const rounds, batch = 20, 8
		for round := range uint32(rounds) {
			msgs := make([]netio.Message, batch)
			for i := range msgs {
				msgs[i].Buf = binary.BigEndian.AppendUint32(nil, round*batch+uint32(i))
				msgs[i].Addr = b.LocalAddrPort()
			}
			received := async(w, func() (int, error) {
				got := map[uint32]bool{}
				for len(got) < batch && !w.Failed() {
					in := make([]netio.Message, batch)
					for i := range in {
						in[i].Buf = make([]byte, 16)
					}
					n, err := b.RecvMsgs(w.ctx, in)
					if err != nil {
						w.told(err, "read", "udp", seen[1])
						continue
					}
					for _, m := range in[:n] {
						if m.N != 4 || m.Truncated || m.Addr != a.LocalAddrPort() {
							w.Errorf("a datagram of %d bytes from %v", m.N, m.Addr)
						}
						got[binary.BigEndian.Uint32(m.Buf)] = true
					}
				}
				for k := range uint32(batch) {
					if !got[round*batch+k] {
						w.Errorf("round %d: number %d is missing", round, k)
					}
				}
				return len(got), nil
			})
			for rest := msgs; len(rest) > 0 && !w.Failed(); {
				n, err := a.SendMsgs(w.ctx, rest)
				if rest = rest[n:]; err != nil {
					w.told(err, "write", "udp", seen[0])
				}
			}
			received()
		}
		w.set(faults.Plan{})
		w.sameAs(seen[:]...)
		for _, c := range []*netio.PacketConn{a, b} {
			if err := c.Close(); err != nil {
				w.Error(err)
			}
		}
	})
}
