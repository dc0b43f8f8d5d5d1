package channel_test

import (
	"slices"
	"testing"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/channel"
)

// FuzzMeshRouting does what the bytes say at the ports of a mesh, each of which
// sits on an executor that runs only when the bytes say so, and compares with a
// slice for each pair of peers. At the end nobody may wait for what is there.
func FuzzMeshRouting(f *testing.F) {
	f.Add([]byte{0, 2, 0, 8, 16, 1, 9, 17, 6, 1, 5, 6, 0, 14})
	f.Add([]byte{1, 0, 0, 0, 4, 4, 12, 6, 14, 22, 1, 9, 1, 6})
	f.Add([]byte{5, 3, 5, 13, 21, 0, 8, 64, 72, 6, 14, 22, 7, 255})
	f.Add([]byte{2, 7, 250, 250, 123, 3, 3, 11, 11, 19, 7, 15, 23, 1, 9, 17})
	f.Fuzz(func(t *testing.T, script []byte) {
		if len(script) < 2 || len(script) > 4000 {
			return
		}
		g := newMeshGame(t, script[0], int(script[1]%8)+1)
		for _, b := range script[2:] {
			g.step(b)
		}
		g.finish()
	})
}

const gamePeers = 3

type meshGame struct {
	t        *testing.T
	capacity int
	islands  [gamePeers]*island
	roles    [gamePeers]channel.Role
	mesh     *channel.Mesh[int]
	model    [gamePeers][gamePeers][]int
	ended    [gamePeers]bool // CloseSend or Close
	shut     [gamePeers]bool // Close
	next     int
	waits    []*gameWait
}

// A gameWait is a task that waits at a port and was told Pending.
type gameWait struct {
	h    *hand
	cx   *rouse.Context
	at   int
	to   int // or -1, to receive
	seen int // wakes when it was told
}

func (w *gameWait) woken() bool { return w.h.wakes > w.seen }

func newMeshGame(t *testing.T, roles byte, capacity int) *meshGame {
	g := &meshGame{t: t, capacity: capacity}
	var peers []channel.Peer
	for i := range g.islands {
		g.islands[i] = newIsland()
		switch roles % 4 {
		case 1:
			g.roles[i] = channel.Sends
		case 2:
			g.roles[i] = channel.Receives
		}
		roles /= 4
		peers = append(peers, channel.Peer{Executor: g.islands[i], Role: g.roles[i]})
	}
	if !slices.ContainsFunc(peers, func(p channel.Peer) bool { return p.Role != channel.Sends }) {
		g.roles[0], peers[0].Role = channel.Both, channel.Both
	}
	if !slices.ContainsFunc(peers, func(p channel.Peer) bool { return p.Role != channel.Receives }) {
		g.roles[0], peers[0].Role = channel.Both, channel.Both
	}
	g.mesh = channel.NewMesh[int](capacity, peers...)
	return g
}

func (g *meshGame) sends(i int) bool    { return g.roles[i] != channel.Receives }
func (g *meshGame) receives(i int) bool { return g.roles[i] != channel.Sends }

// step does one operation: its kind below, then who, then to whom or how much.
func (g *meshGame) step(b byte) {
	i, x := int(b>>3)%gamePeers, int(b>>3)/gamePeers
	j := x % gamePeers
	p := g.mesh.Port(i)
	switch kind := b % 8; {
	case kind == 0 && g.sends(i) && g.receives(j):
		g.sent(i, j, 1, p.TrySend(j, g.next))
	case kind == 2 && g.sends(i) && g.receives(j):
		vs := make([]int, 1+x)
		for k := range vs {
			vs[k] = g.next + k
		}
		n, err := p.TrySendMany(j, vs)
		g.sent(i, j, n, err)
	case kind == 1 && g.receives(i):
		v, from, err := p.TryRecv()
		g.received(i, from, []int{v}, err)
	case kind == 3 && g.receives(i):
		buf := make([]int, 1+x)
		n, from, err := p.TryRecvMany(buf)
		g.received(i, from, buf[:n], err)
	case kind == 4 && g.sends(i) && g.receives(j):
		g.wait(i, j)
	case kind == 5 && g.receives(i):
		g.wait(i, -1)
	case kind == 6:
		g.islands[i].run()
	case kind == 7:
		g.ended[i] = true
		switch {
		case x > 6:
			g.shut[i] = true
			g.islands[i].end()
		case x > 3:
			g.shut[i] = true
			p.Close()
		default:
			p.CloseSend()
		}
	}
}

