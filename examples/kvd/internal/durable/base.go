package durable

import (
	"context"
	"os"

	"github.com/rouse-go/rouse/examples/kvd/internal/aof"
	"github.com/rouse-go/rouse/examples/kvd/internal/engine"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/fileio"
)

const (
	rewriteSteps = 512      // of the snapshot, in one go
	rewriteChunk = 64 << 10 // bytes of the base, in one write
	rewriteSync  = 4 << 20  // and in one sync, so that those of the log needn't wait long
)

// A baseWriter writes a base. Commands come into pending.
type baseWriter struct {
	header  aof.Header
	pending aof.Batch
	taken   aof.Batch
	batches uint64
	file    *fileio.File
	size    int64
	synced  int64
}

// create makes the file, under its temporary name.
func (b *baseWriter) create(ctx context.Context, path string) (err error) {
	if b.file, err = fileio.OpenFile(ctx, path, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600); err != nil {
		return err
	}
	return b.put(ctx, b.header.Append(nil))
}

// flush writes what has come in, and the end behind it. It syncs now and then.
func (b *baseWriter) flush(ctx context.Context, end bool) error {
	if b.pending.Len() == 0 && !end {
		return nil
	}
	b.pending, b.taken = b.taken, b.pending
	b.batches++
	frame := b.taken.Seal(b.header, b.batches, 0, end)
	err := b.put(ctx, frame)
	b.taken.Reset(keepBatch)
	if err != nil || b.size-b.synced < rewriteSync {
		return err
	}
	b.synced = b.size
	return b.file.Datasync(ctx)
}

func (b *baseWriter) put(ctx context.Context, p []byte) error {
	n, err := b.file.WriteAt(ctx, p, b.size)
	b.size += int64(n)
	return err
}

// finish makes all of it durable but for its name, and closes it: some systems
// rename no open file.
func (b *baseWriter) finish(ctx context.Context) error {
	if err := b.flush(ctx, true); err != nil {
		return err
	}
	if err := b.file.Sync(ctx); err != nil {
		return err
	}
	return b.file.Close()
}

func (b *baseWriter) close() {
	if b.file != nil {
		b.file.Close()
	}
}

// A baseFile is a base of a Log. Commands come in from the snapshot whenever it
// likes, also while a piece is being written.
type baseFile struct {
	baseWriter
	log      *Log
	gen      uint64
	snapshot *engine.Snapshot
}

// begin fixes the moment that the base is of; seq is that of the first batch
// behind it.
func (b *baseFile) begin(seq uint64) {
	b.header = b.log.of.header(aof.Base, b.gen, b.log.ex.Rand())
	b.header.Next = seq
	b.snapshot = b.log.engine.Snapshot(b.pending.Append)
}

func (b *baseFile) end() {
	if b.snapshot != nil {
		b.snapshot.End()
	}
	b.close()
}

// write makes the base durable, under its temporary name.
func (b *baseFile) write(ctx context.Context, repair bool) (size int64, err error) {
	if err := b.create(ctx, b.log.path(b.log.of.temp(b.gen))); err != nil {
		return 0, err
	}
	for more := true; more; {
		if !repair && b.log.broken != nil {
			return 0, b.log.broken // a repair is wanted, not this
		}
		if b.log.closing {
			return 0, errClosing
		}
		for i := 0; more && i < rewriteSteps && b.pending.Len() < rewriteChunk; i++ {
			more = b.snapshot.Step()
		}
		if err := b.flush(ctx, false); err != nil {
			return 0, err
		}
		if err := executor.Yield(ctx); err != nil {
			return 0, err
		}
	}
	err = b.finish(ctx)
	return b.size, err
}
