package fileio_test

import (
	"runtime"
	"testing"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/fileio"
)

// wantNoAllocs runs f, which does many rounds of something as a task, and fails
// if that allocates more than now and then: the collector empties pools.
func wantNoAllocs(w *world, what string, rounds int, f func(rounds int) rouse.Future[int]) {
	w.Helper()
	if raceEnabled {
		w.Skip("the race detector allocates, and empties pools")
	}
	run := func(n int) {
		w.Helper()
		if _, err := executor.Spawn(w.ex, f(n)).Join(w.ctx); err != nil {
			w.Fatal(what, err)
		}
	}
	run(rounds / 10)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	run(rounds)
	runtime.ReadMemStats(&after)
	mallocs := after.Mallocs - before.Mallocs
	w.Logf("%s: %d allocations in %d rounds", what, mallocs, rounds)
	if int(mallocs) > 20+rounds/20 {
		w.Error(what, "allocates")
	}
}

// again returns a future that polls t to its result rounds times.
func again(t *fileio.Transfer, b *fileio.Buffer, rounds int) rouse.Future[int] {
	t.Reset(b, 0)
	return rouse.FutureFunc[int](func(cx *rouse.Context) (int, error) {
		for ; rounds > 0; rounds-- {
			if n, err := t.Poll(cx); err != nil {
				return n, err
			}
			t.Reset(b, 0)
		}
		return 0, nil
	})
}

// In poll form reads, writes and streams allocate nothing in the steady state.
func TestAllocs(t *testing.T) {
	onEach(t, func(w *world) {
		for _, direct := range []bool{false, true} {
			f := w.create("f", pattern(1<<20))
			if direct {
				f = w.direct("f", pattern(1<<20))
			}
			b, odd := fileio.NewBuffer(4096), fileio.NewBuffer(1000)
			rd, wr := f.NewRead(nil, 0), f.NewWrite(nil, 0)
			wantNoAllocs(w, "a read", 2000, func(n int) rouse.Future[int] { return again(rd, b, n) })
			wantNoAllocs(w, "a write", 2000, func(n int) rouse.Future[int] { return again(wr, b, n) })
			wantNoAllocs(w, "a read of a part", 2000, func(n int) rouse.Future[int] { return again(rd, odd, n) })
			sync := f.NewSync()
			wantNoAllocs(w, "a sync", 200, func(n int) rouse.Future[int] {
				return rouse.FutureFunc[int](func(cx *rouse.Context) (int, error) {
					for ; n > 0; n-- {
						if _, err := sync.Poll(cx); err != nil {
							return 0, err
						}
						sync.Reset()
					}
					return 0, nil
				})
			})
			stream, err := f.NewWriter(fileio.StreamConfig{Buffer: 4096})
			if err != nil {
				w.Fatal(err)
			}
			piece := make([]byte, 700)
			wantNoAllocs(w, "a stream of writes", 5000, func(n int) rouse.Future[int] {
				return rouse.FutureFunc[int](func(cx *rouse.Context) (int, error) {
					for ; n > 0; n-- {
						if _, err := stream.PollWrite(cx, piece); err != nil {
							return 0, err
						}
					}
					return 0, nil
				})
			})
			if err := stream.Close(w.ctx); err != nil {
				w.Fatal(err)
			}
			back, err := f.NewReader(fileio.StreamConfig{Buffer: 4096})
			if err != nil {
				w.Fatal(err)
			}
			wantNoAllocs(w, "a stream of reads", 4000, func(n int) rouse.Future[int] {
				return rouse.FutureFunc[int](func(cx *rouse.Context) (int, error) {
					for ; n > 0; n-- {
						if _, err := back.PollRead(cx, piece); err != nil {
							return 0, err
						}
					}
					return 0, nil
				})
			})
			back.Close()
		}
	})
}

func BenchmarkRead4K(b *testing.B) {
	w := newWorld(b, drivers[0].Open, nil)
	f := w.create("f", pattern(1<<20))
	b.ReportAllocs()
	if _, err := executor.Spawn(w.ex, again(f.NewRead(nil, 0), fileio.NewBuffer(4096), b.N)).Join(w.ctx); err != nil {
		b.Fatal(err)
	}
}
