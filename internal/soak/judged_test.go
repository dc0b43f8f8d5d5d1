package main

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/channel"
	"github.com/rouse-go/rouse/internal/census"
	"github.com/rouse-go/rouse/internal/leakcheck"
	"github.com/rouse-go/rouse/netio"
)

// The checks notice what they are there for.
func TestFaultsAreNoticed(t *testing.T) {
	never := rouse.FutureFunc[int](func(*rouse.Context) (int, error) { return 0, rouse.Pending })
	ready := rouse.FutureFunc[int](func(*rouse.Context) (int, error) { return 1, nil })
	cx := rouse.NewContext(rouse.Waker{})
	for _, c := range []struct {
		name, want string
		do         func(r *round)
	}{
		{"poll after the result", "polled after its end", func(r *round) {
			w := r.newWatch("x", ready)
			w.Poll(cx)
			w.Poll(cx)
		}},
		{"two polls at once", "polled by 2 at once", func(r *round) {
			var w *watch
			w = r.newWatch("x", rouse.FutureFunc[int](func(cx *rouse.Context) (int, error) {
				if w.tally.Polls == 1 {
					w.Poll(cx)
				}
				return 0, rouse.Pending
			}))
			w.Poll(cx)
			w.Drop()
		}},
		{"two drops", "ends for the 2th time", func(r *round) {
			w := r.newWatch("x", never)
			w.Drop()
			w.Drop()
		}},
		{"drop after the result", "ends for the 2th time", func(r *round) {
			w := r.newWatch("x", ready)
			w.Poll(cx)
			w.Drop()
		}},
		{"neither result nor drop", "neither ended nor was it dropped", func(r *round) { r.newWatch("x", never) }},
		{"lost element", "sent and is lost", func(r *round) { r.book.sent(3) }},
		{"element out of nothing", "told that it was not sent", func(r *round) { r.book.got(3) }},
		{"element received twice", "received twice", func(r *round) {
			r.book.sent(3)
			r.book.got(3)
			r.book.got(3)
		}},
		{"unknown element", "nobody has made", func(r *round) { r.book.got(-1) }},
		{"somebody else's result", "the result is 7", func(r *round) {
			w := r.newWatch("x", ready)
			w.Poll(cx)
			(&script{w: &watch{r: r}}).joined(w, 7, nil, false)
		}},
		{"result without an end", "has a result and has not ended", func(r *round) {
			w := r.newWatch("x", ready)
			(&script{w: &watch{r: r}}).joined(w, w.id, nil, false)
			w.Drop()
		}},
		{"cancelled by nobody", "nobody has aborted it", func(r *round) {
			w := r.newWatch("x", never)
			w.Drop()
			(&script{w: &watch{r: r}}).joined(w, 0, rouse.ErrCanceled, false)
		}},
		{"cancelled and not dropped", "cancelled and not dropped", func(r *round) {
			w := r.newWatch("x", never)
			(&script{w: &watch{r: r}}).joined(w, 0, rouse.ErrCanceled, true)
			w.Drop()
		}},
		{"a step's error", "task 0 (x): broken", func(r *round) {
			w := r.newWatch("x", ready)
			(&script{w: w}).judge(fmt.Errorf("broken"))
			w.Drop()
		}},
		{"something that is left", "left behind: ", func(r *round) {
			before := leakcheck.Take()
			census.Tasks.Add(1)
			r.account(before, 0)
			census.Tasks.Add(-1)
		}},
		{"message received twice", "went from peer 0 to 0, and [0 0] came", func(r *round) {
			r.sites[0].went[0], r.sites[0].came[0] = []int{0, 1}, []int{0, 0}
		}},
		{"message overtaken", "and [1 0] came", func(r *round) {
			r.sites[0].went[0], r.sites[0].came[0] = []int{0, 1}, []int{1, 0}
		}},
		{"message out of nothing", "and [0] came", func(r *round) { r.sites[0].came[0] = []int{0} }},
		{"lost message", "messages [1] from peer 0 to 0 are lost", func(r *round) {
			r.sites[0].went[0], r.sites[0].came[0] = []int{0, 1}, []int{0}
		}},
		{"message astray", "came to peer 0 from 0", func(r *round) { r.came(r.sites[0], message{to: 1}, 0) }},
		{"closed by nobody", "nobody has closed it", func(r *round) {
			s := &script{w: r.newWatch("x", never)}
			s.judge(s.answer(channel.ErrClosed, false, false))
			s.w.Drop()
		}},
		{"not closed", "a channel goes on that was closed", func(r *round) {
			s := &script{w: r.newWatch("x", never)}
			s.judge(s.answer(nil, true, true))
			s.w.Drop()
		}},
		{"error told twice", "1 errors ENOMEM were told, 0 were made", func(r *round) {
			r.plan.faults.Fail = 1
			if !r.told(&net.OpError{Op: "accept", Net: "tcp", Err: syscall.ENOMEM}) {
				t.Error("it may be told")
			}
		}},
		{"error of something else", "an error of write tcp says that it is: read tcp: ", func(r *round) {
			_ = r.of("write tcp", &net.OpError{Op: "read", Net: "tcp", Err: syscall.ENOMEM})
		}},
		{"too many calls", "1 blocking calls run at once, and the limit is 0", func(r *round) {
			_, _ = (&call{s: &script{w: &watch{r: r}}, crew: &r.crew}).run()
		}},
		{"a call twice", "a blocking call of task 3 runs twice", func(r *round) {
			c := &call{s: &script{w: &watch{r: r, id: 3}}, crew: &crew{limit: 1}}
			_, _ = c.run()
			_, _ = c.run()
		}},
		{"a call's result", "has returned 8", func(r *round) {
			s := &script{w: r.newWatch("x", never)}
			c := &call{s: s, want: 7}
			s.judge(c.ended(8, nil))
			s.w.Drop()
		}},
		{"somebody's panic", "a panic: bad", func(r *round) { r.panicked(&rouse.PanicError{Value: "bad"}) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRound("manual", 1)
			if err := r.open(); err != nil { // the trace reads a clock
				t.Fatal(err)
			}
			defer r.sites[0].ex.Close()
			c.do(r)
			r.settle()
			if !slices.ContainsFunc(r.book.failed(), func(f string) bool { return strings.Contains(f, c.want) }) {
				t.Errorf("%q, want %q", r.book.failed(), c.want)
			}
		})
	}
}

