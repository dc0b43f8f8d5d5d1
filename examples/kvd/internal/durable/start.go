package durable

import (
	"context"
	"fmt"
	"os"

	"github.com/rouse-go/rouse/examples/kvd/internal/aof"
	"github.com/rouse-go/rouse/fileio"
)

// found is what there is of a Log before it starts.
type found struct {
	all    *listing
	replay *replay // done; nil if there is no data
}

// Start makes the files ready to be written, and has the engine tell the Log from
// then on. It is for a fiber of the executor that has read them.
func (l *Log) Start(ctx context.Context) error {
	all, r := l.found.all, l.found.replay
	l.found = nil
	l.rewriter.gen = all.last
	var err error
	if r == nil {
		err = l.create(ctx)
	} else {
		err = l.goOn(ctx, r)
	}
	if err != nil {
		return err
	}
	l.clean(ctx, all)
	l.engine.SetJournal(l)
	l.spawn("log", l.commit)
	l.spawn("rewrite", l.rewriteWhenDue)
	if l.cfg.Fsync == EverySecond {
		l.spawn("sync", l.syncEverySecond)
	}
	return nil
}

// goOn takes up the Log where r has found its end.
func (l *Log) goOn(ctx context.Context, r *replay) error {
	l.rewriter.base, l.rewriter.baseSize, l.rewriter.logSize = r.base, r.baseSize, r.logSize
	l.seq = r.seq
	if err := l.resume(ctx, r); err != nil {
		return fmt.Errorf("kvd: can't go on with %s: %w", r.path(l.of.log(r.gen)), err)
	}
	attrs := []any{"dir", l.cfg.Dir, "commands", r.commands, "bytes", r.bytes, "took", r.took()}
	if l.of.shards > 0 {
		attrs = append(attrs, "shard", l.of.shard)
	}
	l.cfg.Log.Info("kvd: data loaded", attrs...)
	return nil
}

// noData makes sure that the logs of a place that has no base have no batch: one
// without may be there from an earlier try to make the first files.
func noData(ctx context.Context, path func(string) string, of place, all *listing) error {
	for _, gen := range all.logs {
		info, err := fileio.Stat(ctx, path(of.log(gen)))
		if err == nil && info.Size() > aof.HeaderSize {
			err = fmt.Errorf("it has data, but the base that it follows is missing; no file was changed")
		}
		if err != nil {
			return fmt.Errorf("kvd: %s: %w", path(of.log(gen)), err)
		}
	}
	return nil
}

// create makes the first files.
func (l *Log) create(ctx context.Context) error {
	l.rewriter.gen++
	gen := l.rewriter.gen
	seg, err := l.newSegment(ctx, gen)
	if err == nil {
		base := &baseFile{log: l, gen: gen}
		defer base.end()
		base.begin(1)
		l.rewriter.baseSize, err = base.write(ctx, false)
	}
	if err == nil {
		err = fileio.Rename(ctx, l.path(l.of.temp(gen)), l.path(l.of.base(gen)))
	}
	if err == nil {
		err = l.syncDir(ctx)
	}
	if err != nil {
		return fmt.Errorf("kvd: can't make the first files: %w", err)
	}
	l.seg, l.seq = seg, 1
	l.rewriter.base, l.rewriter.logSize = gen, seg.size
	return nil
}

// clean removes what no start needs any more: what is older than the base, what
// was never finished, and logs behind the one that is in use, which are empty.
func (l *Log) clean(ctx context.Context, all *listing) {
	inUse := l.seg.header.Generation
	rubbish := listing{temps: all.temps}
	for _, gen := range all.bases {
		if gen < l.rewriter.base {
			rubbish.bases = append(rubbish.bases, gen)
		}
	}
	for _, gen := range all.logs {
		if gen < l.rewriter.base || gen > inUse {
			rubbish.logs = append(rubbish.logs, gen)
		}
	}
	l.cfg.remove(ctx, rubbish.names(l.of))
}

// resume makes the last log that r has read ready to be continued: without its
// torn tail, and durable to its end.
func (l *Log) resume(ctx context.Context, r *replay) (err error) {
	end := r.reader.Offset()
	f, err := fileio.OpenFile(ctx, r.path(l.of.log(r.gen)), os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close()
		}
	}()
	if r.torn != nil {
		l.cfg.Log.Warn("kvd: cut a torn tail off the log; it was not durable yet", "file", r.path(l.of.log(r.gen)),
			"offset", end, "bytes", r.size-end, "reason", r.torn.Reason)
		if err := f.Truncate(ctx, end); err != nil {
			return err
		}
		l.rewriter.logSize -= r.size - end
	}
	// What no batch vouches for may have been read from a cache that the kernel
	// believes to be clean after a sync that failed. It is written once more.
	if err := writeAgain(ctx, f, r.reader.Durable(), end); err != nil {
		return err
	}
	if err := f.Sync(ctx); err != nil {
		return err
	}
	// The names, too, may be in the cache only, if the kvd before was killed
	// between a rename and the sync behind it.
	if err := l.syncDir(ctx); err != nil {
		return err
	}
	l.seg = &segment{file: f, header: r.reader.Header, size: end, durable: end}
	return nil
}

// writeAgain writes a part of f once more.
func writeAgain(ctx context.Context, f *fileio.File, from, to int64) error {
	buf := make([]byte, min(1<<20, to-from))
	for from < to {
		p := buf[:min(int64(len(buf)), to-from)]
		if _, err := f.ReadAt(ctx, p, from); err != nil {
			return err
		}
		if _, err := f.WriteAt(ctx, p, from); err != nil {
			return err
		}
		from += int64(len(p))
	}
	return nil
}
