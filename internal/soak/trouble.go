package main

import (
	"errors"
	"io/fs"
	"net"
	"slices"
	"strings"
	"syscall"

	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/internal/faults"
)

// told reports whether err is one that the program's drivers may have made, and
// names its operation. It counts those that nobody else makes: each of them must
// have been made, so there can't be more than were.
func (r *round) told(err error) bool {
	var errno syscall.Errno
	if r.plan.faults.Fail == 0 || !errors.As(err, &errno) {
		return false
	}
	switch code := operation(err); {
	case broken(errno) && (code == driver.Recv || code == driver.Send || code == driver.Connect && r.ending.Load()):
		return true // it may also come from the other end, which had trouble, or from a listener that ends
	case errno == syscall.EINTR: // which package fileio is to deal with
		return false
	case slices.Contains(faults.Errors[code], errno):
		r.book.tell(faults.Name(errno))
		return true
	}
	return false
}

// operation returns the driver's operation that has led to err, from what it says
// of itself, or Nop.
func operation(err error) driver.Code {
	var oe *net.OpError
	var pe *fs.PathError
	switch {
	case errors.As(err, &oe) && strings.HasPrefix(err.Error(), oe.Op+" "+oe.Net):
		return operations[oe.Op+" "+oe.Net]
	case errors.As(err, &pe) && strings.HasPrefix(err.Error(), pe.Op+" "+pe.Path):
		return operations[pe.Op]
	}
	return driver.Nop
}

var operations = map[string]driver.Code{
	"listen tcp": driver.Listen,
	"accept tcp": driver.Accept,
	"dial tcp":   driver.Connect,
	"read tcp":   driver.Recv,
	"write tcp":  driver.Send,
	"listen udp": driver.ListenPacket,
	"dial udp":   driver.ListenPacket,
	"read udp":   driver.RecvMsgs,
	"write udp":  driver.SendMsgs,
	"open":       driver.Open,
	"read":       driver.ReadAt,
	"write":      driver.WriteAt,
	"datasync":   driver.Datasync,
}

// broken reports whether errno says that the other end of a connection has gone
// away.
func broken(errno syscall.Errno) bool { return errno == syscall.ECONNRESET || errno == syscall.EPIPE }

// A resolve is how often a thing is tried again that failed because of a fault.
type resolve int

// of sees to it that err, if it is the system's, says that it is of an operation;
// it returns err.
func (r *round) of(operation string, err error) error {
	var errno syscall.Errno
	if errors.As(err, &errno) && !strings.HasPrefix(err.Error(), operation) {
		r.book.failf("an error of %s says that it is: %v", operation, err)
	}
	return err
}

// complaint returns err unless it is nothing to complain of.
func (r *round) complaint(err error) error {
	if err == nil || r.told(err) || r.ending.Load() {
		return nil
	}
	return err
}

// trouble says whether to go on after err, with what has failed: a fault that
// passes has changed nothing. If not, it returns what there is to complain of.
func (r *round) trouble(left *resolve, err error) (goOn bool, complaint error) {
	var errno syscall.Errno
	if complaint = r.complaint(err); complaint != nil || r.ending.Load() || !errors.As(err, &errno) || broken(errno) || *left == 0 {
		return false, complaint
	}
	*left--
	return true, nil
}

// audit compares the errors that were told with those that were made.
func (r *round) audit() {
	made := map[string]int{}
	for _, d := range r.rough {
		for kind, n := range d.Counts() {
			made[kind] += n
			r.book.sums.Faults += n
		}
	}
	for kind, n := range r.book.told {
		if n > made[kind] {
			r.book.failf("%d errors %s were told, %d were made", n, kind, made[kind])
		}
	}
}
