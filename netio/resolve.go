package netio

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"

	"github.com/rouse-go/rouse"
)

// Resolve returns the IPs of host with the default [Resolver], at the executor
// that ctx carries. See [Resolver.Resolve].
func Resolve(ctx context.Context, network, host string) ([]netip.Addr, error) {
	return defaultResolver.Resolve(ctx, network, host)
}

// NewResolve returns a future of the IPs of host, found with the default
// [Resolver]. See [Resolver.NewResolve].
func NewResolve(network, host string) *Resolution {
	return defaultResolver.NewResolve(network, host)
}

// Resolve returns the IPs of host, best first, of network ip, ip4 or ip6; there
// is at least one. An IP is itself and localhost 127.0.0.1 (for ip6 ::1), at
// once; all else the Resolver remembers or looks up. Errors are *[net.DNSError]
// if Lookup's are. If ctx ends first, Resolve returns ctx.Err().
//
// It may be called from any goroutine but that of a running executor. The
// executor has to be running: the answers are kept there.
func (r *Resolver) Resolve(ctx context.Context, network, host string) ([]netip.Addr, error) {
	ex := rouse.ExecutorFrom(ctx)
	if ex == nil {
		return nil, fmt.Errorf("rouse: netio: the ctx carries no executor; use that of a fiber, or rouse.WithExecutor(ctx, ex)")
	}
	looking := r.NewResolve(network, host)
	addrs, err := rouse.AwaitOn[[]netip.Addr](ctx, ex, looking)
	if !looking.told && shutDown(err) {
		err = endedError{err}
	}
	return addrs, err
}

// NewResolve returns a future of what [Resolver.Resolve] returns, for tasks of
// any executor that is a [BlockingHost].
func (r *Resolver) NewResolve(network, host string) *Resolution {
	return &Resolution{r: r, network: network, host: host}
}

// A Resolution is a name being resolved: a rouse.Future[[]netip.Addr] that is
// polled by one executor. It may be dropped at any time.
type Resolution struct {
	r             *Resolver
	network, host string

	names  *names // nil before the first poll
	answer *answer
	place  place
	over   bool
	told   bool // Poll has returned its result, which may be any error of a Lookup
}

// Poll returns the IPs, or why there are none.
func (r *Resolution) Poll(cx *rouse.Context) ([]netip.Addr, error) {
	if r.over {
		panic("rouse: *netio.Resolution polled after its result; make another with NewResolve")
	}
	if r.names == nil {
		if !cx.Spend() { // most answers are there at once
			return nil, rouse.Pending
		}
		addrs, err := r.start(cx)
		if r.answer == nil {
			r.over, r.told = true, true
			return addrs, err
		}
		if !r.answer.settled {
			cx.Refund()
		}
	}
	a := r.answer
	if !a.settled {
		a.waiting.mine(cx, &r.place)
		return nil, rouse.Pending
	}
	r.Drop()
	r.told = true
	return slices.Clone(a.addrs), a.err
}

// start finds out whether the host has to be asked for, and does so.
func (r *Resolution) start(cx *rouse.Context) ([]netip.Addr, error) {
	if err := checkIPNetwork(r.network); err != nil {
		return nil, err
	}
	if r.host == "" {
		return nil, &net.DNSError{Err: "no such host: the name is empty", IsNotFound: true}
	}
	ip, known, err := knownHost(r.network, r.host)
	if err != nil {
		return nil, err
	}
	if known {
		return []netip.Addr{ip}, nil
	}
	host := blockingHost(cx)
	n := r.r.names(host)
	a, err := n.ask(cx, host, query{r.network, r.host})
	if err != nil {
		return nil, reason(err)
	}
	r.names, r.answer = n, a
	return nil, nil
}

// Drop gives up waiting.
func (r *Resolution) Drop() {
	if r.names != nil && !r.over {
		r.names.leave(r.answer, &r.place)
	}
	r.over = true
}
