package manual_test

import (
	"errors"
	"net/netip"
	"syscall"
	"testing"

	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/driver/manual"
)

func listenAndConnect(t *testing.T, d *manual.Driver, backlog, clients int) (l driver.Handle, connects []*driver.Op) {
	listen := &driver.Op{Code: driver.Listen, Args: &driver.Args{Network: "tcp", Addr: netip.MustParseAddrPort("10.0.0.1:80"), Backlog: backlog}}
	if d.Submit(listen); listen.Err != nil {
		t.Fatal(listen.Err)
	}
	for range clients {
		op := &driver.Op{Code: driver.Connect, Args: &driver.Args{Network: "tcp", Addr: netip.MustParseAddrPort("10.0.0.1:80")}}
		if d.Submit(op) {
			t.Fatalf("Connect is done at once: %v", op.Err)
		}
		connects = append(connects, op)
	}
	return listen.Handle, connects
}

func wantDone(t *testing.T, ops []*driver.Op, want ...bool) {
	t.Helper()
	for i, op := range ops {
		if op.Done() != want[i] {
			t.Errorf("connect %d: done is %v, want %v", i, op.Done(), want[i])
		}
	}
}

// A client beyond the backlog waits until there is room; one that gives up
// makes room.
func TestBacklog(t *testing.T) {
	d := open(t, manual.Config{})
	defer d.Close()
	l, c := listenAndConnect(t, d, 1, 4)
	d.Park(0)
	wantDone(t, c, true, false, false, false)
	d.Cancel(c[2])
	d.Park(0)
	wantDone(t, c, true, false, true, false)
	acc := &driver.Op{Code: driver.Accept, Handle: l, Args: &driver.Args{}}
	for _, want := range [][]bool{{true, true, true, false}, {true, true, true, true}} {
		if !d.Submit(acc) || acc.Err != nil {
			t.Fatalf("Accept: %v", acc.Err)
		}
		acc.Reset()
		d.Park(0)
		wantDone(t, c, want...)
	}
}

// Closing a listener refuses those who still connect and resets the others.
func TestCloseListener(t *testing.T) {
	d := open(t, manual.Config{})
	defer d.Close()
	l, c := listenAndConnect(t, d, 1, 2)
	d.Park(0)
	d.Submit(&driver.Op{Code: driver.CloseHandle, Handle: l})
	d.Park(0)
	wantDone(t, c, true, true)
	if !errors.Is(c[1].Err, syscall.ECONNREFUSED) {
		t.Errorf("the second connect: %v", c[1].Err)
	}
	r := &driver.Op{Code: driver.Recv, Handle: c[0].Handle, Buf: make([]byte, 1)}
	if d.Submit(r); !errors.Is(r.Err, syscall.ECONNRESET) {
		t.Errorf("Recv of the first: %v", r.Err)
	}
}
