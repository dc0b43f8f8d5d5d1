package faults

import (
	"math/rand/v2"
	"syscall"

	"github.com/rouse-go/rouse/driver"
)

// The kinds that are no errors. The others are the errors' names.
const (
	// Short is a transfer of fewer bytes, or datagrams, than there were.
	Short = "short"
	// Late is a completion that came some Parks after it could, or that came at
	// all though the operation could have finished at once.
	Late = "late"
	// Swapped is a completion that overtook another one.
	Swapped = "swapped"
)

// A Plan says which faults are made and how often: each is a probability, and
// the zero Plan makes none.
type Plan struct {
	// Seed decides which operations are met.
	Seed uint64
	// Short cuts a transfer. It must be 0 for files that are opened for direct
	// I/O, where a piece of a block is no count that a system returns.
	Short float64
	// Late holds a completion back.
	Late float64
	// Swap changes the order of the completions of a Park.
	Swap float64
	// Fail makes an operation fail, half of them at once and half in a later
	// Park; with what is in Errors.
	Fail float64
	// Errors has for each operation that is to fail what with. nil means
	// [Errors].
	Errors map[driver.Code][]syscall.Errno
	// Stay has a connection whose Recv or Send has failed go on to fail, as one
	// does that is broken.
	Stay bool
}

// Errors are what the system may say of each operation though its request is
// right.
var Errors = map[driver.Code][]syscall.Errno{
	driver.Listen:       {syscall.EMFILE, syscall.ENOMEM, syscall.ENOBUFS},
	driver.Accept:       {syscall.EMFILE, syscall.ENOMEM, syscall.ENOBUFS},
	driver.Connect:      {syscall.EMFILE, syscall.ENOMEM, syscall.ENOBUFS, syscall.ECONNRESET},
	driver.Recv:         {syscall.ECONNRESET, syscall.ENOMEM, syscall.ENOBUFS},
	driver.Send:         {syscall.ECONNRESET, syscall.ENOMEM, syscall.ENOBUFS},
	driver.ListenPacket: {syscall.EMFILE, syscall.ENOMEM, syscall.ENOBUFS},
	driver.RecvMsgs:     {syscall.ENOMEM, syscall.ENOBUFS},
	driver.SendMsgs:     {syscall.ENOMEM, syscall.ENOBUFS},
	driver.Open:         {syscall.EMFILE, syscall.ENOMEM, syscall.EINTR},
	driver.ReadAt:       {syscall.EINTR, syscall.ENOMEM},
	driver.WriteAt:      {syscall.EINTR, syscall.ENOMEM, syscall.ENOSPC},
	driver.Sync:         {syscall.EINTR, syscall.ENOMEM},
	driver.Datasync:     {syscall.EINTR, syscall.ENOMEM},
	driver.Stat:         {syscall.ENOMEM},
	driver.Rename:       {syscall.ENOMEM},
	driver.Remove:       {syscall.ENOMEM},
	driver.ReadDir:      {syscall.EMFILE, syscall.ENOMEM},
}

// names are those of the errors in [Errors].
var names = map[syscall.Errno]string{
	syscall.EMFILE: "EMFILE", syscall.ENOMEM: "ENOMEM", syscall.ENOBUFS: "ENOBUFS",
	syscall.ECONNRESET: "ECONNRESET", syscall.EINTR: "EINTR", syscall.ENOSPC: "ENOSPC",
}

// Name returns the kind of fault that errno is.
func Name(errno syscall.Errno) string {
	if n := names[errno]; n != "" {
		return n
	}
	return "errno"
}

// pick returns the error that op is to fail with, or 0.
func (p *Plan) pick(op *driver.Op, rnd *rand.Rand) syscall.Errno {
	if p.Fail == 0 || rnd.Float64() >= p.Fail {
		return 0
	}
	errors := p.Errors
	if errors == nil {
		errors = Errors
	}
	list := errors[op.Code]
	if len(list) == 0 {
		return 0
	}
	return list[rnd.IntN(len(list))]
}
