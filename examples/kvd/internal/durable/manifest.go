package durable

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"

	"github.com/rouse-go/rouse/examples/kvd/internal/engine"
	"github.com/rouse-go/rouse/fileio"
)

// The manifest says how many shards the data is in, which decides what files
// count. It is replaced as a whole. A directory that never had several shards has
// none.

// manifest returns its content, one line.
func manifest(shards int) string {
	line := fmt.Sprintf("kvd shards: %d", shards)
	return fmt.Sprintf("%s, crc %08x\n", line, crc32.ChecksumIEEE([]byte(line)))
}

// readManifest returns how many shards there are, or 0 if it does not exist.
func (d *Dir) readManifest(ctx context.Context) (shards int, err error) {
	f, err := fileio.Open(ctx, d.path(manifestName))
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("kvd: %w", err)
	}
	defer f.Close()
	buf := make([]byte, 100)
	n, err := f.ReadAt(ctx, buf, 0)
	if err != nil && err != io.EOF {
		return 0, fmt.Errorf("kvd: %w", err)
	}
	for shards := range engine.MaxShards {
		if string(buf[:n]) == manifest(shards+1) {
			return shards + 1, nil
		}
	}
	return 0, fmt.Errorf("kvd: %s is damaged; no file was changed (restore the directory from a copy, or move it away to start without data)", d.path(manifestName))
}

// prepareManifest writes another one beside it, which does not count yet. All
// that can fail for want of room has been done then.
func (d *Dir) prepareManifest(ctx context.Context, shards int) error {
	f, err := fileio.OpenFile(ctx, d.path(manifestTemp), os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	if _, err = f.WriteAt(ctx, []byte(manifest(shards)), 0); err == nil {
		err = f.Sync(ctx)
	}
	return errors.Join(err, f.Close())
}

// replaceManifest has the prepared one count, durably. What it tells of must be
// durable. After an error either may count.
func (d *Dir) replaceManifest(ctx context.Context) error {
	err := fileio.Rename(ctx, d.path(manifestTemp), d.path(manifestName))
	if err == nil {
		err = syncDir(ctx, d.cfg.Dir)
	}
	if err != nil {
		return fmt.Errorf("kvd: can't replace %s: %w (nothing is lost; start kvd again)", d.path(manifestName), err)
	}
	return nil
}
