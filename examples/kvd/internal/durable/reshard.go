package durable

import (
	"context"
	"fmt"

	"github.com/rouse-go/rouse/examples/kvd/internal/aof"
	"github.com/rouse-go/rouse/examples/kvd/internal/engine"
	"github.com/rouse-go/rouse/examples/kvd/internal/store"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/fileio"
)

// A resharding writes the data of all old shards as the bases of new ones. Their
// generation is greater than any that there is, and until the manifest names their
// number they are rubbish; from then on the old ones are.
type resharding struct {
	dir    *Dir
	ex     *executor.Local
	from   int
	gen    uint64
	places []place // the new ones
	bases  []*baseWriter
	pace   pace
}

func (d *Dir) reshard(ctx context.Context, ex *executor.Local, from, to int) error {
	r := &resharding{dir: d, ex: ex, from: from, gen: d.all.last() + 1, pace: newPace(ex)}
	for shard := range to {
		p := placeOf(shard, to)
		header := p.header(aof.Base, r.gen, ex.Rand())
		header.Next = 1
		r.places, r.bases = append(r.places, p), append(r.bases, &baseWriter{header: header})
	}
	d.cfg.Log.Info("kvd: the data is divided anew", "dir", d.cfg.Dir, "shards", from, "into", to)
	if err := r.write(ctx); err != nil {
		r.giveUp(ctx)
		return err
	}
	return d.replaceManifest(ctx)
}

// write makes everything, until only the manifest has to be replaced.
func (r *resharding) write(ctx context.Context) error {
	for shard := range r.from {
		if err := r.take(ctx, placeOf(shard, r.from)); err != nil {
			return err
		}
	}
	return r.cantWrite(r.finish(ctx))
}

func (r *resharding) cantWrite(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("kvd: can't write %d shards of the data as %d: %w (the data is as it was; make room for it once more, or start with -cores %d)",
		r.from, len(r.bases), err, r.from)
}

// giveUp removes what was written, if that is possible.
func (r *resharding) giveUp(ctx context.Context) {
	rubbish := []string{manifestTemp}
	for i, p := range r.places {
		r.bases[i].close()
		rubbish = append(rubbish, p.temp(r.gen), p.base(r.gen), p.log(r.gen))
	}
	r.dir.cfg.remove(ctx, rubbish)
}

// take reads an old shard and writes its keys to the new ones. Each has an engine
// of its own, since its log may say that all keys were deleted.
func (r *resharding) take(ctx context.Context, from place) error {
	d := r.dir
	all := d.all.of(from)
	if len(all.bases) == 0 { // of a set that was begun and has no data
		return noData(ctx, d.path, from, all)
	}
	e := engine.New(engine.Config{})
	replay := newReplay(r.ex, d.cfg.Dir, from, e, d.cfg.Log)
	if err := replay.read(ctx, all); err != nil {
		return err
	}
	if replay.torn != nil {
		d.cfg.Log.Warn("kvd: left a torn tail of the log behind; it was not durable yet", "file", d.path(from.log(replay.gen)),
			"offset", replay.reader.Offset(), "bytes", replay.size-replay.reader.Offset(), "reason", replay.torn.Reason)
	}
	full := false
	snapshot := e.Snapshot(func(db int, args [][]byte) {
		b := r.bases[store.Shard(args[1], len(r.bases))] // all have their key there
		b.pending.Append(db, args)
		full = full || b.pending.Len() >= rewriteChunk
	})
	for more := true; more; full = false {
		for i := 0; more && i < rewriteSteps && !full; i++ {
			more = snapshot.Step()
		}
		if err := r.cantWrite(r.flush(ctx)); err != nil {
			return err
		}
		if r.pace.due() {
			d.cfg.Log.Info("kvd: dividing", "shard", from.shard, "of", r.from, "bytes", r.written())
		}
		if err := executor.Yield(ctx); err != nil {
			return err
		}
	}
	return nil
}

// flush writes what is worth a write.
func (r *resharding) flush(ctx context.Context) error {
	for i, b := range r.bases {
		if b.pending.Len() < rewriteChunk {
			continue
		}
		if err := r.open(ctx, i); err != nil {
			return err
		}
		if err := b.flush(ctx, false); err != nil {
			return err
		}
	}
	return nil
}

// written is how many bytes the new bases have.
func (r *resharding) written() (n int64) {
	for _, b := range r.bases {
		n += b.size
	}
	return n
}

func (r *resharding) open(ctx context.Context, i int) error {
	if r.bases[i].file != nil {
		return nil
	}
	return r.bases[i].create(ctx, r.dir.path(r.places[i].temp(r.gen)))
}

// finish makes the bases durable, with empty logs behind them, gives them their
// names, and prepares the manifest.
func (r *resharding) finish(ctx context.Context) error {
	d := r.dir
	for i, b := range r.bases {
		if err := r.open(ctx, i); err != nil {
			return err
		}
		if err := b.finish(ctx); err != nil {
			return err
		}
		p := r.places[i]
		seg, err := createLog(ctx, d.path(p.log(r.gen)), p.header(aof.Log, r.gen, r.ex.Rand()))
		if err != nil {
			return err
		}
		seg.file.Close()
		if err := fileio.Rename(ctx, d.path(p.temp(r.gen)), d.path(p.base(r.gen))); err != nil {
			return err
		}
	}
	if err := d.prepareManifest(ctx, len(r.bases)); err != nil {
		return err
	}
	return syncDir(ctx, d.cfg.Dir)
}
