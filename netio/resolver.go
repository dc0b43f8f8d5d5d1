package netio

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"runtime/debug"
	"slices"
	"time"

	"github.com/rouse-go/rouse"
)

const (
	// defaultMaxAge is how long an answer is believed. Who is not told the TTL
	// has to guess; the usual Java machine, which isn't told either, keeps
	// answers for as long (networkaddress.cache.ttl).
	defaultMaxAge = 30 * time.Second
	// failureAge is how long a failure is believed: the least that RFC 9520,
	// section 3.2, demands of resolvers, so that those who try again at once do
	// not make an outage worse.
	failureAge = time.Second
	// maxKept is how many names are remembered at each executor.
	maxKept = 1024
)

// A Resolver finds the IPs of names, and remembers them for a while, for each
// executor by itself. The zero value is the default, which [Resolve] and
// dialling use if they are given none. It must not be changed or copied after
// its first use, but may be used by several executors.
//
// What blocks, the look-up, runs on a goroutine of the executor's pool for
// blocking calls, and counts there as a call of executor.Blocking does; so the
// executor has to be a [BlockingHost], or polling panics. However many tasks of an executor want the
// IPs of one name, one look-up is under way; if all of them give up, it is
// cancelled.
//
// Answers are believed for MaxAge by the executor's clock, failures for a
// second. Package net tells no TTL, so those of the name's owner count for
// nothing: MaxAge should be no longer than it may take until a change of the
// name arrives. Up to 1024 names are remembered; hosts that are an IP, or
// localhost, are never asked for.
type Resolver struct {
	// Lookup finds the IPs of host, best first; network is ip, ip4 or ip6. It
	// may block, and returns soon after ctx has ended. It is called on several
	// goroutines. Nil means LookupNetIP of [net.DefaultResolver]; that of any
	// other net.Resolver fits as well.
	Lookup func(ctx context.Context, network, host string) ([]netip.Addr, error)
	// MaxAge is how long an answer is believed; 0 means 30 seconds, below 0
	// that nothing is remembered, failures neither.
	MaxAge time.Duration
}

var defaultResolver Resolver

// names is what a Resolver knows at one executor. At home only.
type names struct {
	r     *Resolver
	known map[query]*answer
}

type query struct{ network, host string }

// An answer is what a look-up found, or the look-up that is under way.
type answer struct {
	query
	waiting line // for the answer
	stop    context.CancelFunc
	settled bool
	addrs   []netip.Addr
	err     error
	until   int64 // cx.Now() from which it is not believed
}

// names returns what r knows at the executor that polls.
func (r *Resolver) names(host BlockingHost) *names {
	return host.Kept(r, func() any { return &names{r: r, known: map[query]*answer{}} }).(*names)
}

// ask returns the answer to q, perhaps one to come.
func (n *names) ask(cx *rouse.Context, host BlockingHost, q query) (*answer, error) {
	if a := n.known[q]; a != nil && (!a.settled || cx.Now() < a.until) {
		return a, nil
	}
	ctx, stop := context.WithCancel(context.Background())
	a := &answer{query: q, stop: stop}
	lookup := n.r.Lookup
	if lookup == nil {
		lookup = net.DefaultResolver.LookupNetIP
	}
	err := host.RunBlocking(func() {
		var addrs []netip.Addr
		err := rouse.ErrGoexit // unless lookup returns or panics
		defer func() {
			stop()
			// An error says that the executor is gone, and all who waited with it.
			_ = host.Inject(func(cx *rouse.Context) { n.settle(cx, a, addrs, err) })
		}()
		addrs, err = safely(ctx, lookup, q)
	})
	if err != nil {
		stop()
		return nil, err
	}
	n.makeRoom(cx.Now())
	n.known[q] = a
	return a, nil
}

// safely calls lookup. A panic of it is an error for those who asked.
func safely(ctx context.Context, lookup func(context.Context, string, string) ([]netip.Addr, error), q query) (addrs []netip.Addr, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &rouse.PanicError{Value: v, Stack: debug.Stack(), Name: "lookup " + q.host}
		}
	}()
	addrs, err = lookup(ctx, q.network, q.host)
	if err != nil {
		return nil, err
	}
	found := make([]netip.Addr, 0, len(addrs))
	for _, ip := range addrs {
		if ip = ip.Unmap(); allows(q.network, ip) && !slices.Contains(found, ip) {
			found = append(found, ip)
		}
	}
	if len(found) == 0 {
		return nil, &net.DNSError{Err: "no address of network " + q.network, Name: q.host, IsNotFound: true}
	}
	return found, nil
}

// settle gives the answer to all who wait for it.
func (n *names) settle(cx *rouse.Context, a *answer, addrs []netip.Addr, err error) {
	a.settled, a.addrs, a.err = true, addrs, err
	age := n.r.MaxAge
	switch {
	case age < 0:
	case err != nil:
		age = failureAge
	case age == 0:
		age = defaultMaxAge
	}
	if age > 0 {
		a.until = cx.Now() + int64(age)
	} else if n.known[a.query] == a {
		delete(n.known, a.query)
	}
	a.waiting.wakeAll()
}

// leave gives up waiting for a; nobody needs the look-up when all have.
func (n *names) leave(a *answer, p *place) {
	a.waiting.leave(p)
	if a.waiting.first == nil && !a.settled {
		a.stop()
		if n.known[a.query] == a {
			delete(n.known, a.query)
		}
	}
}

// makeRoom forgets what is too old when there is much of it, and if that is
// not enough any answer.
func (n *names) makeRoom(now int64) {
	if len(n.known) < maxKept {
		return
	}
	for q, a := range n.known {
		if a.settled && now >= a.until {
			delete(n.known, q)
		}
	}
	for q, a := range n.known {
		if len(n.known) < maxKept {
			return
		}
		if a.settled {
			delete(n.known, q)
		}
	}
}

// checkIPNetwork says whether network is one that names are resolved for.
func checkIPNetwork(network string) error {
	switch network {
	case "ip", "ip4", "ip6":
		return nil
	}
	return errors.Join(net.UnknownNetworkError(network), errors.New("use ip, ip4 or ip6"))
}
