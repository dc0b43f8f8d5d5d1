//go:build linux

package uring

import (
	"bytes"
	"math/rand/v2"
	"os"
	"runtime"
	"runtime/debug"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/rouse-go/rouse/driver"
)

// eager has the collector run all the time while a test runs.
func eager(t *testing.T) {
	old := debug.SetGCPercent(1)
	t.Cleanup(func() { debug.SetGCPercent(old) })
}

// litter fills what the collector has freed, so that who still reads it gets
// something else, and who writes to it spoils something.
func litter() (junk [][]byte) {
	runtime.GC()
	for range 64 {
		junk = append(junk, bytes.Repeat([]byte{0xee}, 4096))
	}
	return junk
}

// The points at which a test breaks in after it has submitted something: nothing
// was told to the kernel yet; the kernel has it; its completion may be there.
var points = []struct {
	name string
	do   func(d *Driver)
}{
	{"Prepared", func(*Driver) {}},
	{"Submitted", func(d *Driver) { d.enter(0) }},
	{"Parked", func(d *Driver) { d.Park(0) }},
	{"Late", func(d *Driver) { d.enter(0); time.Sleep(time.Millisecond) }},
}

// What is done at a point. stays says that the driver lives on.
var breaks = []struct {
	name string
	do   func(d *Driver, h driver.Handle, ops []*driver.Op) (stays bool)
}{
	{"Nothing", func(*Driver, driver.Handle, []*driver.Op) bool { return true }},
	{"Cancel", func(d *Driver, _ driver.Handle, ops []*driver.Op) bool {
		for _, op := range ops {
			d.Cancel(op)
		}
		return true
	}},
	{"Abandon", func(d *Driver, _ driver.Handle, ops []*driver.Op) bool {
		for k, op := range ops {
			op.Abandon(d)
			ops[k] = nil // nobody but the driver has it now
		}
		return true
	}},
	{"CloseHandle", func(d *Driver, h driver.Handle, _ []*driver.Op) bool {
		d.Submit(&driver.Op{Code: driver.CloseHandle, Handle: h})
		return true
	}},
	{"Close", func(d *Driver, _ driver.Handle, _ []*driver.Op) bool {
		d.Close()
		return false
	}},
}

// eachBreak runs a test for each point and break, each with a driver of its own.
func eachBreak(t *testing.T, prepare func(t *testing.T, d *Driver) (h driver.Handle, ops []*driver.Op, check func())) {
	for _, p := range points {
		for _, b := range breaks {
			t.Run(p.name+b.name, func(t *testing.T) {
				eager(t)
				d := start(t, Config{})
				h, ops, check := prepare(t, d)
				p.do(d)
				if b.do(d, h, ops) {
					junk := litter()
					for _, op := range ops {
						for deadline := d.Now() + int64(patience); op != nil && op.InFlight() && d.Now() < deadline; {
							d.Park(d.Now() + int64(time.Millisecond))
						}
						if op != nil && op.InFlight() && b.name != "Nothing" {
							t.Errorf("%v does not end", op.Code)
						}
					}
					runtime.KeepAlive(junk)
				}
				litter()
				check()
			})
		}
	}
}

