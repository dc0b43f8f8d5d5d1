// Package crashdisk is a disk that loses power, for tests. SIGKILL leaves what a
// program has written in the kernel's cache; a Disk doesn't. It keeps in memory
// what was not synced: writes and lengths of files, and the names that were
// given, changed and taken away. Reads see all of it. Only Sync and Datasync of
// a file let its bytes through to what is durable, and only Sync of the
// directory its names. A crash loses the rest, or keeps a random part of it:
// some sectors of some writes, some of the names.
//
// A [Driver] puts a Disk under an executor. What is durable is in memory, or in
// a real directory too, so that another process finds it there.
package crashdisk

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"

	"github.com/rouse-go/rouse/driver"
)

// A Disk is one directory of files. Its methods may be called from any
// goroutine.
type Disk struct {
	mu      sync.Mutex
	root    string
	mirror  bool              // what is durable is also in the real directory
	names   map[string]*inode // as programs see them
	durable map[string]*inode // as a crash leaves them
	renames []rename          // not durable yet, in order
	named   int               // how many were before them
	faults  []*Fault
	rng     *rand.Rand
	ops     map[string]int // how many there were, by OpName
	crashAt func(point string) bool
	crashed bool
	onCrash func(point string)
}

// An inode is a file without its name.
type inode struct {
	cache   []byte   // what reads see
	disk    []byte   // what is durable
	changes []change // not durable yet, in order
	synced  int      // how many were before them
}

// A change is a write, or a new length if data is nil.
type change struct {
	off  int64
	data []byte
}

// A rename gives a file a name, takes one away, or both.
type rename struct {
	from, to string
	file     *inode
}

// New returns an empty disk, whose directory is root in name only.
func New(root string, seed uint64) *Disk {
	return &Disk{
		root:  filepath.Clean(root),
		names: map[string]*inode{}, durable: map[string]*inode{},
		rng: rand.New(rand.NewPCG(seed, 1)), ops: map[string]int{},
	}
}

// Mirror returns a disk with what is in the real directory root. What becomes
// durable on it is written there.
func Mirror(root string, seed uint64) (*Disk, error) {
	d := New(root, seed)
	d.mirror = true
	entries, err := os.ReadDir(root)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if !e.Type().IsRegular() {
			continue
		}
		b, err := os.ReadFile(filepath.Join(root, e.Name()))
		if err != nil {
			return nil, err
		}
		f := &inode{cache: b, disk: slices.Clone(b)}
		d.names[e.Name()], d.durable[e.Name()] = f, f
	}
	return d, nil
}

// name returns the name of a path in the directory, "" for the directory
// itself, and reports whether the path is in it.
func (d *Disk) name(path string) (string, bool) {
	path = filepath.Clean(path)
	if path == d.root {
		return "", true
	}
	rest, ok := strings.CutPrefix(path, d.root+string(filepath.Separator))
	return rest, ok
}

func (d *Disk) open(name string, flags int) (*inode, error) {
	f := d.names[name]
	switch {
	case f == nil && flags&os.O_CREATE == 0:
		return nil, syscall.ENOENT
	case f != nil && flags&os.O_EXCL != 0:
		return nil, syscall.EEXIST
	case f == nil:
		f = &inode{}
		d.names[name] = f
		d.renames = append(d.renames, rename{to: name, file: f})
	case flags&os.O_TRUNC != 0:
		f.resize(0)
	}
	return f, nil
}

func (d *Disk) rename(from, to string) error {
	f := d.names[from]
	if f == nil {
		return syscall.ENOENT
	}
	delete(d.names, from)
	d.names[to] = f
	d.renames = append(d.renames, rename{from: from, to: to, file: f})
	return nil
}

func (d *Disk) remove(name string) error {
	f := d.names[name]
	if f == nil {
		return syscall.ENOENT
	}
	delete(d.names, name)
	d.renames = append(d.renames, rename{from: name, file: f})
	return nil
}

