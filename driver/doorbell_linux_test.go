package driver_test

import (
	"runtime"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/driver/drivertest"
	"github.com/rouse-go/rouse/driver/manual"
	"github.com/rouse-go/rouse/executor"
)

// plain hides what a driver can do beyond the seam, so that a doorbell is
// watched by Attach and Readable.
type plain struct{ driver.Driver }

// napping counts the Parks that have slept, which the test is about.
type napping struct {
	driver.Driver
	naps int
}

func (d *napping) Park(until int64) (int, error) {
	before := time.Now() // the manual clock stands still
	n, err := d.Driver.Park(until)
	if time.Since(before) > pause/4 {
		d.naps++
	}
	return n, err
}

func (d *napping) Hang(b *driver.Doorbell) (bool, error) { return d.Driver.(driver.Belfry).Hang(b) }
func (d *napping) Unhang(b *driver.Doorbell)             { d.Driver.(driver.Belfry).Unhang(b) }

// pause is how long the foreign thread is quiet now and then.
const pause = 100 * time.Microsecond

// pauseEvery is how many bursts come between.
const pauseEvery = 8

var number1 uint64 = 1

// ring does what foreign code does, and nothing else.
func ring(word *uint64, fd int, bits uint64) (wrote bool) {
	if atomic.OrUint64(word, bits) != 0 {
		return false
	}
	unix.RawSyscall(unix.SYS_WRITE, uintptr(fd), uintptr(unsafe.Pointer(&number1)), 8)
	return true
}

// listener counts the rings of its bit.
type listener struct {
	r     driver.Ringing
	heard *atomic.Int64 // by all bits; pairs with the load of who rings
}

func (l *listener) Poll(cx *rouse.Context) (struct{}, error) {
	for {
		if v, err := l.r.Poll(cx); err != nil {
			return v, err
		}
		l.heard.Add(1)
	}
}

func (l *listener) Drop() { l.r.Drop() }

// A foreign thread rings a million times, in bursts of different bits, each
// burst when the last was heard, so that the executor parks in between and
// every single ring must be heard.
func TestDoorbellLosesNothing(t *testing.T) {
	rings := 1_000_000
	if testing.Short() {
		rings = 50_000
	}
	worlds := map[string]func() driver.Driver{
		"epoll":    func() driver.Driver { return open(t, "epoll") },
		"plain":    func() driver.Driver { return plain{open(t, "epoll")} },
		"portable": func() driver.Driver { return open(t, "portable") },
		"manual": func() driver.Driver {
			d, err := manual.New(manual.Config{})
			if err != nil {
				t.Fatal(err)
			}
			return d
		},
	}
	for name, world := range worlds {
		t.Run(name, func(t *testing.T) {
			n := rings
			if name != "epoll" {
				n /= 10
			}
			d := &napping{Driver: world()}
			var seam driver.Driver = d
			if _, ok := d.Driver.(driver.Belfry); !ok {
				seam = plain{d}
			}
			l := newLocal(t, seam)
			b := newBell(t, l)
			var heard atomic.Int64
			for bit := range 64 {
				executor.SpawnDetached(l, rouse.Future[struct{}](&listener{r: b.Wait(bit), heard: &heard}))
			}
			writes := 0
			go func() {
				runtime.LockOSThread()
				defer runtime.UnlockOSThread()
				defer l.Stop()
				writes = foreign(t, (*uint64)(b.Word()), b.FD(), n, &heard)
			}()
			if err := l.Run(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := heard.Load(); got != int64(n) {
				t.Errorf("%d rings, %d heard", n, got)
			}
			if d.naps < n/32/pauseEvery/2 {
				t.Errorf("the executor slept only %d times: that proves little", d.naps)
			}
			t.Logf("%d rings, %d heard, %d writes, slept %d times", n, heard.Load(), writes, d.naps)
		})
	}
}

// foreign rings n times and returns how often it wrote.
func foreign(t *testing.T, word *uint64, fd, n int, heard *atomic.Int64) (writes int) {
	deadline := time.Now().Add(5 * time.Minute)
	nap := unix.NsecToTimespec(int64(pause))
	for sent, size, bursts := 0, 1, 1; sent < n; size, bursts = size%64+1, bursts+1 {
		if bursts%pauseEvery == 0 { // long enough for the executor to park
			unix.RawSyscall(unix.SYS_NANOSLEEP, uintptr(unsafe.Pointer(&nap)), 0, 0)
		}
		burst := min(size, n-sent)
		for i := range burst {
			if ring(word, fd, 1<<((sent+i)%64)) {
				writes++
			}
		}
		sent += burst
		for spin := 1; heard.Load() != int64(sent); spin++ { // pairs with the Add of listener
			if spin%1024 == 0 {
				if time.Now().After(deadline) {
					t.Errorf("of %d rings only %d were heard", sent, heard.Load())
					return writes
				}
				letOthersRun()
			}
		}
	}
	return writes
}

// letOthersRun gives up the CPU. With GOMAXPROCS=1 a system call that Go knows
// nothing of would keep the executor from it until Go takes it away, after 10 ms
// and more: a million rings would take a quarter of an hour.
func letOthersRun() {
	if runtime.GOMAXPROCS(0) == 1 {
		runtime.Gosched()
		return
	}
	unix.RawSyscall(unix.SYS_SCHED_YIELD, 0, 0, 0)
}

// The Or alone, as of an interrupt handler where no kernel parks, is seen at the
// executor's next turn.
func TestDoorbellOrAloneIsSeenByTheNextPark(t *testing.T) {
	d := open(t, "epoll")
	defer d.Close()
	b, err := driver.NewDoorbell(d)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	r := b.Wait(0)
	defer r.Drop()
	cx := rouse.NewContext(rouse.Waker{})
	r.Poll(cx)
	atomic.OrUint64((*uint64)(b.Word()), 1)
	if n, err := d.Park(driver.Forever); n != 1 || err != nil {
		t.Errorf("Park: %d, %v", n, err)
	}
	if _, err := r.Poll(cx); err != nil {
		t.Error(err)
	}
}

func TestDoorbellOnAPlainDriver(t *testing.T) {
	drivertest.RunSome(t, "Doorbell/", func(t *testing.T) driver.Driver { return plain{open(t, "epoll")} }, drivertest.Options{})
	d := struct{ driver.Driver }{open(t, "portable")}
	defer d.Close()
	if _, err := driver.NewDoorbell(d); err == nil {
		t.Error("a driver that can't watch it took a doorbell")
	}
}
