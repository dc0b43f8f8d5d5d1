//go:build linux

package uring

import (
	"errors"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// RegisterFiles makes a table of n empty places for files, which requests name
// by index, see [SQE.FixedFile].
func (r *Ring) RegisterFiles(n int) error {
	reg := &rsrcRegister{nr: uint32(n), flags: rsrcRegisterSparse}
	_, err := r.register(registerFiles2, unsafe.Pointer(reg), unsafe.Sizeof(*reg))
	return err
}

// SetFile puts fd into a place of the table, which keeps the file open; fd -1
// empties the place.
func (r *Ring) SetFile(place, fd int) error {
	fds := new(int32)
	*fds = int32(fd)
	up := &filesUpdate{offset: uint32(place), fds: address(unsafe.Pointer(fds))}
	_, err := r.register(registerFilesUpdate, unsafe.Pointer(up), 1)
	runtime.KeepAlive(fds)
	return err
}

// UnregisterFiles drops the table.
func (r *Ring) UnregisterFiles() error {
	_, err := r.register(unregisterFiles, nil, 0)
	return err
}

// CancelNow cancels the request that was marked so and waits until the kernel
// is through with it: its terminal completion is made by the next Enter. That
// there is none is no error. What was prepared must have been submitted. It
// takes FeatureSyncCancel.
func (r *Ring) CancelNow(target uint64) error {
	reg := &syncCancelReg{addr: target, fd: -1, timeout: timespec{-1, -1}}
	_, err := r.register(registerSyncCancel, unsafe.Pointer(reg), 1)
	if errors.Is(err, unix.ENOENT) {
		return nil
	}
	return err
}

// Message puts a completion with this mark and result into r. It may be called
// from any thread that knows r to be open. It takes FeatureMessagesAlone.
func (r *Ring) Message(mark uint64, res int32) error {
	return r.Letter(mark, res).Send()
}

// A Letter is a message that was written beforehand.
type Letter struct{ sqe SQE }

// Letter writes one to r.
func (r *Ring) Letter(mark uint64, res int32) *Letter {
	l := new(Letter)
	l.sqe.Message(r.fd, mark, res, 0)
	return l
}

// Send puts a completion as the letter says into its ring, as often as it is
// called and from any number of threads at a time; the kernel only reads it. It
// allocates nothing.
func (l *Letter) Send() error {
	_, err := registerOn(-1, registerSendMsgRing, unsafe.Pointer(&l.sqe), 1)
	return err
}
