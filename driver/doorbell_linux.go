package driver

import (
	"os"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/rouse-go/rouse/internal/atomics"
)

// memory is what the system gives for a doorbell.
type memory struct {
	// A bridge reads the eventfd for drivers that don't sleep in the kernel.
	bridged *os.File
	ended   chan struct{}
}

// wordSize is what is mapped; the kernel makes a page of it.
const wordSize = 8

// open maps the word and opens the eventfd.
func (b *Doorbell) open() error {
	page, err := unix.MmapPtr(-1, 0, nil, wordSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED|unix.MAP_ANONYMOUS)
	if err != nil {
		return os.NewSyscallError("mmap", err)
	}
	if b.fd, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err != nil {
		_ = unix.MunmapPtr(page, wordSize)
		return os.NewSyscallError("eventfd2", err)
	}
	b.word = (*uint64)(page)
	return nil
}

// free gives back what open took, and ends the bridge.
func (b *Doorbell) free() error {
	var err error
	if b.bridged != nil {
		err = b.bridged.Close()
		<-b.ended
	} else {
		err = os.NewSyscallError("close", unix.Close(b.fd))
	}
	if e := unix.MunmapPtr(unsafe.Pointer(b.word), wordSize); err == nil {
		err = os.NewSyscallError("munmap", e)
	}
	return err
}

// bridge turns writes to the eventfd into Unparks, on a goroutine that waits in
// Go's own poller.
func (b *Doorbell) bridge() {
	f, d := os.NewFile(uintptr(b.fd), "doorbell"), b.d
	b.bridged, b.ended = f, make(chan struct{})
	go func() {
		defer close(b.ended)
		var count [8]byte
		for {
			if _, err := f.Read(count[:]); err != nil {
				return // closed
			}
			d.Unpark()
		}
	}()
}

// one is what a ring adds to the eventfd. Nobody changes it.
var one uint64 = 1

// write rings the eventfd. It can't block: the counter is far from full.
func (b *Doorbell) write() {
	atomics.Kick()
	unix.RawSyscall(unix.SYS_WRITE, uintptr(b.fd), uintptr(unsafe.Pointer(&one)), 8)
}

// silence sets the counter of the eventfd to 0.
func (b *Doorbell) silence() {
	var n uint64
	unix.RawSyscall(unix.SYS_READ, uintptr(b.fd), uintptr(unsafe.Pointer(&n)), 8)
}
