//go:build !windows

package durable

import (
	"context"

	"github.com/rouse-go/rouse/fileio"
)

func syncDir(ctx context.Context, dir string) error {
	f, err := fileio.Open(ctx, dir)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync(ctx)
}
