package durable

import (
	"context"
	"errors"
	"time"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/fileio"
	"github.com/rouse-go/rouse/timer"
)

// keepBatch is how much memory a batch keeps from one time to the next.
const keepBatch = 1 << 20

// A handover is a rewrite's wish to have the log go on in another segment. begin
// is called at the moment between the last command of the old segment and the
// first of the new one, with the sequence number of the first batch there.
type handover struct {
	to    *segment
	begin func(seq uint64)
	done  signal
	err   error
}

// commit is the fiber that writes the log.
func (l *Log) commit(ctx context.Context) error {
	for {
		if err := l.work.wait(ctx); err != nil {
			return err
		}
		for l.broken == nil && (l.pending.Len() > 0 || l.handover != nil) {
			if err := l.writeBatch(ctx); err != nil {
				if over(err) {
					return err
				}
				l.fail(err)
			}
		}
		if l.closing {
			if l.broken == nil {
				if err := l.writeEnd(ctx); err != nil {
					l.fail(err)
				}
			}
			l.closed.notify()
			return nil
		}
	}
}

// writeBatch makes what is pending as durable as the policy wants it.
func (l *Log) writeBatch(ctx context.Context) error {
	next := l.handover
	l.handover = nil
	l.pending, l.taken = l.taken, l.pending
	position := l.appended
	seq := l.seq
	if l.taken.Len() > 0 {
		l.seq++
	}
	if next != nil {
		next.begin(l.seq)
	}
	err := l.writeTaken(ctx, seq, next != nil, position)
	if next != nil {
		if err == nil {
			l.seg.file.Close()
			l.seg = next.to
		}
		next.err = err
		next.done.notify()
	}
	if err != nil {
		return err
	}
	l.reach(position)
	l.rewriter.grown(l)
	return nil
}

func (l *Log) writeTaken(ctx context.Context, seq uint64, last bool, position uint64) error {
	seg := l.seg
	if l.taken.Len() > 0 {
		frame := l.taken.Seal(seg.header, seq, seg.durable, false)
		if _, err := seg.file.WriteAt(ctx, frame, seg.size); err != nil {
			return l.unlessReplaced(seg, err)
		}
		seg.size += int64(len(frame))
		l.rewriter.logSize += int64(len(frame))
		l.stats.batches++
		l.taken.Reset(keepBatch)
	}
	if plantAckBeforeSync {
		l.reach(position)
	}
	if l.cfg.Fsync == Always || last {
		return l.sync(ctx, seg)
	}
	l.unsynced.notify()
	return nil
}

// sync makes all of seg durable. There is one sync at a time: the kernel tells
// of a failure once, and the other would take it for a success.
func (l *Log) sync(ctx context.Context, seg *segment) error {
	for l.syncing {
		if err := l.syncDone.wait(ctx); err != nil {
			return err
		}
		if l.broken != nil {
			return l.broken
		}
	}
	if seg.durable == seg.size {
		return nil
	}
	size := seg.size
	l.syncing = true
	err := seg.file.Datasync(ctx)
	l.syncing = false
	l.syncDone.notify()
	if err != nil {
		return l.unlessReplaced(seg, err)
	}
	l.stats.syncs++
	seg.durable = size
	return nil
}

// unlessReplaced returns err, the failure of a write or sync of seg, if that is
// the Log's segment still. Else a repair was faster, and its base has all.
func (l *Log) unlessReplaced(seg *segment, err error) error {
	if seg != l.seg && !over(err) {
		return nil
	}
	return err
}

// syncEverySecond is the fiber of the policy EverySecond.
func (l *Log) syncEverySecond(ctx context.Context) error {
	for {
		if err := l.unsynced.wait(ctx); err != nil {
			return err
		}
		if _, err := rouse.Await[struct{}](ctx, timer.Sleep(time.Second)); err != nil {
			return err
		}
		if l.broken != nil || l.syncing {
			continue
		}
		if err := l.sync(ctx, l.seg); err != nil {
			if over(err) {
				return err
			}
			l.fail(err)
		}
	}
}

// over reports whether an error says that the executor ends, and not that the
// disk has failed.
func over(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, fileio.ErrClosed)
}

// reach takes note that everything up to a position is durable.
func (l *Log) reach(position uint64) {
	l.reached = max(l.reached, position) // a repair may have been faster than a write
	l.onReach()
}

// fail takes note that the log can't be trusted any more.
func (l *Log) fail(err error) {
	if l.broken != nil {
		return
	}
	l.broken = err
	l.taken.Reset(keepBatch)
	l.stats.failures++
	l.cfg.Log.Error("kvd: can't write the log; commands that write are refused, and all is written into new files", "err", err)
	if next := l.handover; next != nil {
		l.handover, next.err = nil, err
		next.done.notify()
	}
	l.onReach()
	l.rewriter.due.notify()
}

// writeEnd vouches for all that is in the log, as its last batch.
func (l *Log) writeEnd(ctx context.Context) error {
	seg := l.seg
	if err := l.sync(ctx, seg); err != nil {
		return err
	}
	frame := l.taken.Seal(seg.header, l.seq, seg.durable, false)
	if _, err := seg.file.WriteAt(ctx, frame, seg.size); err != nil {
		return err
	}
	seg.size += int64(len(frame))
	if err := l.sync(ctx, seg); err != nil {
		return err
	}
	return seg.file.Close()
}
