//go:build !linux

package bench

import "errors"

func serveRaw() (*echoServer, error) { return nil, errors.New("there is no io_uring here") }
