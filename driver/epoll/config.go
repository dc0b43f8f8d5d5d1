// Package epoll is the driver over Linux's epoll: readiness from one epoll
// instance in edge-triggered mode, non-blocking calls, an eventfd for Unpark,
// and a few goroutines for files, which epoll can't watch.
//
// # How an operation runs
//
// Every socket has a slot with two flags, readable and writable, which say
// what we believe. Recv reads only if the socket is believed readable; when
// the kernel has no more, the flag is cleared, and the Op waits in the slot
// until an event sets the flag again. The Op then ends with ErrAgain and
// whoever waits submits it once more: nobody owns a buffer while waiting.
//
// A socket is registered when an operation first has to wait for it, once, for
// all events. Registering reports what is ready at that moment, so nothing
// that came before is missed, and a connection that never waits never pays.
//
// # What Park costs
//
// Nothing if no operation waits for a descriptor and the deadline has passed;
// else one epoll call. Unpark costs a swap, and a write to the eventfd if the
// loop sleeps.
package epoll

import "fmt"

// Config sets up a Driver. The zero value is the default.
type Config struct {
	// FileThreads is how many goroutines make blocking calls on files at the
	// same time. 0 means 4.
	FileThreads int
	// Backlog is the length of a listener's queue if the Listen operation does
	// not say. 0 means what /proc/sys/net/core/somaxconn says.
	Backlog int
}

func (cfg Config) validate() (Config, error) {
	if cfg.FileThreads < 0 {
		return cfg, fmt.Errorf("rouse: epoll: Config.FileThreads is %d; it must be 0 or more", cfg.FileThreads)
	}
	if cfg.Backlog < 0 {
		return cfg, fmt.Errorf("rouse: epoll: Config.Backlog is %d; it must be 0 or more", cfg.Backlog)
	}
	if cfg.FileThreads == 0 {
		cfg.FileThreads = 4
	}
	return cfg, nil
}