// Errors are only those that a fault may have led to, if they say of what.
func TestErrorsAreJudged(t *testing.T) {
	op := func(op, network string, errno syscall.Errno) error {
		return &net.OpError{Op: op, Net: network, Err: os.NewSyscallError("x", errno)}
	}
	file := func(op string, errno syscall.Errno) error { return &fs.PathError{Op: op, Path: "p", Err: errno} }
	r := newRound("manual", 1)
	for _, c := range []struct {
		err  error
		fail float64
		want bool
	}{
		{op("dial", "tcp", syscall.EMFILE), 1, true},
		{op("dial", "tcp", syscall.EMFILE), 0, false}, // nobody makes any
		{op("read", "tcp", syscall.EMFILE), 1, false}, // not of a read
		{op("read", "tcp", syscall.ECONNRESET), 1, true},
		{op("read", "udp", syscall.ECONNRESET), 1, false},
		{op("write", "tcp", syscall.EPIPE), 1, true},
		{op("sing", "tcp", syscall.ENOMEM), 1, false},
		{os.NewSyscallError("read", syscall.ENOMEM), 1, false}, // of what?
		{fmt.Errorf("so: %w", op("read", "tcp", syscall.ENOMEM)), 1, false},
		{file("write", syscall.ENOSPC), 1, true},
		{file("read", syscall.EINTR), 1, false}, // is dealt with
		{io.EOF, 1, false},
		{context.Canceled, 1, false},
	} {
		r.plan.faults.Fail = c.fail
		if got := r.told(c.err); got != c.want {
			t.Errorf("%v, %v: %v", c.err, c.fail, got)
		}
	}
}

// What comes back must be a datagram that was sent, whole, once, to whom it was
// for.
func TestDatagramsAreJudged(t *testing.T) {
	r := newRound("manual", 1)
	from := netip.MustParseAddrPort("127.0.0.1:1")
	good := r.newDatagram(2, 3, 5, 100)
	with := func(i int) []byte {
		b := slices.Clone(good)
		b[i] ^= 1
		return b
	}
	for _, c := range []struct {
		name, want string
		m          netio.Message
	}{
		{"good", "", netio.Message{Buf: good, N: len(good)}},
		{"cut", "", netio.Message{Buf: good[:50], N: 50, Truncated: true}},
		{"an earlier task's", "", netio.Message{Buf: r.newDatagram(2, 4, 5, 0), N: headLen}},
		{"an earlier one", "", netio.Message{Buf: r.newDatagram(2, 3, 4, 0), N: headLen}},
		{"of nobody", "out of nothing", netio.Message{Buf: r.newDatagram(2, 3, 6, 0), N: headLen}},
		{"astray", "came to port 2 and was sent from 7", netio.Message{Buf: r.newDatagram(7, 3, 5, 0), N: headLen}},
		{"another byte", "not what was sent", netio.Message{Buf: with(70), N: len(good)}},
		{"another number", "not what was sent", netio.Message{Buf: with(11), N: len(good)}},
		{"short", "99 bytes came", netio.Message{Buf: good, N: 99}},
		{"very short", "shorter than any", netio.Message{Buf: good, N: 3}},
		{"cut in silence", "truncated: false", netio.Message{Buf: good[:50], N: 50}},
		{"from elsewhere", "who is not", netio.Message{Buf: good, N: len(good), Addr: netip.MustParseAddrPort("127.0.0.1:9")}},
	} {
		if !c.m.Addr.IsValid() {
			c.m.Addr = from
		}
		talk := &correspondence{s: &script{w: &watch{r: r, id: 3}}, echo: from, port: 2, first: 5, open: map[int]bool{5: true}}
		err := talk.came([]netio.Message{c.m}, nil)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
		if err != nil {
			continue
		}
		again := []netio.Message{{Buf: good, N: len(good), Addr: from}}
		if !talk.over() {
			err = talk.came(again, nil)
		}
		if err != nil || !talk.over() || talk.came(again, nil) == nil {
			t.Errorf("%s: it comes once, %v", c.name, err)
		}
	}
}
