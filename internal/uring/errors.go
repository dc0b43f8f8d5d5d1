package uring

import "errors"

// ErrNotSupported is in every error that says that this kernel, or what is
// allowed on it, lacks something.
var ErrNotSupported = errors.New("not supported here")

// A lack says what is missing and why.
type lack struct {
	what, why string
	cause     error
}

func unsupported(what, why string) error { return &lack{what, why, nil} }

func unsupportedBecause(what, why string, cause error) error { return &lack{what, why, cause} }

func (e *lack) Error() string {
	s := "rouse: " + e.what + " is not to be had: " + e.why
	if e.cause != nil {
		s += ": " + e.cause.Error()
	}
	return s
}

func (e *lack) Unwrap() []error {
	if e.cause == nil {
		return []error{ErrNotSupported}
	}
	return []error{ErrNotSupported, e.cause}
}