func (g *meshGame) sent(i, j, n int, err error) {
	g.t.Helper()
	closed := g.ended[i] || g.shut[j]
	switch {
	case closed != (err == channel.ErrClosed):
		g.t.Fatalf("%d to %d: %v; closed is %v", i, j, err, closed)
	case err == nil && n == 0 || err != nil && err != channel.ErrClosed && err != channel.ErrFull:
		g.t.Fatalf("%d to %d: sent %d, %v", i, j, n, err)
	case err != nil:
		return
	}
	for range n {
		g.model[i][j] = append(g.model[i][j], g.next)
		g.next++
	}
	if len(g.model[i][j]) > g.capacity {
		g.t.Fatalf("%d messages from %d to %d, the capacity is %d", len(g.model[i][j]), i, j, g.capacity)
	}
}

func (g *meshGame) received(i, from int, vs []int, err error) {
	g.t.Helper()
	if err != nil {
		if want := g.nothing(i); err != want {
			g.t.Fatalf("port %d: %v; want %v", i, err, want)
		}
		return
	}
	q := &g.model[from][i]
	if g.shut[i] || len(vs) == 0 || len(*q) < len(vs) || !slices.Equal(vs, (*q)[:len(vs)]) {
		g.t.Fatalf("port %d got %v from %d; want %v", i, vs, from, *q)
	}
	*q = (*q)[len(vs):]
}

// nothing is what receiving at i must return if it isn't a message.
func (g *meshGame) nothing(i int) error {
	if g.shut[i] {
		return channel.ErrClosed
	}
	err := error(channel.ErrClosed)
	for from := range g.model {
		if len(g.model[from][i]) > 0 {
			return nil
		}
		if g.sends(from) && !g.ended[from] {
			err = channel.ErrEmpty
		}
	}
	return err
}

// wait polls a task of island i that receives, or sends to `to`.
func (g *meshGame) wait(i, to int) {
	h, cx := g.islands[i].hand()
	g.poll(&gameWait{h: h, cx: cx, at: i, to: to})
}

func (g *meshGame) poll(w *gameWait) {
	p := g.mesh.Port(w.at)
	w.seen = w.h.wakes
	w.cx = g.islands[w.at].lend(w.h)
	var err error
	if w.to >= 0 {
		if err = p.PollSend(w.cx, w.to, g.next); err != rouse.Pending {
			g.sent(w.at, w.to, 1, err)
		}
	} else {
		var v, from int
		if v, from, err = p.PollRecv(w.cx); err != rouse.Pending {
			g.received(w.at, from, []int{v}, err)
		}
	}
	if err == rouse.Pending {
		g.waits = append(g.waits, w)
	}
}

// finish lets every executor run, polls who was woken until nothing changes,
// while all that can be received is, and then looks at who still waits.
func (g *meshGame) finish() {
	for changed := true; changed; {
		changed = false
		for _, x := range g.islands {
			x.run()
		}
		waits := g.waits
		g.waits = nil
		for _, w := range waits {
			if w.woken() {
				changed = true
				g.poll(w)
			} else {
				g.waits = append(g.waits, w)
			}
		}
		// While somebody waits to receive it is he who must be told.
		for i := range g.islands {
			waiting := slices.ContainsFunc(g.waits, func(w *gameWait) bool { return w.at == i && w.to < 0 })
			for g.receives(i) && !waiting && g.nothing(i) == nil {
				changed = true
				v, from, err := g.mesh.Port(i).TryRecv()
				g.received(i, from, []int{v}, err)
			}
			if g.receives(i) && !waiting && !g.shut[i] {
				g.mesh.Port(i).TryRecv() // finds nothing, and says so to the senders
			}
		}
	}
	for _, x := range g.islands {
		x.run()
	}
	for _, w := range g.waits {
		if w.woken() {
			continue // now; he had not been before
		}
		if w.to < 0 && g.nothing(w.at) != channel.ErrEmpty {
			g.t.Fatalf("a task waits to receive at %d: %v", w.at, g.nothing(w.at))
		}
		if w.to >= 0 {
			g.t.Fatalf("a task at %d waits to send to %d: %d of %d are there", w.at, w.to, len(g.model[w.at][w.to]), g.capacity)
		}
	}
}
