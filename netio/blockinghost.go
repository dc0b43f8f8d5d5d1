package netio

import (
	"fmt"

	"github.com/rouse-go/rouse"
)

// A BlockingHost is an executor that has functions called where they may
// block, and keeps what packages have to remember for it. Resolving names needs
// one; executor.Local is one.
type BlockingHost interface {
	rouse.Executor
	// RunBlocking has fn called soon, on a goroutine that may block. From any
	// goroutine. An error says that the executor has closed; if it closes
	// later, fn may never be called.
	RunBlocking(fn func()) error
	// Kept returns what is kept under key for as long as the executor lives;
	// the first call has it made. Only on the executor's goroutine.
	Kept(key any, create func() any) any
}

// blockingHost is the executor that polls, as one that may block.
func blockingHost(cx *rouse.Context) BlockingHost {
	host, ok := cx.Executor().(BlockingHost)
	if !ok {
		panic(fmt.Sprintf("rouse: netio: resolving a name needs an executor with the methods RunBlocking and Kept (netio.BlockingHost), as executor.Local has; %T lacks them", cx.Executor()))
	}
	return host
}
