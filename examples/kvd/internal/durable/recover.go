package durable

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/rouse-go/rouse/examples/kvd/internal/aof"
	"github.com/rouse-go/rouse/fileio"
)

// A listing is what is in the directory, by generation.
type listing struct {
	bases []uint64
	logs  []uint64
	temps []uint64
	last  uint64 // the greatest of all
}

// recover reads the directory into the engine and makes it ready to be written.
// All of it is read before anything is changed.
func (l *Log) recover(ctx context.Context) error {
	all, err := l.list(ctx)
	if err != nil {
		return fmt.Errorf("kvd: can't read the data directory: %w", err)
	}
	l.rewriter.gen = all.last
	if len(all.bases) == 0 {
		return l.create(ctx, all)
	}
	r := &replay{log: l, begun: l.ex.Driver().Now()}
	r.said = r.begun
	defer r.close()
	if err := r.read(ctx, all); err != nil {
		return err
	}
	if err := r.resume(ctx); err != nil {
		return fmt.Errorf("kvd: can't go on with %s: %w", l.path(logName(r.gen)), err)
	}
	l.clean(ctx, all, r.gen)
	l.cfg.Log.Info("kvd: data loaded", "dir", l.cfg.Dir, "commands", r.commands, "bytes", r.bytes,
		"took", time.Duration(l.ex.Driver().Now()-r.begun).Round(time.Millisecond))
	return nil
}

func (l *Log) list(ctx context.Context) (all listing, err error) {
	entries, err := fileio.ReadDir(ctx, l.cfg.Dir)
	if err != nil {
		return all, err
	}
	for _, e := range entries {
		kind, gen, temp, ok := parseName(e.Name())
		switch {
		case !ok:
			continue
		case temp:
			all.temps = append(all.temps, gen)
		case kind == aof.Base:
			all.bases = append(all.bases, gen)
		default:
			all.logs = append(all.logs, gen)
		}
		all.last = max(all.last, gen)
	}
	slices.Sort(all.bases)
	slices.Sort(all.logs)
	return all, nil
}

// create makes the first files. A log without batches may be there from an
// earlier try.
func (l *Log) create(ctx context.Context, all listing) error {
	for _, gen := range all.logs {
		info, err := fileio.Stat(ctx, l.path(logName(gen)))
		if err == nil && info.Size() > aof.HeaderSize {
			err = fmt.Errorf("it has data, but the base that it follows is missing; no file was changed")
		}
		if err != nil {
			return fmt.Errorf("kvd: %s: %w", l.path(logName(gen)), err)
		}
	}
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
		err = fileio.Rename(ctx, l.path(tempName(gen)), l.path(baseName(gen)))
	}
	if err == nil {
		err = l.syncDir(ctx)
	}
	if err != nil {
		return fmt.Errorf("kvd: can't make the first files: %w", err)
	}
	l.seg, l.seq = seg, 1
	l.rewriter.base, l.rewriter.logSize = gen, seg.size
	l.clean(ctx, all, gen)
	return nil
}

// clean removes what no start needs any more: what is older than the base, what
// was never finished, and logs behind the one that is in use, which are empty.
func (l *Log) clean(ctx context.Context, all listing, inUse uint64) {
	var rubbish []string
	for _, gen := range all.temps {
		rubbish = append(rubbish, tempName(gen))
	}
	for _, gen := range all.bases {
		if gen < l.rewriter.base {
			rubbish = append(rubbish, baseName(gen))
		}
	}
	for _, gen := range all.logs {
		if gen < l.rewriter.base || gen > inUse {
			rubbish = append(rubbish, logName(gen))
		}
	}
	for _, name := range rubbish {
		if err := fileio.Remove(ctx, l.path(name)); err != nil && !errors.Is(err, os.ErrNotExist) && !over(err) {
			l.cfg.Log.Warn("kvd: can't remove what is old", "err", err)
		}
	}
}

// A replay is a start that reads.
type replay struct {
	log      *Log
	gen      uint64 // of the last log with batches
	file     *fileio.File
	reader   *aof.Reader // of file, at its end
	size     int64
	torn     *aof.Damage // what is there instead of an end
	commands int
	bytes    int64
	begun    int64
	said     int64 // when something was said of the progress
}

