package channel_test

import (
	"testing"

	"github.com/rouse-go/rouse/channel"
)

// A message's cost for its two sides together, without a second core.
func BenchmarkMeshTry(b *testing.B) {
	x := newIsland()
	mesh := channel.FullMesh[int](1024, []*island{x, x})
	x.run()
	from, to := mesh.Port(0), mesh.Port(1)
	b.ReportAllocs()
	for i := 0; i < b.N; i += 512 {
		for k := range 512 {
			from.TrySend(1, k)
		}
		for range 512 {
			to.TryRecv()
		}
	}
}

func BenchmarkMeshTryMany(b *testing.B) {
	x := newIsland()
	mesh := channel.FullMesh[int](1024, []*island{x, x})
	x.run()
	from, to := mesh.Port(0), mesh.Port(1)
	var buf [64]int
	b.ReportAllocs()
	for i := 0; i < b.N; i += 512 {
		for range 8 {
			from.TrySendMany(1, buf[:])
		}
		for range 16 { // two inlets take turns
			to.TryRecvMany(buf[:])
		}
	}
}