func (f *inode) write(p []byte, off int64) {
	c := change{off, append([]byte{}, p...)}
	f.cache = c.apply(f.cache)
	f.changes = append(f.changes, c)
}

func (f *inode) resize(size int64) {
	c := change{off: size}
	f.cache = c.apply(f.cache)
	f.changes = append(f.changes, c)
}

func (c change) apply(b []byte) []byte {
	end := c.off + int64(len(c.data))
	if grow := end - int64(len(b)); grow > 0 {
		b = append(b, make([]byte, grow)...)
	}
	if c.data == nil {
		return b[:c.off:c.off] // so that growing again finds zeros
	}
	copy(b[c.off:], c.data)
	return b
}

// sync makes the changes of a file durable, up to the n-th ever.
func (d *Disk) sync(f *inode, n int) {
	n = max(0, n-f.synced)
	for _, c := range f.changes[:n] {
		f.disk = c.apply(f.disk)
		for name, g := range d.durable {
			if g == f && d.mirror {
				d.through(name, c)
			}
		}
	}
	f.changes = slices.Delete(f.changes, 0, n)
	f.synced += n
}

// syncNames makes the changes of names durable, up to the n-th ever.
func (d *Disk) syncNames(n int) {
	n = max(0, n-d.named)
	for _, r := range d.renames[:n] {
		d.applyName(r)
	}
	d.renames = slices.Delete(d.renames, 0, n)
	d.named += n
}

func (d *Disk) applyName(r rename) {
	if r.from != "" && d.durable[r.from] == r.file {
		delete(d.durable, r.from)
	}
	if r.to != "" {
		d.durable[r.to] = r.file
	}
	if !d.mirror {
		return
	}
	var err error
	if r.to != "" { // in one step, as the file system would
		tmp := filepath.Join(d.root, ".crashdisk")
		if err = os.WriteFile(tmp, r.file.disk, 0o600); err == nil {
			err = os.Rename(tmp, filepath.Join(d.root, r.to))
		}
	}
	if r.from != "" && err == nil {
		if err = os.Remove(filepath.Join(d.root, r.from)); errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
	}
	d.must(err)
}

// through applies a change to the real file.
func (d *Disk) through(name string, c change) {
	f, err := os.OpenFile(filepath.Join(d.root, name), os.O_RDWR, 0)
	d.must(err)
	if c.data == nil {
		err = f.Truncate(c.off)
	} else {
		_, err = f.WriteAt(c.data, c.off)
	}
	d.must(err)
	d.must(f.Close())
}

// must is for the real directory, without which no test makes sense.
func (d *Disk) must(err error) {
	if err != nil {
		panic(fmt.Sprint("crashdisk: ", err))
	}
}

// Names lists the files that programs see.
func (d *Disk) Names() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.sorted()
}

func (d *Disk) sorted() []string {
	var all []string
	for name := range d.names {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}

// Read returns what programs see of a file, nil if it does not exist.
func (d *Disk) Read(name string) []byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	if f := d.names[name]; f != nil {
		return append([]byte{}, f.cache...)
	}
	return nil
}

// Write makes a file have these contents, durably.
func (d *Disk) Write(name string, contents []byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f := &inode{cache: slices.Clone(contents), disk: slices.Clone(contents)}
	d.names[name] = f
	d.applyName(rename{to: name, file: f})
}

// Delete takes a file's name away, durably.
func (d *Disk) Delete(name string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f := d.names[name]
	delete(d.names, name)
	d.applyName(rename{from: name, file: f})
}

// Count returns how many operations of a kind there were on files whose name
// begins with prefix.
func (d *Disk) Count(code driver.Code, prefix string) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := 0
	for name, count := range d.ops {
		if strings.HasPrefix(name, opName(code, prefix)) {
			n += count
		}
	}
	return n
}

// opName is the name of an operation on a file, as points of a crash have it.
func opName(code driver.Code, file string) string { return code.String() + " " + file }