// read reads the newest base and the logs that follow it.
func (r *replay) read(ctx context.Context, all listing) error {
	base := all.bases[len(all.bases)-1]
	r.log.rewriter.base = base
	if err := r.open(ctx, baseName(base), aof.Base, base, 1); err != nil {
		return err
	}
	if err := r.apply(ctx, baseName(base)); err != nil {
		return err
	}
	r.log.rewriter.baseSize = r.size
	seq := r.reader.Header.Next
	logs := slices.DeleteFunc(slices.Clone(all.logs), func(gen uint64) bool { return gen < base })
	if len(logs) == 0 || logs[0] != base {
		return fmt.Errorf("kvd: %s is missing, which %s needs; no file was changed", r.log.path(logName(base)), baseName(base))
	}
	for i, gen := range logs {
		name := logName(gen)
		if i > 0 {
			info, err := fileio.Stat(ctx, r.log.path(name))
			if err != nil {
				return fmt.Errorf("kvd: %w", err)
			}
			if info.Size() <= aof.HeaderSize {
				continue // no batch was ever written to it, and its header may be torn
			}
			if r.torn != nil {
				r.torn.Torn, r.torn.Why = false, name+" goes on where it ends"
				return r.corrupt(logName(r.gen), r.torn)
			}
		}
		if err := r.open(ctx, name, aof.Log, gen, seq); err != nil {
			return err
		}
		r.gen = gen
		if err := r.apply(ctx, name); err != nil {
			return err
		}
		seq = r.reader.Seq()
		r.log.rewriter.logSize += r.size
	}
	r.log.seq = seq
	return nil
}

// open starts to read a file, whose header must be what its name says.
func (r *replay) open(ctx context.Context, name string, kind aof.Kind, gen, first uint64) error {
	r.close()
	path := r.log.path(name)
	flags := os.O_RDWR
	if kind == aof.Base {
		flags = os.O_RDONLY
	}
	f, err := fileio.OpenFile(ctx, path, flags, 0)
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
	case r.reader.Header.Kind != kind || r.reader.Header.Generation != gen:
		return fmt.Errorf("kvd: %s: corrupt at offset 0: it says that it is another file (kind %d, generation %d); no file was changed",
			path, r.reader.Header.Kind, r.reader.Header.Generation)
	}
	return nil
}

// apply reads the batches of the file that is open.
func (r *replay) apply(ctx context.Context, name string) error {
	for {
		at := r.reader.Offset()
		err := r.reader.Next(func(db int, args [][]byte) error {
			r.commands++
			if err := r.log.engine.Replay(db, args); err != nil {
				return fmt.Errorf("command %d can't be done again: %w", r.commands, err)
			}
			return nil
		})
		r.bytes += r.reader.Offset() - at
		r.progress(name)
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
			return fmt.Errorf("kvd: %s: at offset %d: %w; no file was changed", r.log.path(name), at, err)
		}
	}
}

func (r *replay) corrupt(name string, d *aof.Damage) error {
	return fmt.Errorf("kvd: %s: %w; no file was changed (restore the directory from a copy, or move it away to start without data)", r.log.path(name), d)
}

// progress says every other second how far the replay is.
func (r *replay) progress(name string) {
	if now := r.log.ex.Driver().Now(); now-r.said >= int64(2*time.Second) {
		r.said = now
		r.log.cfg.Log.Info("kvd: loading", "file", name, "percent", 100*r.reader.Offset()/max(1, r.size), "commands", r.commands)
	}
}

// resume makes the last log ready to be continued: without its torn tail, and
// durable to its end.
func (r *replay) resume(ctx context.Context) error {
	end := r.reader.Offset()
	if r.torn != nil {
		r.log.cfg.Log.Warn("kvd: cut a torn tail off the log; it was not durable yet", "file", r.log.path(logName(r.gen)),
			"offset", end, "bytes", r.size-end, "reason", r.torn.Reason)
		if err := r.file.Truncate(ctx, end); err != nil {
			return err
		}
		r.log.rewriter.logSize -= r.size - end
	}
	// What no batch vouches for may have been read from a cache that the kernel
	// believes to be clean after a sync that failed. It is written once more.
	if err := r.rewriteFrom(ctx, r.reader.Durable(), end); err != nil {
		return err
	}
	if err := r.file.Sync(ctx); err != nil {
		return err
	}
	// The names, too, may be in the cache only, if the kvd before was killed
	// between a rename and the sync behind it.
	if err := r.log.syncDir(ctx); err != nil {
		return err
	}
	r.log.seg = &segment{file: r.file, header: r.reader.Header, size: end, durable: end}
	r.file = nil // the Log's now
	return nil
}

func (r *replay) rewriteFrom(ctx context.Context, from, to int64) error {
	buf := make([]byte, min(1<<20, to-from))
	for from < to {
		p := buf[:min(int64(len(buf)), to-from)]
		if _, err := r.file.ReadAt(ctx, p, from); err != nil {
			return err
		}
		if _, err := r.file.WriteAt(ctx, p, from); err != nil {
			return err
		}
		from += int64(len(p))
	}
	return nil
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
