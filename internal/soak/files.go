package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/rouse-go/rouse/fileio"
)

// fileBody writes a file, reads it, and removes it.
func (s *script) fileBody(ctx context.Context) (err error) {
	r := s.w.r
	path := filepath.Join(r.dir, fmt.Sprintf("%d-%d", s.w.id, s.left))
	defer os.Remove(path) // also if the fiber is cancelled
	if s.rng.IntN(2) == 0 {
		var cancel context.CancelFunc
		ctx, cancel = s.hurry(ctx)
		defer cancel()
	}
	f, err := fileio.OpenFile(ctx, path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return r.complaint(r.of("open "+path, err))
	}
	defer f.Close()
	s.w.tally.Files++
	off := s.rng.Int64N(1 << 16)
	written := randomBytes(s.rng, 1+s.rng.IntN(1<<15))
	n, err := f.WriteAt(ctx, written, off)
	written = written[:n] // that much is there, whatever happened then
	if err = r.complaint(r.of("write "+path, err)); err != nil {
		return err
	}
	if s.rng.IntN(4) == 0 {
		if err := r.complaint(r.of("datasync "+path, f.Datasync(ctx))); err != nil {
			return err
		}
	}
	back := make([]byte, len(written)+1)
	n, err = f.ReadAt(ctx, back, off)
	if !bytes.HasPrefix(written, back[:n]) || err == io.EOF && n < len(written) {
		return errors.New("a file has not what was written to it")
	}
	s.w.tally.Bytes += n
	if err == io.EOF {
		return nil
	}
	return r.complaint(r.of("read "+path, err))
}
