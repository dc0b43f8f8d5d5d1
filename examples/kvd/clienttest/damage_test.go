package clienttest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// onlyLog is the file that is being written, when there was no rewrite and all
// keys are of one shard.
func onlyLog(t *testing.T, dir string) (path string) {
	logs, err := filepath.Glob(filepath.Join(dir, "log-00000001.*"))
	largest := int64(0)
	for _, name := range logs {
		if info, err := os.Stat(name); err == nil && info.Size() > largest {
			path, largest = name, info.Size()
		}
	}
	if path == "" {
		t.Fatalf("there is no log: %v", err)
	}
	return path
}

// tenBatches writes ten of them, and kills k. It returns what the log is then, and
// how long a batch is: all are of one length.
func tenBatches(t *testing.T, ctx context.Context, k *kvd, dir string) (path string, log []byte, batch int) {
	t.Helper()
	rdb := k.client(2)
	for i := range 10 {
		wantOK(t, rdb.Set(ctx, "{tag}"+strconv.Itoa(i), "v", 0))
	}
	k.kill()
	path = onlyLog(t, dir)
	log, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return path, log, (len(log) - 64) / 10
}

// A log that ends in the middle of a batch is cut, with one line that says
// where, and everything before it is there.
func TestTornTail(t *testing.T) {
	onEachData(t, func(t *testing.T, ctx context.Context, dir string, start func(args ...string) *kvd) {
		k := start()
		path, log, batch := tenBatches(t, ctx, k, dir)
		if err := os.Truncate(path, int64(len(log)-5)); err != nil {
			t.Fatal(err)
		}
		k = start()
		line := fmt.Sprintf("WARN kvd: cut a torn tail off the log; it was not durable yet file=%s offset=%d bytes=%d reason=", path, len(log)-batch, batch-5)
		k.expectLog(line)
		want(t, k.client(2).DBSize(ctx), int64(9))
		k.stop()
		if got := k.logs.text.String(); strings.Count(got, line) != 1 {
			t.Errorf("kvd says %q, want %q", got, line)
		}
		start().stop() // and all is well
	})
}

// A log that is damaged before its end stops the start with an error that says
// where, and is left as it is.
func TestCorruption(t *testing.T) {
	onEachData(t, func(t *testing.T, ctx context.Context, dir string, start func(args ...string) *kvd) {
		k := start()
		path, log, batch := tenBatches(t, ctx, k, dir)
		log[64+4*batch+45] ^= 1
		if err := os.WriteFile(path, log, 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := command(t, k.cmd.Path, k.cmd.Args[1:]...).CombinedOutput()
		wanted := fmt.Sprintf("kvd: %s: corrupt at offset %d: the commands of batch 5 are damaged, and the batch at offset %d says that this was durable; no file was changed", path, 64+4*batch, 64+5*batch)
		if exit := (*exec.ExitError)(nil); !errors.As(err, &exit) || exit.ExitCode() != 1 || !strings.Contains(string(out), wanted) {
			t.Errorf("%v, %q; want %q", err, out, wanted)
		}
		if after, err := os.ReadFile(path); err != nil || string(after) != string(log) {
			t.Errorf("the file was changed, %v", err)
		}
	})
}
