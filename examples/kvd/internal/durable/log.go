// Package durable keeps what engines have told on disk: an append-only log for
// each, with group commit, a start that replays it, and a rewrite that makes it
// short again. See package aof for the form of the files, and names.go for which
// there are.
//
// # Group commit
//
// Commands are collected in a batch while the batch before it is being written
// and synced. So one sync serves all that happened meanwhile, on all
// connections, and a slow disk makes batches larger, not more. A [Log.Position]
// is the number of commands told so far; an answer that was made at some
// position may leave when [Log.Reached] that. This holds for reads, too: what
// they saw may be in a batch that is not durable yet.
//
// # Failures
//
// When a write or a sync fails, nobody knows what is on the disk: a second sync
// may report success though the kernel has dropped what it could not write. So
// the Log never tries the same file again. It is broken then: answers that wait
// are not given, commands that write are refused, and those that read, too, as
// long as there is something in memory that is not durable. A rewrite into new
// files begins at once, and again and again until one succeeds: everything in
// memory is durable then, and the Log is whole.
//
// Fibers do the work, in direct style: one commits, one rewrites, and under the
// policy EverySecond a third syncs. Each has a task queue of its own, so that
// the connections keep their turn.
package durable

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/examples/kvd/internal/aof"
	"github.com/rouse-go/rouse/examples/kvd/internal/engine"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/fileio"
)

// A Log is the engine.Journal of one engine, which has the keys of one shard. All
// its methods are for the executor's goroutine.
type Log struct {
	ex     *executor.Local
	cfg    Config
	engine *engine.Engine
	of     place
	dir    *Dir // to be given up by Close, or nil

	// What has been told, and how far it is durable, or as durable as the
	// policy wants it.
	pending  aof.Batch // told, and not being written yet
	appended uint64
	reached  uint64
	onReach  func()

	// The commit fiber's.
	work     signal    // something is pending, or asked for
	taken    aof.Batch // being written
	seg      *segment
	seq      uint64    // of the next batch
	handover *handover // asked for by a rewrite
	closing  bool
	closed   signal // the last batch is durable, or failed
	unsynced signal // for the fiber that syncs every second
	syncing  bool   // that fiber does
	syncDone signal
	broken   error
	dead     bool // broken for good

	rewriter rewriter
	stats    stats
	found    *found // from Read to Start
}

// A segment is the log file that is being written.
type segment struct {
	file    *fileio.File
	header  aof.Header
	size    int64
	durable int64 // up to here, for sure
}

// Open reads the directory into e, which must be empty and has all keys, and
// returns the Log that e tells from then on. It runs ex meanwhile; the end of ctx
// ends it. If the files can't be read, they stay as they are.
func Open(ctx context.Context, ex *executor.Local, e *engine.Engine, cfg Config) (*Log, error) {
	d, err := Take(cfg)
	if err != nil {
		return nil, err
	}
	l, err := executor.RunUntil[*Log](ex, executor.SpawnFiber(ctx, ex, func(ctx context.Context) (*Log, error) {
		if err := d.Arrange(ctx, ex, 1); err != nil {
			return nil, err
		}
		l, err := d.Read(ctx, ex, e, 0)
		if err == nil {
			err = l.Start(ctx)
		}
		if err == nil {
			d.Clean(ctx)
		}
		return l, err
	}, executor.Named("replay")))
	if err != nil {
		d.Close()
		return nil, err
	}
	l.dir = d
	return l, nil
}

// spawn starts a fiber in a queue of its own.
func (l *Log) spawn(name string, fn func(ctx context.Context) error) {
	q := l.ex.NewQueue(name)
	executor.SpawnInto(q, rouse.Future[struct{}](rouse.FutureFunc[struct{}](func(*rouse.Context) (struct{}, error) {
		executor.SpawnFiber(context.Background(), l.ex, func(ctx context.Context) (struct{}, error) {
			defer l.panicked()
			return struct{}{}, fn(ctx)
		}, executor.Named(name)).Detach()
		return struct{}{}, nil
	}))).Detach()
}

// panicked keeps a panic in one of the fibers, which is a bug, from leaving
// clients without an answer: they are refused until a restart.
func (l *Log) panicked() {
	if p := recover(); p != nil {
		l.dead = true
		l.fail(fmt.Errorf("a bug of kvd, which has to be started again: %v", p))
		l.closed.notify()
		l.rewriter.ended.notify()
		panic(p)
	}
}

// OnReach has fn called whenever more is durable, or the Log has failed. It must
// only take note.
func (l *Log) OnReach(fn func()) { l.onReach = fn }

// Append implements engine.Journal.
func (l *Log) Append(db int, args [][]byte) {
	l.pending.Append(db, args)
	l.appended++
	l.work.notify()
}

// Expired implements engine.Journal. Nobody waits for it: if it is lost, the
// start finds the key expired.
func (l *Log) Expired(db int, key string) {
	l.pending.Append(db, [][]byte{[]byte("DEL"), []byte(key)})
	if l.broken == nil {
		l.work.notify()
	}
}

// Position returns the number of commands told so far.
func (l *Log) Position() uint64 { return l.appended }

// Behind reports whether answers that are made now have to wait. While the Log
// is broken they don't, as what could tell of something is refused.
func (l *Log) Behind() bool { return l.reached < l.appended && l.broken == nil }

// Backlog returns how many bytes wait to be written.
func (l *Log) Backlog() int { return l.pending.Len() }

// Reached reports whether everything up to a position is durable, or why it
// will not be.
func (l *Log) Reached(position uint64) (bool, error) {
	if l.reached >= position {
		return true, nil
	}
	return false, l.broken
}

// Refusal implements engine.Journal.
func (l *Log) Refusal(write bool) string {
	switch {
	case l.broken == nil:
		return ""
	case write:
		return "MISCONF can't write the append-only log: " + l.broken.Error() + ". Commands that write are refused until it can be written again; see the server's log"
	case l.reached < l.appended:
		return "MISCONF can't write the append-only log: " + l.broken.Error() + ". Memory has changes that are not on disk, so it can't be read until they are; see the server's log"
	}
	return ""
}

// Policy implements engine.Journal, in the words of Redis.
func (l *Log) Policy() string {
	if l.cfg.Fsync == EverySecond {
		return "everysec"
	}
	return l.cfg.Fsync.String()
}

// Finish makes everything durable, whatever the policy, and ends the Log; nothing
// may be told any more, and nothing is written any more when it returns: a rewrite
// under way is given up. An error means that something is lost that was told,
// though none of it was acknowledged under the policy Always. It is for a fiber of
// the executor.
func (l *Log) Finish(ctx context.Context) error {
	l.closing = true
	l.work.notify()
	err := l.closed.wait(ctx)
	for err == nil && l.rewriter.running && !l.dead {
		err = l.rewriter.ended.wait(ctx)
	}
	if err := errors.Join(err, l.broken); err != nil {
		return fmt.Errorf("kvd: the log does not end as it should: %w", err)
	}
	return nil
}

// Close is Finish for a Log that was made by Open, and gives the directory up. It
// runs the executor meanwhile.
func (l *Log) Close() error {
	_, err := executor.RunUntil[struct{}](l.ex, executor.SpawnFiber(context.Background(), l.ex, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, l.Finish(ctx)
	}, executor.Named("close")))
	return errors.Join(err, l.dir.Close())
}

// Unlock gives the directory up without an end in order, as the end of the
// process does. It is for tests. It is idempotent.
func (l *Log) Unlock() { _ = l.dir.Close() }

func (l *Log) path(name string) string { return filepath.Join(l.cfg.Dir, name) }
