// Package uring is the driver over Linux's io_uring.
//
// # How an operation runs
//
// Submit writes a request into the ring and does not tell the kernel. Park does,
// with one system call that submits what the turn has left, makes the
// completions, and sleeps until one comes, until Unpark, or until the next timer
// is due. So a turn costs one system call at most, whatever it did.
//
// # Receiving
//
// A connection that somebody waits to read from has one receive in the kernel,
// which goes on by itself (multishot) and takes buffers from a ring that all
// connections share. A connection at rest owns none. The bytes wait in the
// ring's buffers until a Recv copies them out, inside Submit, which gives the
// buffer back.
//
// A connection that is not read must not keep the others' buffers. So a receive
// is stopped when its connection holds heldLimit buffers, and when the ring runs
// low, what unread connections hold is moved to Go's heap. If the ring runs dry
// all the same, receives end with ENOBUFS; they are begun again, as single
// shots, when buffers have come back.
//
// # Sending
//
// Send copies the bytes into the connection's outgoing buffer and finishes at
// once. Park sends it, with a request that may not wait and makes no completion
// if it sent everything, which is nearly always; what the socket had no room for
// is sent by a second request that waits. An error of the kernel is told to the
// next Send. What was taken when the connection is closed is still sent.
//
// # Whose memory
//
// What the kernel may write to or read from is held by a request record until
// the request's last completion. Records have an index and a generation, and
// that is what their completions are marked with; so a late completion never
// meets a reused record, and a closed connection's completions find nobody.
package uring

import (
	"fmt"
	"syscall"
)

// Config sets up a Driver. The zero value is the default.
type Config struct {
	// Entries is the size of the submission queue, a power of two up to 32768;
	// a turn that asks for more makes a further system call. 0 means 1024.
	Entries int
	// BufferSize is the size of a receive buffer in bytes, a multiple of 1024.
	// 0 means 4096.
	BufferSize int
	// Buffers is how many receive buffers there can be, a power of two from 64
	// to 32768. There are 64 at first, and more when they run short,
	// up to two for each connection that is read. 0
	// means 4096.
	Buffers int
	// ZeroCopy is the size in bytes from which a send is made without copying
	// in the kernel; it pays, if at all, for large ones on a real network
	// card. 0 means never.
	ZeroCopy int
	// FileThreads is how many goroutines do what the ring can't: listing
	// directories, and file operations that an older kernel lacks. 0 means 4.
	FileThreads int
	// Backlog is the length of a listener's queue if the Listen operation does
	// not say. 0 means what /proc/sys/net/core/somaxconn says.
	Backlog int

	// without leaves features out that the kernel has, for tests.
	without uint32
	// mask leaves set-up flags out, for tests.
	mask uint32
	// tamper is asked before each entry into the kernel, for tests.
	tamper func(prepared uint32) (give uint32, errno syscall.Errno)
}

func (cfg Config) validate() (Config, error) {
	power := func(what string, v *int, least, most, zero int) error {
		if *v == 0 {
			*v = zero
		}
		if *v < least || *v > most || *v&(*v-1) != 0 {
			return fmt.Errorf("rouse: uring: Config.%s is %d; it must be a power of two from %d to %d", what, *v, least, most)
		}
		return nil
	}
	if err := power("Entries", &cfg.Entries, 8, 1<<15, 1024); err != nil {
		return cfg, err
	}
	if err := power("Buffers", &cfg.Buffers, 64, 1<<15, 4096); err != nil {
		return cfg, err
	}
	if cfg.BufferSize == 0 {
		cfg.BufferSize = 4096
	}
	if cfg.BufferSize < 1024 || cfg.BufferSize > 1<<20 || cfg.BufferSize%1024 != 0 {
		return cfg, fmt.Errorf("rouse: uring: Config.BufferSize is %d; it must be a multiple of 1024 up to 1 MiB", cfg.BufferSize)
	}
	if cfg.FileThreads == 0 {
		cfg.FileThreads = 4
	}
	for _, f := range []struct {
		what string
		v    int
	}{{"ZeroCopy", cfg.ZeroCopy}, {"FileThreads", cfg.FileThreads}, {"Backlog", cfg.Backlog}} {
		if f.v < 0 {
			return cfg, fmt.Errorf("rouse: uring: Config.%s is %d; it must be 0 or more", f.what, f.v)
		}
	}
	return cfg, nil
}
