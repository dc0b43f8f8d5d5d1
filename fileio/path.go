package fileio

import (
	"context"
	"io/fs"

	"github.com/rouse-go/rouse/driver"
)

// NewRename returns a future of [Rename].
func NewRename(from, to string) *Action[struct{}] {
	a := &Action[struct{}]{name: "rename", path: from, to: to, code: driver.Rename, take: nothing}
	a.args.Path, a.args.To = from, to
	return a
}

// Rename gives the file from the name to, replacing what has it. The error is an
// *os.LinkError. The new name is durable after a [File.Sync] of its directory.
func Rename(ctx context.Context, from, to string) error {
	_, err := NewRename(from, to).do(ctx)
	return err
}

func byPath[T any](name string, code driver.Code, path string, take func(*driver.Args) T) *Action[T] {
	a := &Action[T]{name: name, path: path, code: code, take: take}
	a.args.Path = path
	return a
}

// NewRemove returns a future of [Remove].
func NewRemove(path string) *Action[struct{}] { return byPath("remove", driver.Remove, path, nothing) }

// Remove removes the file or empty directory path.
func Remove(ctx context.Context, path string) error {
	_, err := NewRemove(path).do(ctx)
	return err
}

// NewStat returns a future of [Stat].
func NewStat(path string) *Action[fs.FileInfo] { return byPath("stat", driver.Stat, path, info) }

// Stat tells about the file at path, following symbolic links.
func Stat(ctx context.Context, path string) (fs.FileInfo, error) { return NewStat(path).do(ctx) }

// NewReadDir returns a future of [ReadDir].
func NewReadDir(path string) *Action[[]fs.DirEntry] {
	return byPath("readdir", driver.ReadDir, path, entries)
}

// ReadDir lists the directory path, sorted by name. An entry's Info is a system
// call that may block; [Stat] asks without blocking an executor.
func ReadDir(ctx context.Context, path string) ([]fs.DirEntry, error) {
	return NewReadDir(path).do(ctx)
}
