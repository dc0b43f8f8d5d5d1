package server

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rouse-go/rouse/examples/kvd/internal/crashdisk"
	"github.com/rouse-go/rouse/examples/kvd/internal/durable"
)

// A torn tail is cut, with one line in the log that says where.
func TestTornTailIsCut(t *testing.T) {
	b := newBox(t, durable.Config{})
	p := b.start().connect()
	p.expect("SET a 1\r\n", "+OK\r\n")
	p.expect("SET b 2\r\n", "+OK\r\n")
	b.kill()
	name := "log-00000001.aof"
	log := b.disk.Read(name)
	cut := log[:len(log)-3]
	b.disk.Write(name, cut)
	w := b.start()
	at := 64 + (len(log)-64)/2
	want := fmt.Sprintf(`level=WARN msg="kvd: cut a torn tail off the log; it was not durable yet" file=%s offset=%d bytes=%d reason="batch 2 is cut off"`,
		filepath.Join(b.dir, name), at, len(cut)-at)
	if got := w.log.String(); strings.Count(got, "WARN") != 1 || !strings.Contains(got, want) {
		t.Errorf("the log says %q, want %q", got, want)
	}
	if n := len(b.disk.Read(name)); n != at {
		t.Errorf("the log has %d bytes, want %d", n, at)
	}
	p = w.connect()
	p.expect("MGET a b\r\n", "*2\r\n"+bulk("1")+"$-1\r\n")
	p.expect("SET c 3\r\n", "+OK\r\n")
	b.crash()
	w = b.start()
	w.connect().expect("MGET a b c\r\n", "*3\r\n"+bulk("1")+"$-1\r\n"+bulk("3"))
	if strings.Contains(w.log.String(), "WARN") {
		t.Errorf("the next start says %q", w.log.String())
	}
}

// Corruption stops the start, with an error that says where, and no file is
// touched.
func TestCorruptionStopsTheStart(t *testing.T) {
	b := newBox(t, durable.Config{})
	p := b.start().connect()
	for i := range 10 {
		p.expect(fmt.Sprintf("SET k%d v\r\n", i), "+OK\r\n")
	}
	p.expect("BGREWRITEAOF\r\n", "+Background append only file rewriting started\r\n")
	for i := range 10 {
		p.expect(fmt.Sprintf("SET k%d w\r\n", i), "+OK\r\n")
	}
	b.kill()
	log, base := "log-00000002.aof", "base-00000002.aof"
	for _, c := range []struct {
		name string
		at   int
		want string
	}{
		{log, 0, "corrupt at offset 0: the file's header is damaged, or it is not a file of kvd's"},
		{log, 64, "corrupt at offset 64: the header of a batch is damaged, and the batch at offset "},
		{log, 110, "corrupt at offset 64: the commands of batch 11 are damaged, and the batch at offset "},
		{base, 20, "corrupt at offset 0: the file's header is damaged"},
		{base, 70, "corrupt at offset 64: the header of a batch is damaged, and the file was complete when it got its name"},
		{base, -1, "and the file was complete when it got its name"},
	} {
		bad := crashdisk.New(b.dir, 1)
		for _, name := range b.disk.Names() {
			contents := b.disk.Read(name)
			if name == c.name && c.at >= 0 {
				contents[c.at] ^= 0x20
			} else if name == c.name {
				contents = contents[:len(contents)-1]
			}
			bad.Write(name, contents)
		}
		bad.Write("base-00000003.tmp", []byte("half"))
		files := contents(bad)
		_, err := startWorld(t, b.cfg, bad)
		path := filepath.Join(b.dir, c.name)
		if err == nil || !strings.HasPrefix(err.Error(), "kvd: "+path+": ") || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "no file was changed") {
			t.Errorf("%s with byte %d changed: %v, want %q", c.name, c.at, err, c.want)
		}
		if got := contents(bad); got != files {
			t.Errorf("%s with byte %d changed: the files are different now", c.name, c.at)
		}
	}
}

// A file that is missing stops the start, too.
func TestMissingFileStopsTheStart(t *testing.T) {
	b := newBox(t, durable.Config{})
	b.start().connect().expect("SET a 1\r\n", "+OK\r\n")
	b.kill()
	for missing, want := range map[string]string{
		"log-00000001.aof":  "log-00000001.aof is missing, which base-00000001.aof needs; no file was changed",
		"base-00000001.aof": "log-00000001.aof: it has data, but the base that it follows is missing; no file was changed",
	} {
		bad := crashdisk.New(b.dir, 1)
		for _, name := range b.disk.Names() {
			if name != missing {
				bad.Write(name, b.disk.Read(name))
			}
		}
		if _, err := startWorld(t, b.cfg, bad); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("without %s: %v", missing, err)
		}
	}
}
