package durable

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/examples/kvd/internal/aof"
	"github.com/rouse-go/rouse/fileio"
	"github.com/rouse-go/rouse/timer"
)

// A rewriter is the state of the fiber that rewrites.
type rewriter struct {
	due      signal
	asked    bool // by a client, or since the log has grown
	running  bool
	ended    signal // it does not run any more
	gen      uint64 // the greatest that was ever tried
	base     uint64 // generation of the present base
	baseSize int64
	logSize  int64 // of all segments that follow it
	failed   error // the latest one did
	started  int64 // by the driver's clock
	took     time.Duration
	count    int
}

// errClosing ends a rewrite: what it has written so far does not count.
var errClosing = errors.New("the log ends")

const maxBackOff = time.Minute

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
			if l.closing {
				return nil
			}
			w.asked, w.running = false, true
			w.started = l.ex.Driver().Now()
			repair := l.broken != nil
			err := l.rewrite(ctx)
			w.running, w.failed = false, err
			w.ended.notify()
			if l.closing {
				return nil
			}
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
	if err == nil && l.closing {
		err = errClosing
	}
	if err != nil {
		base.end()
		_ = fileio.Remove(ctx, l.path(l.of.temp(gen)))
		if repair {
			seg.file.Close()
			_ = fileio.Remove(ctx, l.path(l.of.log(gen))) // nothing was written to it
		}
		return err
	}
	err = fileio.Rename(ctx, l.path(l.of.temp(gen)), l.path(l.of.base(gen)))
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
		l.cfg.Log.Info("kvd: the log is whole again", "base", l.of.base(gen))
		l.reach(l.appended)
		l.work.notify()
	}
	var rubbish []string
	for ; old < gen; old++ {
		rubbish = append(rubbish, l.of.base(old), l.of.log(old))
	}
	l.cfg.remove(ctx, rubbish)
	return nil
}

// newSegment makes an empty log file with a durable name.
func (l *Log) newSegment(ctx context.Context, gen uint64) (*segment, error) {
	seg, err := createLog(ctx, l.path(l.of.log(gen)), l.of.header(aof.Log, gen, l.ex.Rand()))
	if err != nil {
		return nil, err
	}
	if err := l.syncDir(ctx); err != nil {
		seg.file.Close()
		_ = fileio.Remove(ctx, l.path(l.of.log(gen)))
		return nil, err
	}
	return seg, nil
}

// createLog makes an empty log file, which is durable but for its name.
func createLog(ctx context.Context, path string, header aof.Header) (*segment, error) {
	f, err := fileio.OpenFile(ctx, path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	head := header.Append(nil)
	if _, err = f.WriteAt(ctx, head, 0); err == nil {
		err = f.Sync(ctx)
	}
	if err != nil {
		f.Close()
		_ = fileio.Remove(ctx, path)
		return nil, err
	}
	size := int64(len(head))
	return &segment{file: f, header: header, size: size, durable: size}, nil
}

// switchTo has the log go on in seg, and base begin at that moment.
func (l *Log) switchTo(ctx context.Context, seg *segment, base *baseFile) error {
	next := &handover{to: seg, begin: base.begin}
	switch {
	case l.broken != nil:
		next.err = l.broken
	case l.closing: // nobody would take it
		next.err = errClosing
	default:
		l.handover = next
		l.work.notify()
		if err := next.done.wait(ctx); err != nil {
			return err
		}
	}
	if next.err != nil {
		seg.file.Close()
		_ = fileio.Remove(ctx, l.path(l.of.log(seg.header.Generation)))
	}
	return next.err
}

// syncDir makes the names in the directory durable.
func (l *Log) syncDir(ctx context.Context) error { return syncDir(ctx, l.cfg.Dir) }