// A buffer is the caller's again when its op is done: nothing is written to it
// any more. And until then it is the kernel's, also if the caller has let go.
func TestConformance_145_FileMemory(t *testing.T) {
	path := t.TempDir() + "/f"
	const size, pieces = 4096, 32
	if err := os.WriteFile(path, bytes.Repeat([]byte("r"), size*pieces), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, direct := range []bool{false, true} {
		eachBreak(t, func(t *testing.T, d *Driver) (driver.Handle, []*driver.Op, func()) {
			open := run(t, d, &driver.Op{Code: driver.Open, Args: &driver.Args{Path: path, Flags: os.O_RDWR, Direct: direct}})
			if open.Err != nil {
				t.Skip(open.Err)
			}
			var ops []*driver.Op
			for k := range pieces {
				op := &driver.Op{Code: driver.ReadAt, Handle: open.Handle, Off: int64(k) * size, Buf: aligned(size)}
				if k%4 == 3 {
					op.Code = driver.WriteAt
					copy(op.Buf, bytes.Repeat([]byte("r"), size))
				}
				d.Submit(op)
				ops = append(ops, op)
			}
			held := append([]*driver.Op(nil), ops...)
			return open.Handle, ops, func() {
				for k, op := range held {
					if k%4 == 3 || op.InFlight() {
						continue
					}
					if op.Done() && op.Err == nil && op.N == size && !bytes.Equal(op.Buf, bytes.Repeat([]byte("r"), size)) {
						t.Errorf("read %d brought other bytes", k)
					}
					for i := range op.Buf {
						op.Buf[i] = 0xdd
					}
				}
				time.Sleep(time.Millisecond) // what is late comes now
				for k, op := range held {
					if k%4 != 3 && !op.InFlight() && !bytes.Equal(op.Buf, bytes.Repeat([]byte{0xdd}, size)) {
						t.Errorf("the buffer of read %d was written to after it was done", k)
					}
				}
				if b, err := os.ReadFile(path); err != nil || !bytes.Equal(b, bytes.Repeat([]byte("r"), size*pieces)) {
					t.Error("a write took other bytes than its own", err)
				}
				if !d.closed {
					run(t, d, &driver.Op{Code: driver.CloseHandle, Handle: open.Handle}) // once more, perhaps
					rest(t, d, 0)
				}
				if n := opened(t, path); n != 0 {
					t.Errorf("the file is open %d times after it was closed", n)
				}
			}
		})
	}
}

// opened counts the descriptors of a file.
func opened(t *testing.T, path string) (n int) {
	l, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range l {
		if to, err := os.Readlink("/proc/self/fd/" + e.Name()); err == nil && to == path {
			n++
		}
	}
	return n
}

// aligned returns a buffer as direct I/O wants it.
func aligned(n int) []byte {
	b := make([]byte, 2*n)
	off := -int(uintptr(unsafe.Pointer(&b[0]))) & (n - 1)
	return b[off : off+n : off+n]
}

// Receives, sends and connects under the same treatment: what the peer gets is a
// prefix of what was sent, and the driver comes to rest.
func TestConformance_145_SocketMemory(t *testing.T) {
	for _, zc := range []int{0, 1} {
		eachBreak(t, func(t *testing.T, d *Driver) (driver.Handle, []*driver.Op, func()) {
			d.cfg.ZeroCopy = zc
			srv := serve(t, d)
			h, c := srv.pair()
			data := make([]byte, 50_000)
			for i := range data {
				data[i] = byte(i % 251)
			}
			want := bytes.Clone(data)
			recv := &driver.Op{Code: driver.Recv, Handle: h, Buf: make([]byte, 100)}
			send := &driver.Op{Code: driver.Send, Handle: h, Buf: data}
			connect := &driver.Op{Code: driver.Connect, Args: &driver.Args{Network: "tcp", Addr: run(t, d, &driver.Op{Code: driver.Query, Handle: srv.h, Args: &driver.Args{}}).Args.Local}}
			c.Write([]byte("hello"))
			d.Submit(recv)
			d.Submit(send)
			d.Submit(connect)
			if send.Done() { // then the bytes were taken: the caller's may change
				for i := range data {
					data[i] = 0xdd
				}
			}
			return h, []*driver.Op{recv, connect}, func() {
				got, _, done := readAll(d, c)
				if !d.closed {
					d.Submit(&driver.Op{Code: driver.CloseHandle, Handle: h})
					parkUntil(t, d, "the peer's end", done)
				} else {
					<-done
				}
				if !bytes.HasPrefix(want, *got) || !d.closed && len(*got) != len(want) {
					t.Errorf("the peer got %d bytes of %d, or others", len(*got), len(want))
				}
				if !d.closed {
					for i := range d.slots.All() {
						d.Submit(&driver.Op{Code: driver.CloseHandle, Handle: d.slots.Handle(i)})
					}
					rest(t, d, 0)
				}
			}
		})
	}
}

// A completion whose record was given back, and perhaps taken again, is nobody's.
func TestStaleCompletion(t *testing.T) {
	d := start(t, Config{})
	h, c := pair(t, d)
	op := &driver.Op{Code: driver.Recv, Handle: h, Buf: make([]byte, 10)}
	d.Submit(op)
	_, s := d.slots.Get(h)
	old := s.in
	if _, err := d.Park(0); err != nil {
		t.Fatal(err)
	}
	shut(t, d, h)
	rest(t, d, 0)
	fresh, _ := d.begin(dutyFile, 0)
	if uint32(fresh) != uint32(old) || fresh == old {
		t.Fatalf("the record %#x was not taken again as %#x", old, fresh)
	}
	d.entry().Nop(uint64(old)) // as if the kernel were late
	if n, err := d.Park(0); n != 0 || err != nil {
		t.Fatalf("a stale completion completed %d, %v", n, err)
	}
	if _, r := d.requests.Get(fresh); r == nil || d.busy != 1 {
		t.Error("a stale completion ended another request")
	}
	d.retire(fresh)
	c.Close()
}

// Operations at random, for as long as a short test may take, with everything
// closed at the end: no record, no slot and no buffer is left.
func TestRandomEnds(t *testing.T) {
	eager(t)
	for seed := range uint64(10) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		d := start(t, Config{Entries: 8, Buffers: 64, BufferSize: 1024})
		srv := serve(t, d)
		var open []driver.Handle
		var ops []*driver.Op
		for range 600 {
			switch k := rnd.IntN(12); {
			case k == 0 || len(open) == 0:
				h, c := srv.pair()
				c.Write(make([]byte, rnd.IntN(20_000)))
				open = append(open, h)
			case k == 1:
				i := rnd.IntN(len(open))
				d.Submit(&driver.Op{Code: driver.CloseHandle, Handle: open[i]})
				open[i] = open[len(open)-1]
				open = open[:len(open)-1]
			case k < 5:
				op := &driver.Op{Code: driver.Recv, Handle: open[rnd.IntN(len(open))], Buf: make([]byte, 1+rnd.IntN(3000))}
				if !d.Submit(op) {
					ops = append(ops, op)
				}
			case k < 8:
				op := &driver.Op{Code: driver.Send, Handle: open[rnd.IntN(len(open))], Buf: make([]byte, 1+rnd.IntN(3000))}
				if !d.Submit(op) {
					ops = append(ops, op)
				}
			case k == 8 && len(ops) > 0:
				d.Cancel(ops[rnd.IntN(len(ops))])
			case k == 9:
				d.Submit(&driver.Op{Code: driver.Shutdown, Handle: open[rnd.IntN(len(open))], Args: &driver.Args{How: []int{unix.SHUT_RD, unix.SHUT_WR, unix.SHUT_RDWR}[rnd.IntN(3)]}})
			case k == 10 && rnd.IntN(3) == 0:
				d.Submit(&driver.Op{Code: driver.SetOption, Handle: open[rnd.IntN(len(open))], Args: &driver.Args{Option: driver.Linger, Value: 0}})
			default:
				if _, err := d.Park(0); err != nil {
					t.Fatal(err)
				}
			}
		}
		for _, h := range append(open, srv.h) {
			d.Submit(&driver.Op{Code: driver.CloseHandle, Handle: h})
		}
		for _, op := range ops {
			if op.InFlight() {
				t.Errorf("seed %d: %v is in flight after its Handle was closed", seed, op.Code)
			}
		}
		rest(t, d, 0)
	}
}
