package durable

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/rouse-go/rouse/examples/kvd/internal/aof"
	"github.com/rouse-go/rouse/examples/kvd/internal/engine"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/fileio"
)

var errLocked = errors.New("another kvd uses this directory (stop it, or give another -data)")

// A Dir is a data directory, with the logs of one or several shards. Take it,
// have it Arranged for so many shards, Read that of each on its executor, Start
// all the Logs, and Clean up.
type Dir struct {
	cfg    Config
	lock   *os.File
	shards int
	all    inventory // as Arrange leaves it
}

// Take makes the directory of cfg if there is none, so that it is durable, and
// locks it. From any goroutine.
func Take(cfg Config) (*Dir, error) {
	lock, err := lockNew(cfg.Dir)
	if err != nil {
		return nil, fmt.Errorf("kvd: can't use the data directory: %w", err)
	}
	return &Dir{cfg: cfg.withDefaults(), lock: lock}, nil
}

func lockNew(dir string) (*os.File, error) {
	if _, err := os.Stat(dir); errors.Is(err, os.ErrNotExist) {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, err
		}
		if parent, err := os.Open(filepath.Dir(filepath.Clean(dir))); err == nil {
			_ = parent.Sync() // some systems can't
			parent.Close()
		}
	}
	return lockDir(filepath.Join(dir, lockName))
}

// Arrange sees to it that the directory has its data in so many shards, up to
// engine.MaxShards. If it has it in another number, it is read and written anew,
// which takes the memory of one of the old shards; a crash at any point leaves one
// complete set or the other. If the files can't be read, they stay as they are. It
// is for a fiber of ex.
func (d *Dir) Arrange(ctx context.Context, ex *executor.Local, shards int) error {
	if err := d.list(ctx); err != nil {
		return err
	}
	d.shards = shards
	before, err := d.readManifest(ctx)
	if err != nil {
		return err
	}
	if before == 0 {
		if before, err = d.withoutManifest(); err != nil {
			return err
		}
	}
	if before > 0 {
		if err := d.complete(ctx, before); err != nil {
			return err
		}
	}
	switch {
	case before == shards, before == 0 && shards == 1:
		return nil
	case before == 0: // first of all, so that no shard is ever without
		if err := d.prepareManifest(ctx, shards); err != nil {
			return fmt.Errorf("kvd: can't make the first file: %w", err)
		}
		return d.replaceManifest(ctx)
	}
	if err := d.reshard(ctx, ex, before, shards); err != nil {
		return err
	}
	return d.list(ctx)
}

// list looks what there is.
func (d *Dir) list(ctx context.Context) (err error) {
	if d.all, err = takeInventory(ctx, d.cfg.Dir); err != nil {
		return fmt.Errorf("kvd: can't read the data directory: %w", err)
	}
	return nil
}

// withoutManifest returns how many shards there are in a directory that does not
// say so: one, or none if it is new.
func (d *Dir) withoutManifest() (shards int, err error) {
	if only := d.all.of(place{}); len(only.bases)+len(only.logs) > 0 {
		return 1, nil
	}
	for p := range d.all {
		if p.shards > 0 && len(d.all[p].bases)+len(d.all[p].logs) > 0 {
			return 0, fmt.Errorf("kvd: %s is missing, which says how many shards there are; no file was changed (restore the directory from a copy, or move it away to start without data)", d.path(manifestName))
		}
	}
	return 0, nil
}

// complete makes sure that no shard has lost its files: that one has none is right
// only if no other has data yet.
func (d *Dir) complete(ctx context.Context, shards int) error {
	const empty = aof.HeaderSize + aof.FrameSize // a file with a batch of nothing
	missing := ""
	for shard := range shards {
		if p := placeOf(shard, shards); len(d.all.of(p).bases) == 0 {
			missing = p.base(max(1, d.all.of(p).last))
		}
	}
	if missing == "" || shards == 1 { // create looks at the logs of the only one
		return nil
	}
	for shard := range shards {
		p := placeOf(shard, shards)
		for _, name := range d.all.of(p).names(p) {
			info, err := fileio.Stat(ctx, d.path(name))
			if err != nil {
				return fmt.Errorf("kvd: %w", err)
			}
			if info.Size() > empty {
				return fmt.Errorf("kvd: %s or one behind it is missing, while %s has data; no file was changed (restore the directory from a copy, or move it away to start without data)", d.path(missing), name)
			}
		}
	}
	return nil
}

// Read reads the files of a shard into e, which must be empty, and changes none.
// The Log is to be Started when all shards are read, so that the files of all stay
// as they are if those of one can't be. It is for a fiber of ex.
func (d *Dir) Read(ctx context.Context, ex *executor.Local, e *engine.Engine, shard int) (*Log, error) {
	l := &Log{ex: ex, cfg: d.cfg, engine: e, of: placeOf(shard, d.shards), onReach: func() {}}
	all := d.all[l.of] // not of, which others call, too
	if all == nil {
		all = &listing{}
	}
	l.found = &found{all: all}
	if len(all.bases) == 0 {
		return l, noData(ctx, l.path, l.of, all)
	}
	l.found.replay = newReplay(ex, d.cfg.Dir, l.of, e, d.cfg.Log)
	return l, l.found.replay.read(ctx, all)
}

// Clean removes what was of another number of shards, when all Logs are started.
// It is for a fiber.
func (d *Dir) Clean(ctx context.Context) {
	rubbish := []string{manifestTemp}
	for p, l := range d.all {
		if p.count() != d.shards {
			rubbish = append(rubbish, l.names(p)...)
		}
	}
	d.cfg.remove(ctx, rubbish)
}

// remove removes what is old. What stays is removed by the next rewrite or start.
func (c *Config) remove(ctx context.Context, names []string) {
	for _, name := range names {
		err := fileio.Remove(ctx, filepath.Join(c.Dir, name))
		if err != nil && !errors.Is(err, os.ErrNotExist) && !over(err) {
			c.Log.Warn("kvd: can't remove what is old", "err", err)
		}
	}
}

// Close gives the directory up. It is idempotent.
func (d *Dir) Close() error {
	if err := d.lock.Close(); !errors.Is(err, os.ErrClosed) {
		return err
	}
	return nil
}

func (d *Dir) path(name string) string { return filepath.Join(d.cfg.Dir, name) }
