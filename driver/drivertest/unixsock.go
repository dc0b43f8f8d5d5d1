package drivertest

import (
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/rouse-go/rouse/driver"
)

var unixCases = []testCase{
	{"Unix/Path", []Feature{Network, Unix}, unixPath},
	{"Unix/Abstract", []Feature{Network, Unix, Abstract}, unixAbstract},
	{"Unix/Gone", []Feature{Network, Unix, UnixFiles}, unixGone},
	{"Unix/Stale", []Feature{Network, Unix, UnixFiles}, unixStale},
}

func (w *world) unixPair(path string) {
	w.Helper()
	l := w.must(&driver.Op{Code: driver.Listen, Args: &driver.Args{Network: "unix", Path: path}}).Handle
	if q := w.query(l); q.LocalPath != path {
		w.Errorf("the listener is at %q, want %q", q.LocalPath, path)
	}
	acc := &driver.Op{Code: driver.Accept, Handle: l, Args: &driver.Args{}}
	if acc.Poll(w.cx, w.d) {
		w.Fatal("accepted nobody")
	}
	con := w.must(&driver.Op{Code: driver.Connect, Args: &driver.Args{Network: "unix", Path: path}})
	w.must(acc)
	if q := w.query(con.Handle); q.Path != path || q.LocalPath != "" {
		w.Errorf("the client is at %q, its peer at %q", q.LocalPath, q.Path)
	}
	if q := w.query(acc.Args.Handle); q.LocalPath != path || q.Path != "" || acc.Args.Path != "" {
		w.Errorf("the server is at %q, its peer at %q", q.LocalPath, q.Path)
	}
	w.echo(con.Handle, acc.Args.Handle, "hello")
	r := &driver.Op{Code: driver.Recv, Handle: con.Handle, Buf: make([]byte, 8)}
	if r.Poll(w.cx, w.d) {
		w.Fatal("Recv of a silent connection is done")
	}
	w.shut(acc.Args.Handle)
	if w.must(r); r.N != 0 {
		w.Errorf("got %d bytes, want the end", r.N)
	}
	w.shut(l)
}

// dir returns a directory whose name is short enough for a socket's path.
func (w *world) dir() string {
	dir, err := os.MkdirTemp("", "rouse")
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func unixPath(w *world) {
	path := filepath.Join(w.dir(), "s")
	w.unixPair(path)
	if _, err := os.Lstat(path); !os.IsNotExist(err) {
		w.Errorf("closing the listener left its path: %v", err)
	}
	w.unixPair(path)
}

// Nobody listens where a listener was closed.
func unixGone(w *world) {
	path := filepath.Join(w.dir(), "s")
	w.shut(w.must(&driver.Op{Code: driver.Listen, Args: &driver.Args{Network: "unix", Path: path}}).Handle)
	con := &driver.Op{Code: driver.Connect, Args: &driver.Args{Network: "unix", Path: path}}
	w.wait(con)
	w.wantErr(con.Err, syscall.ENOENT)
}

func unixAbstract(w *world) {
	w.unixPair("@rouse-" + strconv.Itoa(os.Getpid()) + "-" + strconv.FormatInt(time.Now().UnixNano(), 36))
}

// A path that exists is the caller's affair.
func unixStale(w *world) {
	path := filepath.Join(w.dir(), "s")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		w.Fatal(err)
	}
	op := &driver.Op{Code: driver.Listen, Args: &driver.Args{Network: "unix", Path: path}}
	w.wait(op)
	w.wantErr(op.Err, syscall.EADDRINUSE)
	if _, err := os.Stat(path); err != nil {
		w.Errorf("a failed Listen removed what was there: %v", err)
	}
}
