//go:build linux

package uring

import (
	"errors"
	"sync"
)

// leaked keeps what the kernel may still touch out of the collector's reach.
var leaked leak

type leak struct {
	mu   sync.Mutex
	list []*Driver
}

func (l *leak) keep(d *Driver) {
	l.mu.Lock()
	l.list = append(l.list, d)
	l.mu.Unlock()
}

var errStuck = errors.New("rouse: uring: closed while a file operation was in the kernel; its buffer stays in use until that ends")

// killRest ends the ops whose last completion nobody will see.
func (d *Driver) killRest() (err error) {
	for _, r := range d.requests.All() {
		if r.op == nil {
			continue
		}
		if r.duty == dutyFile {
			err = errStuck
		}
		op := r.op
		r.mem, r.op = op.Buf, nil // the buffer stays
		op.Kill()
	}
	return err
}
