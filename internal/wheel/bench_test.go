package wheel

import (
	"math/rand/v2"
	"testing"
	"time"
)

// crowd returns a wheel with n live entries, deadlines up to a minute away.
func crowd(n int) (*Wheel, []Entry, *rand.Rand) {
	r := rand.New(rand.NewPCG(4, 4))
	w := New(0, ms)
	es := make([]Entry, n)
	for i := range es {
		w.Insert(&es[i], r.Int64N(int64(time.Minute)))
	}
	return w, es, r
}

// BenchmarkInsertRemove is the life of a timeout that does not happen.
func BenchmarkInsertRemove(b *testing.B) {
	for _, bm := range []struct {
		name string
		live int
	}{{"live=0", 0}, {"live=1M", 1 << 20}} {
		b.Run(bm.name, func(b *testing.B) {
			w, _, _ := crowd(bm.live)
			var e Entry
			d := int64(0)
			b.ReportAllocs()
			for b.Loop() {
				d = (d + 7_654_321) % int64(time.Minute)
				w.Insert(&e, d)
				w.Remove(&e)
			}
		})
	}
}

// BenchmarkRearm moves one of a million entries, chosen at random: cache misses and all.
func BenchmarkRearm(b *testing.B) {
	w, es, r := crowd(1 << 20)
	b.ReportAllocs()
	for b.Loop() {
		x := r.Uint64()
		e := &es[x%(1<<20)]
		w.Remove(e)
		w.Insert(e, int64(x>>28)%int64(time.Minute))
	}
}

// BenchmarkInsertExpire keeps a million entries live: each that fires is armed again up to a minute ahead. The
// cost of an iteration is one Expire, its share of the cascades, and one Insert.
func BenchmarkInsertExpire(b *testing.B) {
	for _, bm := range []struct {
		name string
		live int
	}{{"live=1K", 1 << 10}, {"live=1M", 1 << 20}} {
		b.Run(bm.name, func(b *testing.B) {
			w, _, r := crowd(bm.live)
			now := int64(0)
			b.ReportAllocs()
			for b.Loop() {
				e := w.Expire(now)
				for e == nil {
					now, _ = w.Next()
					e = w.Expire(now)
				}
				w.Insert(e, now+1+r.Int64N(int64(time.Minute)))
			}
		})
	}
}

func BenchmarkNext(b *testing.B) {
	w, _, _ := crowd(1 << 20)
	w.Expire(0)
	b.ReportAllocs()
	for b.Loop() {
		w.Next()
	}
}

func BenchmarkExpireNothing(b *testing.B) {
	w, _, _ := crowd(0)
	var e Entry
	w.Insert(&e, year)
	now := int64(0)
	for b.Loop() {
		now += 100
		w.Expire(now)
	}
}
