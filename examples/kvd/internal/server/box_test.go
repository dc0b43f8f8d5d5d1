package server

import (
	"bytes"
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/rouse-go/rouse/examples/kvd/internal/crashdisk"
	"github.com/rouse-go/rouse/examples/kvd/internal/durable"
)

// A box is a data directory on a crashdisk, for one world after another.
type box struct {
	t    *testing.T
	dir  string
	disk *crashdisk.Disk
	cfg  Config
	w    *world // the latest

	cores int // 0: 1
}

func newBox(t *testing.T, data durable.Config) *box {
	t.Helper()
	data.Dir = t.TempDir()
	return &box{t: t, dir: data.Dir, disk: crashdisk.New(data.Dir, 1), cfg: Config{Data: data}}
}

// start starts a server on what is on the disk.
func (b *box) start() *world {
	b.t.Helper()
	w, err := b.startUntil(context.Background())
	if err != nil {
		b.t.Fatal(err)
	}
	b.w = w
	return w
}

// startUntil is start that ctx may end, and that may fail.
func (b *box) startUntil(ctx context.Context) (*world, error) {
	b.t.Helper()
	if b.cores > 1 {
		return startCores(ctx, b.t, b.cfg, b.disk, b.cores)
	}
	return startWorldUntil(ctx, b.t, b.cfg, b.disk)
}

// stop ends the server in order.
func (b *box) stop() {
	b.t.Helper()
	if err := b.w.shutdown(); err != nil {
		b.t.Fatal(err)
	}
	b.kill()
}

// kill ends the server as a kill of the process does: the disk forgets nothing.
func (b *box) kill() {
	b.t.Helper()
	b.w.close()
}

// crash lets the power fail, and has it back.
func (b *box) crash() {
	b.t.Helper()
	after := b.disk.Crash()
	b.kill()
	b.disk = after
}

// count is a counter in the present engine, asked by a client of its own.
func (b *box) count(key string) (n int) {
	b.t.Helper()
	p := b.w.connect()
	_, _ = fmt.Sscanf(p.ask("GET "+key+"\r\n"), "$%d\r\n%d", new(int), &n)
	p.close()
	return n
}

// contents is all that is in the files, to be compared.
func contents(d *crashdisk.Disk) string {
	var all bytes.Buffer
	for _, name := range d.Names() {
		fmt.Fprintf(&all, "%s %x\n", name, d.Read(name))
	}
	return all.String()
}

// engineStart is the time when a world begins, in milliseconds.
func (s *Server) engineStart() int64 { return time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli() }

// slow makes each sync take 10 ms.
const slow = 10 * time.Millisecond
