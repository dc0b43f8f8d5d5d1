package crashdisk

import (
	"io/fs"
	"path/filepath"
	"time"
)

// entries is what ReadDir finds, with d locked.
func (d *Disk) entries() []fs.DirEntry {
	var all []fs.DirEntry
	for _, name := range d.sorted() {
		all = append(all, fs.FileInfoToDirEntry(info{name, int64(len(d.names[name].cache))}))
	}
	return all
}

// info is an fs.FileInfo.
type info struct {
	name string
	size int64
}

func (i info) Name() string       { return filepath.Base(i.name) }
func (i info) Size() int64        { return i.size }
func (i info) Mode() fs.FileMode  { return 0o600 }
func (i info) ModTime() time.Time { return time.Time{} }
func (i info) IsDir() bool        { return false }
func (i info) Sys() any           { return nil }
