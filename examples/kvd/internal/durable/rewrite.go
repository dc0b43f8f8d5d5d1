package durable

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/examples/kvd/internal/aof"
	"github.com/rouse-go/rouse/examples/kvd/internal/engine"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/fileio"
	"github.com/rouse-go/rouse/timer"
)

// A rewriter is the state of the fiber that rewrites.
type rewriter struct {
	due      signal
	asked    bool // by a client, or since the log has grown
	running  bool
	gen      uint64 // the greatest that was ever tried
	base     uint64 // generation of the present base
	baseSize int64
	logSize  int64 // of all segments that follow it
	failed   error // the latest one did
	started  int64 // by the driver's clock
	took     time.Duration
	count    int
}

const (
	rewriteSteps = 512      // of the snapshot, in one go
	rewriteChunk = 64 << 10 // bytes of the base, in one write
	rewriteSync  = 4 << 20  // and in one sync, so that those of the log needn't wait long
	maxBackOff   = time.Minute
)

// Rewrite implements engine.Journal.
func (l *Log) Rewrite() string {
	if l.rewriter.running || l.rewriter.asked {
		return "ERR Background append only file rewriting already in progress"
	}
	l.rewriter.asked = true
	l.rewriter.due.notify()
	return ""
}

// grown asks for a rewrite if the log is long.
func (w *rewriter) grown(l *Log) {
	if w.running || w.asked || l.cfg.Growth < 0 || w.baseSize+w.logSize < l.cfg.MinSize || w.logSize < w.baseSize*int64(l.cfg.Growth)/100 {
		return
	}
	w.asked = true
	w.due.notify()
}

// rewriteWhenDue is the fiber that rewrites, and that repairs a broken Log by
// doing so. After a failure it waits before it tries again.
func (l *Log) rewriteWhenDue(ctx context.Context) error {
	w := &l.rewriter
	backOff := time.Second
	for {
		if err := w.due.wait(ctx); err != nil {
			return err
		}
		for w.asked || l.broken != nil {
			if l.dead {
				return l.broken
			}
			w.asked, w.running = false, true
			w.started = l.ex.Driver().Now()
			repair := l.broken != nil
			err := l.rewrite(ctx)
			w.running, w.failed = false, err
			if err == nil {
				w.took = time.Duration(l.ex.Driver().Now() - w.started)
				w.count++
				backOff = time.Second
				continue
			}
			if over(err) {
				return err
			}
			if !repair && l.broken != nil {
				continue // that is why, and it has been said
			}
			l.cfg.Log.Error("kvd: can't rewrite the log; trying again", "err", err, "in", backOff)
			if _, err := rouse.Await[struct{}](ctx, timer.Sleep(backOff)); err != nil {
				return err
			}
			backOff = min(2*backOff, maxBackOff)
			w.asked = true
		}
	}
}

// rewrite makes a new generation and removes what it replaces. At any moment of
// it the directory has all that was acknowledged: the old base with all logs
// until the new base has its name for good, the new base with the new log from
// then on.
func (l *Log) rewrite(ctx context.Context) error {
	w := &l.rewriter
	w.gen++
	gen := w.gen
	repair := l.broken != nil
	seg, err := l.newSegment(ctx, gen)
	if err != nil {
		return err
	}
	base := &baseFile{log: l, gen: gen}
	defer base.end()
	if repair {
		// Nobody writes now, and what expires is no loss. What was told up to
		// here is in the snapshot, what expires from here on in the new log.
		l.pending.Reset(keepBatch)
		base.begin(l.seq)
	} else if err := l.switchTo(ctx, seg, base); err != nil {
		return err
	}
	size, err := base.write(ctx, repair)
	if err != nil {
		base.end()
		_ = fileio.Remove(ctx, l.path(tempName(gen)))
		if repair {
			seg.file.Close()
			_ = fileio.Remove(ctx, l.path(logName(gen))) // nothing was written to it
		}
		return err
	}
	err = fileio.Rename(ctx, l.path(tempName(gen)), l.path(baseName(gen)))
	if err == nil {
		err = l.syncDir(ctx)
	}
	if err != nil {
		// The name may be durable, or not. Either way what the start finds is
		// all that was acknowledged, so nothing is removed.
		if repair {
			seg.file.Close()
		}
		return err
	}
	if !repair && l.broken != nil {
		return l.broken // the log broke after the new base was begun
	}
	old := w.base
	w.base, w.baseSize, w.logSize = gen, size, l.seg.size
	if repair {
		l.seg.file.Close()
		l.seg, w.logSize = seg, seg.size
		l.broken = nil
		l.cfg.Log.Info("kvd: the log is whole again", "base", baseName(gen))
		l.reach(l.appended)
		l.work.notify()
	}
	l.removeOld(ctx, old, gen)
	return nil
}

