package netio

import (
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/internal/alarm"
	"github.com/rouse-go/rouse/timer"
)

// The connection attempt delay of RFC 8305, section 8: what it recommends, and
// the least that it allows.
const (
	attemptDelay    = 250 * time.Millisecond
	minAttemptDelay = 10 * time.Millisecond
)

// A race is the connecting to one of several endpoints: RFC 8305, section 5.
// Attempts begin one after the other, the next one when one has failed or the
// delay has passed; the first that succeeds wins.
type race struct {
	home  *home
	from  netip.AddrPort
	ends  []endpoint // still to be tried
	delay time.Duration
	under []*attempt // under way
	lost  []error

	clock *alarm.Clock // nil if one endpoint is all, or there is no delay
	alarm alarm.Alarm
	next  int64 // when to begin the next one
	due   bool  // that is now, since one has failed
}

// An attempt is one connecting under way.
type attempt struct {
	end  endpoint
	op   driver.Op
	args driver.Args
}

func (r *race) begun() bool { return r.home != nil }

func (r *race) begin(h *home, from netip.AddrPort, ends []endpoint, delay time.Duration) {
	r.home, r.from, r.ends, r.delay = h, from, ends, delay
	if len(ends) == 1 || delay < 0 {
		return
	}
	if delay == 0 {
		r.delay = attemptDelay
	}
	r.delay = max(r.delay, minAttemptDelay)
	host, ok := h.Ex.(timer.Host)
	if !ok {
		panic("rouse: netio: dialling a name with several IPs needs an executor that keeps time, a timer.Host, such as executor.Local; or set Dialer.FallbackDelay below 0")
	}
	r.clock = host.Alarms()
}

// poll returns the winner, or the error of all.
func (r *race) poll(cx *rouse.Context) (*attempt, error) {
	for {
		if won := r.look(cx); won != nil {
			r.drop()
			return won, nil
		}
		switch {
		case len(r.ends) == 0 && len(r.under) == 0:
			r.stop()
			return nil, r.failure()
		case len(r.ends) == 0, len(r.under) > 0 && !r.due && !r.late(cx):
			return nil, rouse.Pending
		case !cx.Spend():
			return nil, rouse.Pending
		}
		if !r.try(cx) {
			cx.Refund()
		}
	}
}

// look takes the results that there are. It returns the winner, if there is one.
func (r *race) look(cx *rouse.Context) (won *attempt) {
	left := r.under[:0]
	for _, a := range r.under {
		switch {
		case won != nil || !a.op.Poll(cx, r.home.Drv):
			left = append(left, a)
		case a.op.Err == nil:
			won = a
		default:
			r.due = true
			r.lost = append(r.lost, r.opError(a))
		}
	}
	clear(r.under[len(left):])
	r.under = left
	return won
}

// late reports whether it is time for the next attempt; if not, the alarm will
// wake cx's task when it is.
func (r *race) late(cx *rouse.Context) bool {
	if r.clock == nil {
		return false
	}
	if r.clock.Now() >= r.next {
		return true
	}
	if r.alarm.IsSet() {
		r.alarm.Watch(cx)
	} else {
		r.clock.Set(&r.alarm, r.next, cx)
	}
	return false
}

// try begins the next attempt. It reports whether that ended at once.
func (r *race) try(cx *rouse.Context) bool {
	a := &attempt{end: r.ends[0]}
	r.ends = r.ends[1:]
	a.args = driver.Args{Network: r.home.network, Addr: a.end.addr, Path: a.end.path, Local: r.from}
	a.op.Code, a.op.Args = driver.Connect, &a.args
	r.under = append(r.under, a)
	r.due = false
	r.stop()
	if r.clock != nil {
		r.next = r.clock.Now() + int64(r.delay)
	}
	return a.op.Poll(cx, r.home.Drv)
}

func (r *race) stop() {
	if r.clock != nil {
		r.clock.Stop(&r.alarm)
	}
}

// drop gives up what is under way.
func (r *race) drop() {
	for _, a := range r.under {
		if a.op.Done() && a.op.Err == nil {
			_ = r.home.CloseHandle(a.op.Handle) // nobody will have it
		} else {
			a.op.Abandon(r.home.Drv)
		}
	}
	r.under, r.ends = nil, nil
	r.stop()
}

// opError is the error of a.
func (r *race) opError(a *attempt) error {
	op := &net.OpError{Op: "dial", Net: r.home.network, Addr: a.end.netAddr(r.home.network), Err: reason(a.op.Err)}
	if r.from != (netip.AddrPort{}) {
		op.Source = endpoint{addr: r.from}.netAddr(r.home.network)
	}
	return op
}

// failure is the error when none is left.
func (r *race) failure() error { return joinFailures(r.home.network, r.lost) }

// joinFailures makes one error of those of several endpoints.
func joinFailures(network string, errs []error) error {
	if len(errs) == 1 {
		return errs[0]
	}
	return &net.OpError{Op: "dial", Net: network, Err: allFailed(errs)}
}

// allFailed is what became of each endpoint, in the order of their ends.
type allFailed []error

func (e allFailed) Error() string {
	says := make([]string, len(e))
	for i, err := range e {
		says[i] = err.Error()
	}
	return strings.Join(says, "; ")
}

func (e allFailed) Unwrap() []error { return e }
