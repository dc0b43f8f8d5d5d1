package crashdisk

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/driver/manual"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/fileio"
)

// on runs fn as a fiber on an executor with the disk under it. A crash ends it.
func on(t *testing.T, disk *Disk, fn func(ctx context.Context) error) {
	t.Helper()
	drv, err := manual.New(manual.Config{AutoAdvance: true})
	if err != nil {
		t.Fatal(err)
	}
	ex, err := executor.New(executor.Config{Driver: NewDriver(drv, disk)})
	if err != nil {
		t.Fatal(err)
	}
	defer ex.Close()
	ended := false
	executor.SpawnFiber(context.Background(), ex, func(ctx context.Context) (struct{}, error) {
		if err := fn(ctx); err != nil && !disk.Crashed() {
			t.Error(err)
		}
		ended = true
		return struct{}{}, nil
	}).Detach()
	if err := ex.RunUntilIdle(); err != nil {
		t.Fatal(err)
	}
	if !ended && !disk.Crashed() {
		t.Fatal("the fiber waits for ever")
	}
}

func write(ctx context.Context, path string, sync bool, parts ...string) error {
	f, err := fileio.OpenFile(ctx, path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	off := int64(0)
	for _, p := range parts {
		n, err := f.WriteAt(ctx, []byte(p), off)
		if err != nil {
			return err
		}
		off += int64(n)
	}
	if sync {
		return f.Datasync(ctx)
	}
	return nil
}

func syncDir(ctx context.Context) error {
	f, err := fileio.Open(ctx, "/data")
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync(ctx)
}

func TestOnlySyncedThingsAreSure(t *testing.T) {
	blocks := []string{strings.Repeat("a", 3000), strings.Repeat("b", 3000), strings.Repeat("c", 100)}
	all := strings.Join(blocks, "")
	outcomes := map[string]int{}
	for seed := range uint64(200) {
		disk := New("/data", seed)
		on(t, disk, func(ctx context.Context) error {
			return errors.Join(
				write(ctx, "/data/kept", true, blocks...),
				syncDir(ctx),
				write(ctx, "/data/torn", false, blocks...),
				syncDir(ctx),
				write(ctx, "/data/unnamed", true, blocks...),
			)
		})
		if got := string(disk.Read("torn")); got != all {
			t.Fatalf("a read sees %d bytes", len(got))
		}
		after := disk.Crash()
		if got := string(after.Read("kept")); got != all {
			t.Fatalf("seed %d: of what was synced %d bytes are left", seed, len(got))
		}
		switch got := after.Read("torn"); {
		case got == nil:
			t.Fatalf("seed %d: a name that was synced is gone", seed)
		case string(got) == all:
			outcomes["whole"]++
		case len(got) == 0:
			outcomes["empty"]++
		case bytes.IndexByte(got, 0) >= 0:
			outcomes["holes"]++
		default:
			outcomes["part"]++
		}
		switch got := after.Read("unnamed"); {
		case got == nil:
			outcomes["no name"]++
		case string(got) != all:
			t.Fatalf("seed %d: a file that was synced has lost bytes", seed)
		default:
			outcomes["name"]++
		}
	}
	for _, o := range []string{"whole", "empty", "holes", "part", "no name", "name"} {
		if outcomes[o] == 0 {
			t.Errorf("%q never happens: %v", o, outcomes)
		}
	}
}

func TestNames(t *testing.T) {
	seen := map[string]bool{}
	for seed := range uint64(100) {
		disk := New("/data", seed)
		disk.Write("a", []byte("1"))
		on(t, disk, func(ctx context.Context) error {
			err := errors.Join(
				write(ctx, "/data/b", true, "2"),
				fileio.Rename(ctx, "/data/b", "/data/a"),
			)
			if _, e := fileio.Open(ctx, "/data/b"); !errors.Is(e, syscall.ENOENT) {
				t.Errorf("the old name: %v", e)
			}
			return err
		})
		if !slices.Equal(disk.Names(), []string{"a"}) {
			t.Fatal(disk.Names())
		}
		after := disk.Crash()
		got := string(after.Read("a"))
		if got != "1" && got != "2" {
			t.Fatalf("a is %q", got)
		}
		seen[strings.Join(after.Names(), " ")+" "+got] = true
	}
	for _, want := range []string{"a 1", "a b 1", "a 2"} {
		if !seen[want] {
			t.Errorf("%q never happens: %v", want, seen)
		}
	}
}

func TestFaults(t *testing.T) {
	disk := New("/data", 1)
	on(t, disk, func(ctx context.Context) error {
		disk.Fail(&Fault{Code: driver.WriteAt, File: "f", Err: syscall.ENOSPC, Left: 1})
		if err := write(ctx, "/data/f", true, "xxxx"); !errors.Is(err, syscall.ENOSPC) {
			t.Error(err)
		}
		disk.Fail(&Fault{Code: driver.Sync, File: "f", Err: syscall.EIO, Left: 1})
		if err := write(ctx, "/data/f", true, "yyyy"); !errors.Is(err, syscall.EIO) {
			t.Error(err)
		}
		return errors.Join(write(ctx, "/data/f", true), syncDir(ctx)) // the cache is clean, so nothing is written
	})
	if got := string(disk.Read("f")); got != "yyyy" {
		t.Errorf("a read sees %q", got)
	}
	if got := string(disk.Crash().Read("f")); got != "" {
		t.Errorf("on the disk is %q", got)
	}
	if n := disk.Count(driver.Sync, "f"); n != 2 {
		t.Errorf("%d syncs", n)
	}
}

// The power fails at the point that was asked for, and nothing goes on.
func TestCrashWhen(t *testing.T) {
	for _, at := range []string{"WriteAt f", "Sync f", "half Sync f", "Open f"} {
		disk := New("/data", 1)
		var where string
		disk.CrashWhen(func(p string) bool { return p == at }, func(p string) { where = p })
		on(t, disk, func(ctx context.Context) error {
			err := write(ctx, "/data/f", true, "x")
			if !errors.Is(err, rouse.ErrCanceled) {
				t.Errorf("%s: goes on: %v", at, err)
			}
			return nil
		})
		if where != at {
			t.Errorf("crashed at %q, want %q", where, at)
		}
	}
}

// What is durable is in the real directory, and no more.
func TestMirror(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "old"), []byte("before"), 0o600); err != nil {
		t.Fatal(err)
	}
	disk, err := Mirror(dir, 1)
	if err != nil {
		t.Fatal(err)
	}
	real := func(name string) string {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return "none"
		}
		return string(b)
	}
	on(t, disk, func(ctx context.Context) error {
		if got := string(disk.Read("old")); got != "before" {
			t.Errorf("old is %q", got)
		}
		path := filepath.Join(dir, "new")
		err := write(ctx, path, true, "data")
		if real("new") != "none" {
			t.Error("a name is there before its directory was synced")
		}
		dirFile, e := fileio.Open(ctx, dir)
		err = errors.Join(err, e, dirFile.Sync(ctx), write(ctx, path, false, "more data"))
		if got := real("new"); got != "data" {
			t.Errorf("new is %q", got)
		}
		err = errors.Join(err, write(ctx, path, true), fileio.Remove(ctx, filepath.Join(dir, "old")), dirFile.Sync(ctx))
		if real("new") != "more data" || real("old") != "none" {
			t.Errorf("new is %q, old %q", real("new"), real("old"))
		}
		return errors.Join(err, dirFile.Close())
	})
}

var _ driver.Driver = (*Driver)(nil)

// A Sync takes its time, which others use.
func TestLatency(t *testing.T) {
	drv, err := manual.New(manual.Config{AutoAdvance: true})
	if err != nil {
		t.Fatal(err)
	}
	disk := New("/data", 1)
	d := NewDriver(drv, disk)
	d.Latency = time.Second
	open := &driver.Op{Code: driver.Open, Args: &driver.Args{Path: "/data/f", Flags: os.O_CREATE}}
	d.Submit(open)
	if _, err := d.Park(driver.Forever); err != nil || !open.Done() {
		t.Fatal(err, open.Done())
	}
	sync := &driver.Op{Code: driver.Sync, Handle: open.Handle}
	d.Submit(sync)
	for range 3 {
		if _, err := d.Park(driver.Forever); err != nil {
			t.Fatal(err)
		}
		if sync.Done() {
			break
		}
	}
	if !sync.Done() || d.Now() < int64(time.Second) {
		t.Errorf("done %v after %d ns", sync.Done(), d.Now())
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
}
