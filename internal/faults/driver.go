package faults

import (
	"cmp"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"syscall"

	"github.com/rouse-go/rouse/driver"
)

// A Driver is another driver with faults.
type Driver struct {
	driver.Driver
	plan   Plan
	rnd    *rand.Rand
	flying map[*driver.Op]*flight
	ready  []*flight                       // to be told in a later Park
	broken map[driver.Handle]syscall.Errno // see Plan.Stay
	begun  uint64
	closed bool

	mu     sync.Mutex
	counts map[string]int
}

var (
	_ driver.Driver = (*Driver)(nil)
	_ driver.Belfry = (*Driver)(nil)
)

// Wrap returns a Driver over inner, which it owns from now on.
func Wrap(inner driver.Driver, plan Plan) *Driver {
	return &Driver{
		Driver: inner,
		plan:   plan,
		rnd:    rand.New(rand.NewPCG(plan.Seed, 0)),
		flying: map[*driver.Op]*flight{},
		broken: map[driver.Handle]syscall.Errno{},
		counts: map[string]int{},
	}
}

// Set changes the plan, but for its seed. Only for the loop's goroutine.
func (d *Driver) Set(plan Plan) { d.plan = plan }

// Counts returns how many faults of each kind were made so far. From any
// goroutine.
func (d *Driver) Counts() map[string]int {
	d.mu.Lock()
	defer d.mu.Unlock()
	all := map[string]int{}
	for kind, n := range d.counts {
		all[kind] = n
	}
	return all
}

func (d *Driver) count(kind string) {
	d.mu.Lock()
	d.counts[kind]++
	d.mu.Unlock()
}

// NeedsThread reports what the inner driver does.
func (d *Driver) NeedsThread() bool {
	inner, ok := d.Driver.(interface{ NeedsThread() bool })
	return ok && inner.NeedsThread()
}

// Hang has the inner driver look at b.
func (d *Driver) Hang(b *driver.Doorbell) (bool, error) {
	if inner, ok := d.Driver.(driver.Belfry); ok {
		return inner.Hang(b)
	}
	return false, driver.ErrNotSupported
}

// Unhang has the inner driver forget b.
func (d *Driver) Unhang(b *driver.Doorbell) {
	if inner, ok := d.Driver.(driver.Belfry); ok {
		inner.Unhang(b)
	}
}

// Submit starts op, or something else instead; see [driver.Driver].
func (d *Driver) Submit(op *driver.Op) bool {
	switch {
	case d.closed || op.InFlight() || op.Code == driver.Nop:
		return d.Driver.Submit(op)
	case op.Code == driver.CloseHandle:
		return d.closeHandle(op)
	}
	errno, broken := d.broken[op.Handle]
	if !broken || !moves(op.Code) {
		errno = d.plan.pick(op, d.rnd)
	}
	if errno != 0 {
		d.count(Name(errno))
		if d.plan.Stay && moves(op.Code) {
			d.broken[op.Handle] = errno
		}
		err := os.NewSyscallError(op.Code.String(), errno)
		if !waits(op.Code) || d.rnd.IntN(2) == 0 {
			return op.FinishNow(0, err)
		}
		return d.pretend(op, err)
	}
	if !waits(op.Code) {
		return d.Driver.Submit(op)
	}
	late := d.plan.Late > 0 && d.rnd.Float64() < d.plan.Late
	if late && moves(op.Code) && d.rnd.IntN(2) == 0 {
		d.count(Late)
		return d.pretend(op, driver.ErrAgain)
	}
	f := d.take(op)
	f.late = late
	d.shorten(f)
	if f.inner.Poll(f.cx, d.Driver) {
		f.noteShort()
		if !f.late || moves(op.Code) || f.inner.Err != nil {
			f.copyBack()
			return op.FinishNow(f.inner.N, f.inner.Err)
		}
		d.count(Late)
		f.end(1 + d.rnd.IntN(3))
	} else if moves(op.Code) {
		// The driver has looked at them, and must not again.
		f.inner.Buf, f.inner.Vec, f.args.Msgs = nil, nil, nil
	}
	return d.start(f)
}

// pretend puts op in flight, which the inner driver never hears of, and has it
// end with err.
func (d *Driver) pretend(op *driver.Op, err error) bool {
	f := d.take(op)
	f.inner.N, f.inner.Err = 0, err
	f.pretended = true
	f.end(1 + d.rnd.IntN(3))
	return d.start(f)
}

