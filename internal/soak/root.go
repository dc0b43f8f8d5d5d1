package main

import (
	"math/rand/v2"
	"time"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/netio"
	"github.com/rouse-go/rouse/timer"
)

// root is the first task of a site: it opens the server, begins the scripts, and
// sees to it that all has ended when it ends.
type root struct {
	r    *round
	st   *site
	at   int // the stage
	l    *netio.Listener
	p    *netio.PacketConn
	echo *probe
	rng  *rand.Rand
	wait rouse.Future[int]
	jobs []job

	looks int // see timerLooks
}

// A job is a script that the root joins.
type job struct {
	j rouse.JoinHandle[int]
	w *watch
}

// The stages of a root.
const (
	toOpen    = iota // the servers
	toMeet           // until every site has its address
	toBegin          // the scripts
	toJoin           // them
	toPart           // until every site, and visitor, has done its work
	toOutlast        // those that nobody has joined, here and elsewhere
	toProbe          // the echo of datagrams
	toClose          // the servers, and our end of the mesh
	toRest           // the servers have ended
	toCheck          // that nothing is left
	past
)

func (t *root) Poll(cx *rouse.Context) (int, error) {
	for ; t.at < past; t.at++ {
		if err := t.stage(cx); err != nil {
			return 0, err
		}
	}
	return 0, nil
}

// stage does what is next, and returns Pending if that is not over.
func (t *root) stage(cx *rouse.Context) (err error) {
	r, st := t.r, t.st
	switch t.at {
	case toOpen:
		t.rng = rand.New(rand.NewPCG(st.seed, 0))
		for t.l == nil {
			if t.l, err = netio.PollListen(cx, "tcp", "127.0.0.1:0"); err != nil && !r.told(r.of("listen tcp", err)) {
				return err
			}
		}
		for t.p == nil {
			if t.p, err = netio.PollListenPacket(cx, "udp", "127.0.0.1:0"); err != nil && !r.told(r.of("listen udp", err)) {
				return err
			}
		}
		st.addr, st.echo = t.l.Addr().String(), t.p.LocalAddrPort()
		st.servers = append(st.servers, executor.Spawn[int](st.ex, r.serve(st, t.l)), executor.Spawn[int](st.ex, r.newPacketEcho(t.p)))
		r.hire(st)
		r.addresses.arrive()
	case toMeet:
		return r.addresses.poll(cx)
	case toBegin:
		for range r.plan.roots {
			s := &script{w: &watch{r: r}, rng: t.rng, on: st, deep: r.plan.deep + 1}
			if j, w := s.spawn(); w != nil {
				t.jobs = append(t.jobs, job{j, w})
			}
		}
	case toJoin:
		for len(t.jobs) > 0 {
			v, err := t.jobs[0].j.Poll(cx)
			if err == rouse.Pending {
				return err
			}
			(&script{w: &watch{r: r}}).joined(t.jobs[0].w, v, err, false)
			t.jobs = t.jobs[1:]
		}
		r.done.arrive()
	case toPart:
		return r.done.poll(cx)
	case toOutlast:
		return t.until(cx, func() (bool, error) { return r.allEnded(), nil })
	case toProbe:
		return t.probe(cx)
	case toClose:
		t.close()
		st.errands.Close()
		r.errands.Close()
		r.disconnect(st)
	case toRest:
		for ; len(st.servers) > 0; st.servers = st.servers[1:] {
			if _, err := st.servers[0].Poll(cx); err != nil {
				return err
			}
		}
	case toCheck:
		if err := t.until(cx, t.nothingElse); err != nil {
			return err
		}
		if n := st.ex.Alarms().Len(); n != 0 {
			r.book.failf("%d timers are set, and nobody waits", n)
		}
		for n, err := st.bounded.TryRecv(); err == nil; n, err = st.bounded.TryRecv() {
			r.book.got(n)
		}
	}
	return nil
}

// timerLooks is how often, with a millisecond between, a root looks for timers
// that are set though nobody waits: a goroutine's word that one is not needed any
// more may be on its way.
const timerLooks = 2000

// nothingElse reports whether the root is alone on its site, with no timer, or
// with timers that stay.
func (t *root) nothingElse() (bool, error) {
	if t.st.ex.Live() > 1 {
		return false, nil
	}
	t.looks++
	return t.looks > timerLooks || t.st.ex.Alarms().Len() == 0, nil
}

// probe sees whether the echo of datagrams is alive, unless a fault may have
// ended it.
func (t *root) probe(cx *rouse.Context) (err error) {
	if t.r.plan.faults.Fail > 0 {
		return nil
	}
	if t.echo == nil {
		if t.echo, err = newProbe(cx, t.st); err != nil {
			return err
		}
	}
	if err = t.until(cx, func() (bool, error) { return t.echo.send(cx) }); err == nil {
		_, err = t.echo.wait.Poll(cx)
	}
	return err
}

// until waits, looking now and then.
func (t *root) until(cx *rouse.Context, over func() (bool, error)) error {
	for {
		if t.wait == nil {
			if over, err := over(); over || err != nil {
				return err
			}
			f := timer.Sleep(time.Millisecond)
			t.wait = &dropping[int]{inner: f, poll: func(cx *rouse.Context) (int, error) {
				_, err := f.Poll(cx)
				return 0, err
			}}
		}
		if _, err := t.wait.Poll(cx); err != nil {
			return err
		}
		t.wait = nil
	}
}

func (t *root) Drop() {
	if d, ok := t.wait.(rouse.Dropper); ok {
		d.Drop()
	}
	t.close()
}

func (t *root) close() {
	if t.l != nil {
		t.l.Close()
	}
	if t.p != nil {
		t.p.Close()
	}
	if t.echo != nil {
		t.echo.conn.Close()
	}
}
