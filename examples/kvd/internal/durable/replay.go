package durable

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"slices"
	"time"

	"github.com/rouse-go/rouse/examples/kvd/internal/aof"
	"github.com/rouse-go/rouse/examples/kvd/internal/engine"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/fileio"
)

// A replay reads the files of a place into an engine, and changes none.
type replay struct {
	ex     *executor.Local
	dir    string
	of     place
	engine *engine.Engine
	say    *slog.Logger

	base     uint64 // generation of the base that was read
	baseSize int64
	logSize  int64        // of all logs behind it
	seq      uint64       // of the next batch
	gen      uint64       // of the last log with batches
	file     *fileio.File // that is being read
	reader   *aof.Reader  // of the latest file, at its end
	size     int64
	torn     *aof.Damage // what is there instead of an end
	commands int
	bytes    int64
	begun    int64
	pace     pace
}

func newReplay(ex *executor.Local, dir string, of place, e *engine.Engine, say *slog.Logger) *replay {
	return &replay{ex: ex, dir: dir, of: of, engine: e, say: say, begun: ex.Driver().Now(), pace: newPace(ex)}
}

func (r *replay) path(name string) string { return filepath.Join(r.dir, name) }

// took is how long it has taken so far.
func (r *replay) took() time.Duration {
	return time.Duration(r.ex.Driver().Now() - r.begun).Round(time.Millisecond)
}

// read reads the newest base, which there must be, and the logs that follow it.
func (r *replay) read(ctx context.Context, all *listing) error {
	defer r.close()
	base := all.bases[len(all.bases)-1]
	r.base = base
	if err := r.open(ctx, r.of.base(base), aof.Base, base, 1); err != nil {
		return err
	}
	if err := r.apply(ctx, r.of.base(base)); err != nil {
		return err
	}
	r.baseSize = r.size
	r.seq = r.reader.Header.Next
	logs := slices.DeleteFunc(slices.Clone(all.logs), func(gen uint64) bool { return gen < base })
	if len(logs) == 0 || logs[0] != base {
		return fmt.Errorf("kvd: %s is missing, which %s needs; no file was changed", r.path(r.of.log(base)), r.of.base(base))
	}
	for i, gen := range logs {
		name := r.of.log(gen)
		if i > 0 {
			info, err := fileio.Stat(ctx, r.path(name))
			if err != nil {
				return fmt.Errorf("kvd: %w", err)
			}
			if info.Size() <= aof.HeaderSize {
				continue // no batch was ever written to it, and its header may be torn
			}
			if r.torn != nil {
				r.torn.Torn, r.torn.Why = false, name+" goes on where it ends"
				return r.corrupt(r.of.log(r.gen), r.torn)
			}
		}
		if err := r.open(ctx, name, aof.Log, gen, r.seq); err != nil {
			return err
		}
		r.gen = gen
		if err := r.apply(ctx, name); err != nil {
			return err
		}
		r.seq = r.reader.Seq()
		r.logSize += r.size
	}
	return nil
}

// open starts to read a file, whose header must be what its name says.
func (r *replay) open(ctx context.Context, name string, kind aof.Kind, gen, first uint64) error {
	r.close()
	path := r.path(name)
	f, err := fileio.Open(ctx, path)
	if err != nil {
		return fmt.Errorf("kvd: %w", err)
	}
	r.file = f
	info, err := f.Stat(ctx)
	if err != nil {
		return fmt.Errorf("kvd: %w", err)
	}
	r.size = info.Size()
	r.reader, err = aof.NewReader(readerAt{ctx, f}, r.size, first)
	switch {
	case errors.Is(err, aof.ErrHeader):
		return fmt.Errorf("kvd: %s: corrupt at offset 0: %w; no file was changed", path, err)
	case err != nil:
		return fmt.Errorf("kvd: %w", err)
	}
	h := r.reader.Header
	h.Next, h.Salt = 0, 0
	if h != r.of.header(kind, gen, 0) {
		return fmt.Errorf("kvd: %s: corrupt at offset 0: it says that it is another file (kind %d, generation %d, shard %d of %d); no file was changed",
			path, h.Kind, h.Generation, h.Shard, h.Shards)
	}
	return nil
}

// apply reads the batches of the file that is open.
func (r *replay) apply(ctx context.Context, name string) error {
	for {
		at := r.reader.Offset()
		err := r.reader.Next(func(db int, args [][]byte) error {
			r.commands++
			if err := r.engine.Replay(db, args); err != nil {
				return fmt.Errorf("command %d can't be done again: %w", r.commands, err)
			}
			return nil
		})
		r.bytes += r.reader.Offset() - at
		if r.pace.due() {
			r.say.Info("kvd: loading", "file", name, "percent", 100*r.reader.Offset()/max(1, r.size), "commands", r.commands)
		}
		switch damage := (*aof.Damage)(nil); {
		case err == nil:
		case err == io.EOF:
			return nil
		case errors.As(err, &damage) && damage.Torn:
			r.torn = damage
			return nil
		case errors.As(err, &damage):
			return r.corrupt(name, damage)
		default:
			return fmt.Errorf("kvd: %s: at offset %d: %w; no file was changed", r.path(name), at, err)
		}
	}
}

func (r *replay) corrupt(name string, d *aof.Damage) error {
	return fmt.Errorf("kvd: %s: %w; no file was changed (restore the directory from a copy, or move it away to start without data)", r.path(name), d)
}

func (r *replay) close() {
	if r.file != nil {
		r.file.Close()
		r.file = nil
	}
}

// readerAt reads a file for package aof, in a fiber.
type readerAt struct {
	ctx  context.Context
	file *fileio.File
}

func (r readerAt) ReadAt(p []byte, off int64) (int, error) { return r.file.ReadAt(r.ctx, p, off) }
