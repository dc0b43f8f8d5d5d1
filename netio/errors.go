package netio

import (
	"errors"
	"net"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/driver"
)

// ErrClosed is the error of an operation on a listener or connection that was
// closed, here or by the end of its executor. errors.Is(err, net.ErrClosed)
// holds for it.
var ErrClosed error = closedError{}

type closedError struct{}

func (closedError) Error() string   { return "use of closed network connection" }
func (closedError) Unwrap() error   { return net.ErrClosed }
func (closedError) Timeout() bool   { return false }
func (closedError) Temporary() bool { return false }

// reason turns an error of the driver into what stands in a net.OpError.
func reason(err error) error {
	switch err {
	case driver.ErrClosed, driver.ErrCanceled, rouse.ErrClosed:
		return ErrClosed
	}
	var op *net.OpError // a driver over package net has its own
	if errors.As(err, &op) {
		err = op.Err
	}
	if err != ErrClosed && errors.Is(err, net.ErrClosed) {
		return ErrClosed
	}
	return err
}

// opError is the error of operation op on c. The only errors that come without
// it are io.EOF and, from ctx forms, those of the context.
func (c *Conn) opError(op string, err error) error {
	return &net.OpError{Op: op, Net: c.home.network, Source: c.LocalAddr(), Addr: c.RemoteAddr(), Err: reason(err)}
}

func (l *Listener) opError(op string, err error) error {
	return &net.OpError{Op: op, Net: l.home.network, Addr: l.Addr(), Err: reason(err)}
}

// An endedError says that c or l is of no use any more because its executor or,
// in the views as net.Conn and net.Listener, its context has ended. Unlike
// context.DeadlineExceeded it claims to be no failure that passes.
type endedError struct{ cause error }

func (e endedError) Error() string   { return ErrClosed.Error() + ": " + e.cause.Error() }
func (e endedError) Unwrap() []error { return []error{ErrClosed, e.cause} }
func (e endedError) Timeout() bool   { return false }
func (e endedError) Temporary() bool { return false }

// shutDown reports whether err, with which an await ended, says that the
// executor did. To a fiber ErrCanceled tells of itself; to a goroutine, whose
// ctx has its own errors, it can only tell of the task that ran for it.
func shutDown(err error) bool { return err == rouse.ErrCanceled && !rouse.OnLoop() }
