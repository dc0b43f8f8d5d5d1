package server

import (
	"context"
	"testing"
	"time"

	"github.com/rouse-go/rouse/examples/kvd/internal/crashdisk"
	"github.com/rouse-go/rouse/executor"
)

// startCores is startWorldUntil with several shards, each a world whose clients are
// on its executor. They run in turns, on the test's goroutine.
func startCores(ctx context.Context, t *testing.T, cfg Config, disk *crashdisk.Disk, cores int) (*world, error) {
	t.Helper()
	w := &world{t: t}
	cfg.Log = w.slog()
	cfg.Address = "127.0.0.1:6390"
	var executors []*executor.Local
	for range cores {
		shard := newWorldAlone(t, disk)
		shard.whole = w
		w.shards = append(w.shards, shard)
		executors = append(executors, shard.ex)
	}
	w.drv, w.dsk, w.ex = w.shards[0].drv, w.shards[0].dsk, w.shards[0].ex
	each := func(ctx context.Context, fn func(ctx context.Context, i int) error) error {
		for i, ex := range executors {
			_, err := executor.RunUntil[struct{}](ex, executor.SpawnFiber(ctx, ex, func(ctx context.Context) (struct{}, error) {
				return struct{}{}, fn(ctx, i)
			}))
			if err != nil {
				return err
			}
		}
		return nil
	}
	var err error
	w.cluster, err = startCluster(ctx, executors, each, cfg, meshCapacity)
	if err != nil {
		return w, err
	}
	for i, shard := range w.shards {
		shard.srv = w.cluster.servers[i]
	}
	w.srv = w.shards[0].srv
	t.Cleanup(w.unlock)
	w.settle()
	return w, nil
}

// newWorlds is newWorld for a number of cores.
func newWorlds(t *testing.T, cores int) *world {
	t.Helper()
	if cores == 1 {
		return newWorld(t, Config{})
	}
	w, err := startCores(t.Context(), t, Config{}, nil, cores)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// settleAll lets the shards run in turns until in a turn of all nothing happens.
func (w *world) settleAll() {
	w.t.Helper()
	for before := int64(-1); before != w.events(); {
		before = w.events()
		for _, shard := range w.shards {
			if err := shard.ex.RunUntilIdle(); err != nil {
				w.t.Fatal(err)
			}
		}
	}
}

func (w *world) events() (n int64) {
	for _, shard := range w.shards {
		n += shard.drv.events.Load()
	}
	return n
}

// at returns the world of the i-th shard, counted around, whose clients are other
// ones. With one shard that is w.
func (w *world) at(i int) *world {
	if w.shards == nil {
		return w
	}
	return w.shards[i%len(w.shards)]
}

// each calls fn for the world of each shard.
func (w *world) each(fn func(*world)) {
	for i := range max(1, len(w.shards)) {
		fn(w.at(i))
	}
}

// latency is how long a sync takes from now on.
func (w *world) latency(d time.Duration) { w.each(func(w *world) { w.dsk.Latency = d }) }

// shutdown ends the server in order, and close at once.
func (w *world) shutdown() error {
	if w.cluster != nil {
		return w.cluster.Shutdown()
	}
	return w.srv.Shutdown()
}

func (w *world) close() {
	w.t.Helper()
	w.each(func(w *world) {
		if err := w.ex.Close(); err != nil {
			w.t.Fatal(err)
		}
	})
	w.unlock()
}

// unlock gives the data directory up, if there is one, as the end of a process does.
func (w *world) unlock() {
	switch {
	case w.cluster != nil:
		_ = w.cluster.closeDir()
	case w.srv != nil && w.srv.log != nil:
		w.srv.log.Unlock()
	}
}
