package durable

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/driver/manual"
	"github.com/rouse-go/rouse/examples/kvd/internal/aof"
	"github.com/rouse-go/rouse/examples/kvd/internal/crashdisk"
	"github.com/rouse-go/rouse/examples/kvd/internal/engine"
	"github.com/rouse-go/rouse/executor"
)

// hasty is a driver whose clock goes on by a quarter of a second whenever
// somebody looks.
type hasty struct {
	*crashdisk.Driver
	clock *manual.Driver
}

func (d hasty) Now() int64 {
	d.clock.Advance(250 * time.Millisecond)
	return d.clock.Now()
}

// newHasty makes an executor that is closed at the end of the test.
func newHasty(t *testing.T, disk *crashdisk.Disk) *executor.Local {
	t.Helper()
	m, err := manual.New(manual.Config{})
	if err != nil {
		t.Fatal(err)
	}
	ex, err := executor.New(executor.Config{Driver: hasty{crashdisk.NewDriver(m, disk), m}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := ex.Close(); err != nil {
			t.Error(err)
		}
	})
	return ex
}

// open opens a Log on a disk and ends everything at the end of the test.
func open(t *testing.T, ctx context.Context, disk *crashdisk.Disk, dir string) (l *Log, ex *executor.Local, log *bytes.Buffer, err error) {
	t.Helper()
	ex = newHasty(t, disk)
	log = &bytes.Buffer{}
	l, err = Open(ctx, ex, engine.New(engine.Config{}), Config{Dir: dir, Log: slog.New(slog.NewTextHandler(log, nil))})
	if l != nil {
		t.Cleanup(l.Unlock)
	}
	return l, ex, log, err
}