// newSegment makes an empty log file with a durable name.
func (l *Log) newSegment(ctx context.Context, gen uint64) (*segment, error) {
	f, err := fileio.OpenFile(ctx, l.path(logName(gen)), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	seg := &segment{file: f, header: aof.Header{Kind: aof.Log, Generation: gen, Salt: l.ex.Rand()}}
	head := seg.header.Append(nil)
	if _, err = f.WriteAt(ctx, head, 0); err == nil {
		if err = f.Sync(ctx); err == nil {
			err = l.syncDir(ctx)
		}
	}
	if err != nil {
		f.Close()
		_ = fileio.Remove(ctx, l.path(logName(gen)))
		return nil, err
	}
	seg.size, seg.durable = int64(len(head)), int64(len(head))
	return seg, nil
}

// switchTo has the log go on in seg, and base begin at that moment.
func (l *Log) switchTo(ctx context.Context, seg *segment, base *baseFile) error {
	next := &handover{to: seg, begin: base.begin}
	if l.broken != nil {
		next.err = l.broken
	} else {
		l.handover = next
		l.work.notify()
		if err := next.done.wait(ctx); err != nil {
			return err
		}
	}
	if next.err != nil {
		seg.file.Close()
		_ = fileio.Remove(ctx, l.path(logName(seg.header.Generation)))
	}
	return next.err
}

// removeOld removes the files that are older than the base of a generation. One
// that stays is removed by the next rewrite or start.
func (l *Log) removeOld(ctx context.Context, from, to uint64) {
	for gen := from; gen < to; gen++ {
		for _, name := range []string{baseName(gen), logName(gen)} {
			if err := fileio.Remove(ctx, l.path(name)); err != nil && !errors.Is(err, os.ErrNotExist) && !over(err) {
				l.cfg.Log.Warn("kvd: can't remove what is old", "err", err)
			}
		}
	}
}

// syncDir makes the names in the directory durable.
func (l *Log) syncDir(ctx context.Context) error { return syncDir(ctx, l.cfg.Dir) }

// A baseFile is a base that is being written. Commands come in from the
// snapshot whenever it likes, also while a piece is being written.
type baseFile struct {
	log      *Log
	gen      uint64
	header   aof.Header
	snapshot *engine.Snapshot
	pending  aof.Batch
	taken    aof.Batch
	seq      uint64
	file     *fileio.File
	size     int64
	synced   int64
}

// begin fixes the moment that the base is of.
func (b *baseFile) begin(seq uint64) {
	b.header = aof.Header{Kind: aof.Base, Generation: b.gen, Next: seq, Salt: b.log.ex.Rand()}
	b.seq = 1
	b.snapshot = b.log.engine.Snapshot(b.pending.Append)
}

func (b *baseFile) end() {
	if b.snapshot != nil {
		b.snapshot.End()
	}
	if b.file != nil {
		b.file.Close()
	}
}

// write makes the base durable, under its temporary name.
func (b *baseFile) write(ctx context.Context, repair bool) (size int64, err error) {
	if b.file, err = fileio.OpenFile(ctx, b.log.path(tempName(b.gen)), os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600); err != nil {
		return 0, err
	}
	if err := b.put(ctx, b.header.Append(nil)); err != nil {
		return 0, err
	}
	for more := true; more; {
		if !repair && b.log.broken != nil {
			return 0, b.log.broken // a repair is wanted, not this
		}
		for i := 0; more && i < rewriteSteps && b.pending.Len() < rewriteChunk; i++ {
			more = b.snapshot.Step()
		}
		if err := b.flush(ctx, !more); err != nil {
			return 0, err
		}
		if b.size-b.synced >= rewriteSync {
			b.synced = b.size
			if err := b.file.Datasync(ctx); err != nil {
				return 0, err
			}
		}
		if err := executor.Yield(ctx); err != nil {
			return 0, err
		}
	}
	if err := b.file.Sync(ctx); err != nil {
		return 0, err
	}
	return b.size, b.file.Close() // some systems rename no open file
}

// flush writes what has come in, and the end behind it.
func (b *baseFile) flush(ctx context.Context, end bool) error {
	if b.pending.Len() == 0 && !end {
		return nil
	}
	b.pending, b.taken = b.taken, b.pending
	frame := b.taken.Seal(b.header, b.seq, 0, end)
	b.seq++
	err := b.put(ctx, frame)
	b.taken.Reset(keepBatch)
	return err
}

func (b *baseFile) put(ctx context.Context, p []byte) error {
	n, err := b.file.WriteAt(ctx, p, b.size)
	b.size += int64(n)
	return err
}
