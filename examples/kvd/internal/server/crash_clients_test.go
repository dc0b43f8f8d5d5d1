package server

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// clients write, and know what was acknowledged and what may have been done.
type clients struct {
	b     *box
	lossy bool // a crash may take what was acknowledged
	ticks int
	all   []*client

	divided bool // the latest rounds were executed by several shards
}

type client struct {
	id        int
	sent      int  // rounds
	confirmed int  // of which so many were acknowledged
	lost      bool // it was told that the outcome is not known, or refused
	peer      *peer
	replies   string // to the latest round, so far
}

func newClients(b *box, lossy bool) *clients {
	c := &clients{b: b, lossy: lossy}
	for i := range 3 {
		c.all = append(c.all, &client{id: i})
	}
	return c
}

// tick has each client send a round of requests if the one before is answered,
// and lets some time pass.
func (c *clients) tick(d time.Duration) {
	c.ticks++
	c.divided = c.b.cores > 1
	for _, cl := range c.all {
		if cl.peer == nil {
			cl.peer = c.b.w.at(cl.id).connect()
		}
		if c.ticks <= cl.id || cl.lost {
			continue // not all at the same moment
		}
		if cl.sent == cl.confirmed {
			cl.sent++
			cl.peer.send(cl.requests())
		}
	}
	c.b.w.advance(d)
	for _, cl := range c.all {
		if cl.lost {
			continue
		}
		cl.replies += cl.peer.take()
		switch {
		case strings.Contains(cl.replies, "-MISCONF"), strings.Contains(cl.replies, "-EXECABORT"):
			cl.replies, cl.lost = "", true
		case strings.HasPrefix(cl.replies, ":") && strings.Count(cl.replies, "\r\n") == 10:
			cl.replies, cl.confirmed = "", cl.sent
		case cl.replies != "" && !c.divided: // else EXEC may be alone in a batch
			c.b.t.Errorf("client %d gets a part of its replies: %q", cl.id, cl.replies)
		}
	}
}

// requests are a round: the keys are of several shards, if there are some, but for
// those of the transaction.
func (cl *client) requests() string {
	id, n := strconv.Itoa(cl.id), strconv.Itoa(cl.sent)
	return request("INCR", "count"+id) +
		request("RPUSH", "list"+id, n) +
		"MULTI\r\n" + request("INCR", "a{"+id+"}") + request("INCR", "b{"+id+"}") + "EXEC\r\n" +
		request("SET", "set"+id+":"+n, n, "EX", "1000") +
		request("SET", "pad"+id, strings.Repeat(n, 1500/len(n))) // so that a batch has some sectors
}

func (c *clients) acked() (n int) {
	for _, cl := range c.all {
		n += 6 * cl.confirmed
	}
	return n
}

// check demands that each client's keys show a number of rounds between what
// was acknowledged and what was sent: the same one, if there was one shard.
func (c *clients) check(when string) {
	t := c.b.t
	t.Helper()
	for _, cl := range c.all {
		p := c.b.w.at(cl.id + 1).connect() // another shard than its own, if there is one
		id := strconv.Itoa(cl.id)
		least := cl.confirmed
		if c.lossy {
			least = 0
		}
		all := map[int]bool{} // the numbers of rounds that the keys show
		within := func(what string, n int) {
			all[n] = true
			if n < least || n > cl.sent {
				t.Errorf("%s: client %d has %d rounds in %s, acknowledged were %d of %d", when, cl.id, n, what, cl.confirmed, cl.sent)
			}
		}
		count := p.number("count" + id)
		within("count", count)
		within("a", p.number("a{"+id+"}"))
		if a, b := p.number("a{"+id+"}"), p.number("b{"+id+"}"); a != b {
			t.Errorf("%s: client %d has half a transaction: %d and %d", when, cl.id, a, b)
		}
		list := p.list("list" + id)
		within("list", len(list))
		for i, n := range list {
			if n != strconv.Itoa(i+1) {
				t.Errorf("%s: client %d has the list %q", when, cl.id, list)
			}
		}
		last := 0
		for i := 1; i <= cl.sent; i++ {
			switch got := p.number("set" + id + ":" + strconv.Itoa(i)); {
			case got == i:
				last = i
			case got != 0 || i <= least || !c.divided && i <= count:
				t.Errorf("%s: key %d of client %d is %d", when, i, cl.id, got)
			}
		}
		all[last] = true
		if !c.divided && len(all) != 1 {
			t.Errorf("%s: client %d has different numbers of rounds: %v", when, cl.id, all)
		}
		cl.repair(p, all, len(list))
	}
}

// repair does again what some shards have lost and others not, as nobody was told
// that it was done.
func (cl *client) repair(p *peer, all map[int]bool, listed int) {
	top := slices.Max(slices.Collect(maps.Keys(all)))
	if len(all) > 1 {
		id, n := strconv.Itoa(cl.id), strconv.Itoa(top)
		p.expect(request("MSET", "count"+id, n, "a{"+id+"}", n, "b{"+id+"}", n), "+OK\r\n")
		for i := listed + 1; i <= top; i++ {
			p.expect(request("RPUSH", "list"+id, strconv.Itoa(i)), ":"+strconv.Itoa(i)+"\r\n")
		}
		for i := range top {
			n := strconv.Itoa(i + 1)
			p.expect(request("SET", "set"+id+":"+n, n, "EX", "1000"), "+OK\r\n")
		}
	}
	cl.sent, cl.confirmed, cl.peer, cl.replies, cl.lost = top, top, nil, "", false
}

// number is what GET has, 0 for nothing.
func (p *peer) number(key string) int {
	p.w.t.Helper()
	reply := strings.Split(p.ask(request("GET", key)), "\r\n")
	if reply[0] == "$-1" {
		return 0
	}
	n, err := strconv.Atoi(reply[min(1, len(reply)-1)])
	if err != nil {
		p.w.t.Fatal(reply, err)
	}
	return n
}

func (p *peer) list(key string) (list []string) {
	p.w.t.Helper()
	for i, part := range strings.Split(p.ask(request("LRANGE", key, "0", "-1")), "\r\n") {
		if i > 0 && i%2 == 0 {
			list = append(list, part)
		}
	}
	return list
}
