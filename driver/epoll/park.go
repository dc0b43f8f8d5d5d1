//go:build linux

package epoll

import (
	"math"
	"os"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/internal/atomics"
)

// The park word. The loop moves it from awake to parked before it sleeps and
// swaps it back to awake after; Unpark swaps notified in. All are
// read-modify-writes of one word, so they have one order: either Unpark finds
// parked and rings the eventfd, or the loop finds notified and does not sleep.
const (
	awake uint32 = iota
	parked
	notified
)

// The eventfd's place in the data of an event; no slot has this index.
const bellIndex = -1

// A sleeper is the epoll instance and the bell that ends its sleep.
type sleeper struct {
	word   atomics.Uint32
	epfd   int
	bell   int    // the eventfd
	rung   uint64 // times that Unpark found parked: it writes, or has written
	fine   bool   // epoll_pwait2 works
	spec   timespec
	events [128]unix.EpollEvent
}

// timespec is the kernel's, the same on every architecture.
type timespec struct{ sec, nsec int64 }

func (p *sleeper) open() error {
	var err error
	if p.epfd, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return os.NewSyscallError("epoll_create1", err)
	}
	if p.bell, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err != nil {
		unix.Close(p.epfd)
		return os.NewSyscallError("eventfd2", err)
	}
	// Edge-triggered, so each ring is one event and nobody has to read the
	// counter to silence it.
	ev := unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLET, Fd: bellIndex}
	if err = unix.EpollCtl(p.epfd, unix.EPOLL_CTL_ADD, p.bell, &ev); err != nil {
		unix.Close(p.bell)
		unix.Close(p.epfd)
		return os.NewSyscallError("epoll_ctl", err)
	}
	// Linux 5.11; some sandboxes know the number and refuse it.
	_, errno := p.wait2(0)
	p.fine = errno == 0
	return nil
}

// Unpark ends the Park that sleeps, or the next one. It may be called from
// anywhere, also after Close. What the caller wrote before is visible after
// that Park.
func (p *sleeper) Unpark() {
	// Pairs with the compare-and-swap and the swap in Park.
	if p.word.Swap(notified) == parked {
		p.ring()
	}
}

// one is what a ring adds to the eventfd. Nobody changes it.
var one uint64 = 1

func (p *sleeper) ring() {
	atomics.Kick()
	for {
		_, err := unix.Write(p.bell, (*[8]byte)(unsafe.Pointer(&one))[:])
		if err != unix.EINTR {
			return
		}
	}
}

// Park sleeps and reaps; see [driver.Driver].
func (d *Driver) Park(until int64) (int, error) {
	if d.closed {
		return 0, driver.ErrClosed
	}
	n := d.files.Reap() + d.bells.Drain()
	left := int64(0)
	if n == 0 {
		left = d.left(until)
	}
	for {
		// Pairs with the Swap in Unpark. After it a notification rings.
		if left == 0 || !d.word.CompareAndSwap(awake, parked) {
			return d.look(n)
		}
		got, errno := d.sleep(left)
		// Pairs with the Swap in Unpark: what it made visible is seen below
		// and by our caller.
		told := d.word.Swap(awake) == notified
		if told {
			d.rung++
		}
		if errno != 0 && errno != unix.EINTR {
			return n, os.NewSyscallError("epoll_wait", errno)
		}
		n += d.dispatchAll(got) + d.files.Reap() + d.bells.Drain()
		if n > 0 || told {
			return n, nil
		}
		if left = d.left(until); left == 0 {
			return 0, nil
		}
	}
}

// look reaps without sleeping and takes a notification. It makes no system
// call if no op waits for a descriptor.
func (d *Driver) look(n int) (int, error) {
	if d.waiting > 0 {
		got, errno := d.poll()
		if errno != 0 && errno != unix.EINTR {
			return n, os.NewSyscallError("epoll_wait", errno)
		}
		n += d.dispatchAll(got)
	}
	// The load spares the exchange of a turn that nobody notified; a
	// notification that it misses ends the next Park.
	if d.word.Load() == notified {
		d.word.Swap(awake)
	}
	return n + d.files.Reap(), nil
}

// left returns the time to sleep: 0 for none, Forever for no limit.
func (d *Driver) left(until int64) int64 {
	if until == driver.Forever {
		return driver.Forever
	}
	if until <= 0 {
		return 0 // spares the look at the clock
	}
	return max(0, until-d.Now())
}

func (d *Driver) dispatchAll(got int) int {
	n := 0
	for k := range got {
		if ev := &d.events[k]; ev.Fd != bellIndex {
			n += d.dispatch(ev)
		}
	}
	return n
}

// sleep waits for events, for at most left nanoseconds. It may return early,
// without any, but the kernel never ends a full wait early: its timers round
// up, and so do we.
func (p *sleeper) sleep(left int64) (int, unix.Errno) {
	atomics.Rest(left != driver.Forever)
	if left != driver.Forever && p.fine {
		return p.wait2(left)
	}
	ms := int64(-1)
	if left != driver.Forever {
		ms = min((left+int64(time.Millisecond)-1)/int64(time.Millisecond), math.MaxInt32)
	}
	// Syscall6, not the raw form: the collector must not wait for us.
	n, _, errno := unix.Syscall6(unix.SYS_EPOLL_PWAIT, uintptr(p.epfd),
		uintptr(unsafe.Pointer(&p.events)), uintptr(len(p.events)), uintptr(ms), 0, 0)
	return count(n, errno), errno
}

func (p *sleeper) wait2(left int64) (int, unix.Errno) {
	p.spec = timespec{left / int64(time.Second), left % int64(time.Second)}
	n, _, errno := unix.Syscall6(unix.SYS_EPOLL_PWAIT2, uintptr(p.epfd),
		uintptr(unsafe.Pointer(&p.events)), uintptr(len(p.events)), uintptr(unsafe.Pointer(&p.spec)), 0, 0)
	return count(n, errno), errno
}

// poll takes the events there are. It can't sleep, so the raw form is safe,
// and it spares telling Go's scheduler twice.
func (p *sleeper) poll() (int, unix.Errno) {
	n, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(p.epfd),
		uintptr(unsafe.Pointer(&p.events)), uintptr(len(p.events)), 0, 0, 0)
	return count(n, errno), errno
}

func count(n uintptr, errno unix.Errno) int {
	if errno != 0 {
		return 0
	}
	return int(n)
}

// close frees the descriptors. An Unpark that found parked may be about to
// write to the bell, though the Park it meant has returned for another reason.
// Closing the bell under it would send its write to whatever file gets the
// number next; so first we wait until every ring has arrived. Nobody rings
// after that, since nobody parks.
func (p *sleeper) close() {
	unix.Close(p.epfd)
	var buf uint64
	deadline := time.Now().Add(time.Second)
	for arrived := uint64(0); arrived < p.rung; {
		if n, err := unix.Read(p.bell, (*[8]byte)(unsafe.Pointer(&buf))[:]); n == 8 && err == nil {
			arrived += buf
			continue
		}
		if time.Now().After(deadline) {
			return // better one descriptor lost than a stray write
		}
		time.Sleep(10 * time.Microsecond)
	}
	unix.Close(p.bell)
}