func (d *Driver) start(f *flight) bool {
	f.op.Start()
	d.flying[f.op] = f
	return false
}

// Cancel passes it on, unless the operation has ended below; then its result is
// on the way.
func (d *Driver) Cancel(op *driver.Op) {
	f := d.flying[op]
	switch {
	case f == nil:
		d.Driver.Cancel(op)
	case f.pretended:
		f.inner.Err = driver.ErrCanceled
	case !f.ended:
		d.Driver.Cancel(&f.inner)
	}
}

// closeHandle closes below first, and then tells those that wait for the
// Handle, here as there, before it returns. Operations of files end later.
func (d *Driver) closeHandle(op *driver.Op) bool {
	d.Driver.Submit(op)
	delete(d.broken, op.Handle)
	for _, f := range d.inOrder() {
		if f.on != 0 && f.on == op.Handle && f.ended && !ofFile(f.op.Code) {
			d.tell(f, driver.ErrClosed)
		}
	}
	return true
}

// inOrder returns what is in flight, the oldest first.
func (d *Driver) inOrder() []*flight {
	all := make([]*flight, 0, len(d.flying))
	for _, f := range d.flying {
		all = append(all, f)
	}
	slices.SortFunc(all, func(a, b *flight) int { return cmp.Compare(a.number, b.number) })
	return all
}

// Park parks in the inner driver and tells of what has ended there, or will
// tell of it in a later Park; while there is such a thing it does not sleep.
func (d *Driver) Park(until int64) (int, error) {
	for _, f := range d.ready {
		f.hold--
	}
	n := d.tellReady()
	if n > 0 || len(d.ready) > 0 {
		until = 0
	}
	before := len(d.ready)
	below, err := d.Driver.Park(until)
	below -= len(d.ready) - before // the rest were no operations of ours
	return n + below + d.tellReady(), err
}

// tellReady finishes what has been held back long enough.
func (d *Driver) tellReady() int {
	var now []*flight
	d.ready = slices.DeleteFunc(d.ready, func(f *flight) bool {
		if f.hold > 0 {
			return false
		}
		now = append(now, f)
		return true
	})
	if len(now) > 1 && d.plan.Swap > 0 && d.rnd.Float64() < d.plan.Swap {
		d.swap(now)
	}
	for _, f := range now {
		d.tell(f, f.inner.Err)
	}
	return len(now)
}

// swap brings them into another order. Accepts of one listener keep theirs:
// who waited first is served first.
func (d *Driver) swap(now []*flight) {
	d.rnd.Shuffle(len(now), func(i, j int) {
		a, b := now[i], now[j]
		if i == j || a.op.Code == driver.Accept || b.op.Code == driver.Accept {
			return
		}
		now[i], now[j] = b, a
		d.count(Swapped)
	})
}

// tell gives f's op its result.
func (d *Driver) tell(f *flight, err error) {
	d.ready = slices.DeleteFunc(d.ready, func(other *flight) bool { return other == f })
	delete(d.flying, f.op)
	f.noteShort()
	fresh := f.fresh()
	if err == nil {
		f.copyBack()
	}
	n := f.inner.N
	if err != nil {
		n = 0
	}
	wanted := f.op.Finish(n, err)
	if fresh != 0 && (!wanted || err != nil) {
		d.Driver.Submit(&driver.Op{Code: driver.CloseHandle, Handle: fresh})
	}
}

// Close closes the inner driver and ends every op.
func (d *Driver) Close() error {
	d.closed = true
	err := d.Driver.Close()
	for _, f := range d.inOrder() {
		f.op.Kill()
	}
	d.flying, d.ready = map[*driver.Op]*flight{}, nil
	return err
}

// waits reports whether an operation may finish later than in Submit.
func waits(c driver.Code) bool {
	switch c {
	case driver.Accept, driver.Connect, driver.Recv, driver.Send, driver.RecvMsgs, driver.SendMsgs,
		driver.Readable, driver.Writable:
		return true
	}
	return ofFile(c)
}

// moves reports whether an operation looks at what is to be transferred inside
// Submit only, and completes with ErrAgain if it waited.
func moves(c driver.Code) bool {
	switch c {
	case driver.Recv, driver.Send, driver.RecvMsgs, driver.SendMsgs:
		return true
	}
	return false
}

// ofFile reports whether an operation is one of files.
func ofFile(c driver.Code) bool { return c >= driver.Open && c <= driver.ReadDir }
