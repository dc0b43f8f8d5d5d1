package owner

import (
	"fmt"
	"sync"

	"github.com/rouse-go/rouse/driver"
)

// A Request is an operation that finishes at once, so that its memory is free
// again when Submit returns.
type Request struct {
	Op   driver.Op
	Args driver.Args
}

var requests = sync.Pool{New: func() any { return new(Request) }}

// NewRequest returns a request whose Args are still to be filled in. After
// Submit, Free gives it back.
func NewRequest(code driver.Code, on driver.Handle) *Request {
	r := requests.Get().(*Request)
	r.Op.Code, r.Op.Handle, r.Op.Args = code, on, &r.Args
	return r
}

// Submit does it, at home.
func (r *Request) Submit(d driver.Driver) error {
	if !d.Submit(&r.Op) {
		panic(fmt.Sprintf("rouse: driver %s left operation %v in flight, which finishes at once by contract", d.Name(), r.Op.Code))
	}
	return r.Op.Err
}

// Free gives r back.
func (r *Request) Free() {
	*r = Request{}
	requests.Put(r)
}

// CloseHandle closes on, at home. That it was closed before is no error.
func (o *Owner) CloseHandle(on driver.Handle) error {
	r := NewRequest(driver.CloseHandle, on)
	defer r.Free()
	if err := r.Submit(o.Drv); err != nil && err != driver.ErrClosed {
		return err
	}
	return nil
}
