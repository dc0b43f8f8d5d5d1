//go:build linux

package uring

import (
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A registered file is named by its place, and is open as long as it has one.
func TestRegisteredFiles(t *testing.T) {
	s, err := Probe()
	if err != nil {
		t.Skip(err)
	}
	if err := s.Need(FeatureRegisteredFiles); err != nil {
		t.Skip(err)
	}
	r := ring(t, Config{})
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(pair[1])
	if err := r.RegisterFiles(4); err != nil {
		t.Fatal(err)
	}
	const place = 2
	if err := r.SetFile(place, pair[0]); err != nil {
		t.Fatal(err)
	}
	unix.Close(pair[0])
	send := func() CQE {
		text := []byte("x")
		e := r.Next()
		e.Send(place, unsafe.Pointer(&text[0]), 1, unix.MSG_NOSIGNAL, 7)
		e.FixedFile()
		return next(t, r)
	}
	if c := send(); c.UserData != 7 || c.Res != 1 {
		t.Fatalf("sending through a registered file: %+v", c)
	}
	buf := make([]byte, 4)
	if n, err := unix.Read(pair[1], buf); n != 1 || err != nil || buf[0] != 'x' {
		t.Fatalf("the peer read %q, %v", buf[:max(n, 0)], err)
	}
	if err := r.SetFile(place, -1); err != nil {
		t.Fatal(err)
	}
	if c := send(); unix.Errno(-c.Res) != unix.EBADF {
		t.Errorf("sending through an empty place: %+v", c)
	}
	if err := r.UnregisterFiles(); err != nil {
		t.Error(err)
	}
}