// fill makes a directory with a log of n batches, each of a key with the value.
func fill(t *testing.T, n int, value string) (disk *crashdisk.Disk, dir string) {
	t.Helper()
	dir = t.TempDir()
	disk = crashdisk.New(dir, 1)
	l, ex, _, err := open(t, t.Context(), disk, dir)
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		l.Append(0, [][]byte{[]byte("SET"), fmt.Appendf(nil, "k%d", i), []byte(value)})
		if l.Behind() {
			if err := ex.RunUntilIdle(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return disk, dir
}

// A long replay tells how far it is, every other second.
func TestProgress(t *testing.T) {
	disk, dir := fill(t, 100, "v")
	_, _, log, err := open(t, t.Context(), disk, dir)
	if err != nil {
		t.Fatal(err)
	}
	text := log.String()
	lines := strings.Count(text, `msg="kvd: loading" file=log-00000001.aof percent=`)
	if lines < 5 || lines > 100*250/2000+1 {
		t.Errorf("a replay of some 25 seconds is told of in %d lines:\n%s", lines, text)
	}
	if !strings.Contains(text, `msg="kvd: data loaded"`) || !strings.Contains(text, " commands=100 ") {
		t.Errorf("the log says %q", text)
	}
}

// So does a start that divides the data anew, while it reads and while it writes.
func TestProgressOfResharding(t *testing.T) {
	disk, dir := fill(t, 40, strings.Repeat("v", rewriteChunk))
	ex := newHasty(t, disk)
	var log bytes.Buffer
	d, err := Take(Config{Dir: dir, Log: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	_, err = executor.RunUntil[struct{}](ex, executor.SpawnFiber(t.Context(), ex, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, d.Arrange(ctx, ex, 2)
	}))
	if err != nil {
		t.Fatal(err)
	}
	text := log.String()
	for _, line := range []string{`msg="kvd: loading" file=log-00000001.aof percent=`, `msg="kvd: dividing" shard=0 of=1 bytes=`} {
		if strings.Count(text, line) < 3 {
			t.Errorf("%q is not there three times:\n%s", line, text)
		}
	}
}

// A ctx that has ended ends the start, which leaves everything as it was.
func TestOpenEndsWithItsCtx(t *testing.T) {
	disk, dir := fill(t, 10, "v")
	before := string(disk.Read(place{}.log(1)))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, _, err := open(t, ctx, disk, dir); !errors.Is(err, context.Canceled) {
		t.Errorf("Open with a ctx that has ended: %v", err)
	}
	if string(disk.Read(place{}.log(1))) != before {
		t.Error("the log is different now")
	}
	if l, _, _, err := open(t, t.Context(), disk, dir); err != nil || l.Position() != 0 || l.Behind() {
		t.Errorf("the next start: %v", err)
	}
}

func TestNames(t *testing.T) {
	for _, gen := range []uint64{1, 99_999_999, 123_456_789_012} {
		for _, p := range []place{{}, {0, 2}, {1, 2}, {63, 64}} {
			for _, want := range []struct {
				name string
				fileName
			}{{p.base(gen), fileName{aof.Base, gen, p, false}}, {p.temp(gen), fileName{aof.Base, gen, p, true}}, {p.log(gen), fileName{aof.Log, gen, p, false}}} {
				if got, ok := parseName(want.name); got != want.fileName || !ok {
					t.Errorf("%s: %v %v", want.name, got, ok)
				}
			}
		}
	}
	for _, name := range []string{"", lockName, manifestName, manifestTemp, "base-1.aof", "base-00000000.aof", "base-00000001", "log-00000001.tmp", "log-+0000001.aof", "xlog-00000001.aof", "base-00000001.aof.tmp", "log-99999999999999999999.aof",
		"log-00000001.2of2.aof", "log-00000001.0of1.aof", "log-00000001.00of2.aof", "log-00000001.-1of2.aof", "log-00000001..aof", "log-00000001.1of2.1of2.aof", "log-00000001.0of2.tmp"} {
		if _, ok := parseName(name); ok {
			t.Errorf("%q is taken for one of ours", name)
		}
	}
}

func TestPolicies(t *testing.T) {
	for _, p := range []Policy{Always, EverySecond, Never} {
		if got, err := ParsePolicy(p.String()); got != p || err != nil {
			t.Errorf("%v: %v, %v", p, got, err)
		}
	}
	if got, err := ParsePolicy("everysec"); got != EverySecond || err != nil {
		t.Error(got, err)
	}
	if _, err := ParsePolicy("often"); err == nil || err.Error() != `there is no policy "often" (give always, 1s or no)` {
		t.Error(err)
	}
}

// What was given up is not written any more: an end in the middle of a rewrite ends
// that, too, since another kvd may have the directory from then on.
func TestCloseEndsTheRewrite(t *testing.T) {
	disk, dir := fill(t, 40, strings.Repeat("v", rewriteChunk))
	l, ex, _, err := open(t, t.Context(), disk, dir)
	if err != nil {
		t.Fatal(err)
	}
	if problem := l.Rewrite(); problem != "" {
		t.Fatal(problem)
	}
	begun := func() bool { return disk.Count(driver.WriteAt, "base-00000002.tmp") > 2 }
	_, err = executor.RunUntil[struct{}](ex, executor.SpawnFiber(t.Context(), ex, func(ctx context.Context) (struct{}, error) {
		for !begun() {
			if err := executor.Yield(ctx); err != nil {
				return struct{}{}, err
			}
		}
		return struct{}{}, nil
	}))
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	writes := disk.Count(driver.WriteAt, "") + disk.Count(driver.Rename, "") + disk.Count(driver.Remove, "")
	if err := ex.RunUntilIdle(); err != nil {
		t.Fatal(err)
	}
	if now := disk.Count(driver.WriteAt, "") + disk.Count(driver.Rename, "") + disk.Count(driver.Remove, ""); now != writes {
		t.Errorf("%d changes of the disk after the end", now-writes)
	}
	if names := strings.Join(disk.Names(), " "); strings.Contains(names, ".tmp") {
		t.Errorf("there are %s", names)
	}
	if _, _, log, err := open(t, t.Context(), disk, dir); err != nil || !strings.Contains(log.String(), " commands=40 ") {
		t.Errorf("the next start: %v, %s", err, log)
	}
}
