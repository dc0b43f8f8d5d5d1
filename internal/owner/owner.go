// Package owner is what netio and fileio share: how a thing that belongs to one
// executor, since that one's driver holds its descriptor, finds its way there.
package owner

import (
	"fmt"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/driver"
)

// An Owner is the executor that a thing belongs to.
type Owner struct {
	Ex  rouse.Executor
	Drv driver.Driver
}

// At returns ex as an Owner; it panics, in the name of pkg, if ex has no driver.
func At(pkg string, ex rouse.Executor) Owner {
	host, ok := ex.(driver.Host)
	if !ok {
		panic(fmt.Sprintf("rouse: %s needs an executor that has a driver, as executor.Local has; %T is no driver.Host", pkg, ex))
	}
	return Owner{Ex: ex, Drv: host.Driver()}
}

// Here is At for a poll form.
func Here(pkg string, cx *rouse.Context) Owner {
	if cx.Executor() == nil {
		panic("rouse: " + pkg + ": the Context has no executor; poll in a task of an executor that has a driver, such as executor.Local")
	}
	return At(pkg, cx.Executor())
}

// Do calls fn at home: here and now if the caller is there, else soon. What was
// handed over before, by the same goroutine, is done before. An error means
// that the executor is gone; then its driver has closed everything already.
func (o *Owner) Do(fn func()) error {
	if o.IsHere() {
		fn()
		return nil
	}
	return o.Ex.Inject(func(*rouse.Context) { fn() })
}

// IsHere reports whether the caller is at home. It may say no where that can't
// be found out.
func (o *Owner) IsHere() bool {
	switch ex := o.Ex.(type) {
	case interface{ AtHome() bool }:
		return ex.AtHome()
	case interface{ Home() *rouse.Home }:
		return ex.Home().Loop().AtHome()
	}
	return false
}
