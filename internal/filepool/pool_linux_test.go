package filepool

import (
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/rouse-go/rouse/driver"
)

// files is a driver's table, as far as the pool needs one.
type files struct{ open, dropped []*File }

func (t *files) AddFile(f *File) driver.Handle {
	t.open = append(t.open, f)
	return driver.Handle(len(t.open))
}

func (t *files) DropFile(h driver.Handle) {
	f := t.open[h-1]
	f.Close()
	t.dropped = append(t.dropped, f)
}

// A fifo's open blocks until somebody opens the other side: a call that is
// stuck for as long as a test wants.
func stuckOpen(t *testing.T, p *Pool) (op *driver.Op, release func()) {
	path := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Skip(err)
	}
	op = &driver.Op{Code: driver.Open, Args: &driver.Args{Path: path, Flags: os.O_RDONLY}}
	if p.Submit(op, nil) {
		t.Fatal("Open is done at once")
	}
	for p.jobs[op.Slot].state.Load() != claimed {
		time.Sleep(time.Millisecond)
	}
	return op, func() {
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		f.Close()
	}
}

func reapUntil(t *testing.T, p *Pool, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !done(); time.Sleep(time.Millisecond) {
		if p.Reap(); time.Now().After(deadline) {
			t.Fatal("it did not end")
		}
	}
}

// What waits behind a stuck call is cancelled at once; what is stuck runs on,
// and the file that comes of it is closed if nobody wants it.
func TestStuck(t *testing.T) {
	table := new(files)
	p := New(1, table, func() {})
	stuck, release := stuckOpen(t, p)
	var behind []*driver.Op
	for range 6 {
		op := &driver.Op{Code: driver.Open, Args: &driver.Args{Path: os.DevNull}}
		p.Submit(op, nil)
		behind = append(behind, op)
	}
	last := behind[len(behind)-1]
	if p.Cancel(last); !last.Done() || last.Err != driver.ErrCanceled {
		t.Errorf("an op that no worker has: done %v, %v", last.Done(), last.Err)
	}
	stuck.Abandon(canceler{p})
	if !stuck.InFlight() {
		t.Error("a stuck call is not in flight")
	}
	release()
	reapUntil(t, p, func() bool { return p.InFlight() == 0 })
	if len(table.dropped) != 1 || table.dropped[0] != table.open[0] {
		t.Errorf("%d files were dropped, want the abandoned one", len(table.dropped))
	}
	for _, op := range behind[:5] {
		if op.Err != nil {
			t.Error(op.Err)
		}
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	for _, f := range table.open {
		f.Close()
	}
}

// canceler is the part of a driver that Abandon needs.
type canceler struct{ p *Pool }

func (c canceler) Cancel(op *driver.Op)  { c.p.Cancel(op) }
func (canceler) Name() string            { return "" }
func (canceler) Submit(*driver.Op) bool  { panic("unused") }
func (canceler) Park(int64) (int, error) { panic("unused") }
func (canceler) Unpark()                 {}
func (canceler) Now() int64              { return 0 }
func (canceler) Wall() time.Time         { return time.Time{} }
func (canceler) Close() error            { return nil }

// Close does not wait for ever, says so, and the late file is closed.
func TestCloseWhileStuck(t *testing.T) {
	var told atomic.Bool
	p := New(2, new(files), func() { told.Store(true) })
	p.closeWait = 20 * time.Millisecond
	op, release := stuckOpen(t, p)
	err := p.Close()
	if err == nil || !strings.Contains(err.Error(), "stuck") {
		t.Errorf("Close: %v", err)
	}
	if !op.Done() || op.Err != driver.ErrClosed {
		t.Errorf("the stuck op: %v, %v", op.Done(), op.Err)
	}
	release()
	p.wg.Wait()
	if !told.Load() || p.done.head.Load() != &closedHead {
		t.Error("the late result went onto a stack that nobody reads")
	}
}
