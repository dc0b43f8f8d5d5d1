package engine

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/rouse-go/rouse/examples/kvd/internal/resp"
)

// clientsInOrder lists the clients by id.
func (e *Engine) clientsInOrder() []*Client {
	list := make([]*Client, 0, len(e.clients))
	for _, c := range e.clients {
		list = append(list, c)
	}
	slices.SortFunc(list, func(a, b *Client) int { return cmp.Compare(a.id, b.id) })
	return list
}

// info is the client's line in CLIENT LIST: those fields of Redis's that have
// a meaning here.
func (c *Client) info(now int64) string {
	var age, idle int64
	if c.since != 0 {
		age, idle = (now-c.since)/1000, (now-c.active)/1000
	}
	flags, multi, last := "N", -1, "NULL"
	subs := [2]int{len(c.subscribedNames(byChannel)), len(c.subscribedNames(byPattern))}
	if c.subscribed() {
		flags = "P"
	}
	if c.queueing() {
		flags, multi = "x", len(c.tx.queue)
	}
	if c.last != nil {
		last = c.last.fullName()
	}
	return fmt.Sprintf("id=%d addr=%s laddr=%s name=%s age=%d idle=%d flags=%s db=%d sub=%d psub=%d multi=%d "+
		"omem=%d cmd=%s user=%s lib-name=%s lib-ver=%s resp=%d\n", c.id, c.addr, c.laddr, c.name, age, idle, flags,
		c.db, subs[0], subs[1], multi, c.pushed, last, defaultUser, c.libName, c.libVersion, c.proto)
}

func clientInfo(x *call) { x.verbatim(x.client.info(x.now)) }

// clientList is CLIENT LIST, of all clients, of a type, or of some ids.
func clientList(x *call) {
	var f clientFilter
	switch {
	case len(x.args) == 2:
	case x.is(2, "TYPE") && len(x.args) == 4:
		if !f.parseType(x, 3) {
			return
		}
	case x.is(2, "ID") && len(x.args) > 3:
		for i := 3; i < len(x.args); i++ {
			if !f.parseID(x, i, "ERR Invalid client ID") {
				return
			}
		}
	default:
		x.error(errSyntax)
		return
	}
	var list strings.Builder
	for _, c := range x.engine.clientsInOrder() {
		if f.selects(c) {
			list.WriteString(c.info(x.now))
		}
	}
	x.verbatim(list.String())
}

// clientKill is CLIENT KILL with an address, or with filters.
func clientKill(x *call) {
	var f clientFilter
	if len(x.args) == 3 {
		f.addr = string(x.args[2])
		if x.kill(&f) == 0 {
			x.error("ERR No such client")
		} else {
			x.ok()
		}
		return
	}
	f.except = x.client
	for i := 2; i < len(x.args); i += 2 {
		if i+1 == len(x.args) {
			x.error(errSyntax)
			return
		}
		if !f.parse(x, i) {
			return
		}
	}
	x.int(x.kill(&f))
}

func (x *call) kill(f *clientFilter) (n int) {
	for _, c := range x.engine.clientsInOrder() {
		if f.selects(c) {
			c.kill()
			n++
		}
	}
	return n
}

// A clientFilter selects clients. What is zero selects all.
type clientFilter struct {
	ids         []uint64
	addr, laddr string
	kind        string
	except      *Client
}

func (f *clientFilter) selects(c *Client) bool {
	isKind := f.kind == "" || f.kind == "normal" && !c.subscribed() || f.kind == "pubsub" && c.subscribed()
	return isKind && c != f.except &&
		(len(f.ids) == 0 || slices.Contains(f.ids, c.id)) &&
		(f.addr == "" || f.addr == c.addr) &&
		(f.laddr == "" || f.laddr == c.laddr)
}

// parse parses the filter that arguments i and i+1 make, and replies the error
// if they make none.
func (f *clientFilter) parse(x *call, i int) bool {
	value := x.args[i+1]
	switch {
	case x.is(i, "ID"):
		return f.parseID(x, i+1, "ERR client-id should be greater than 0")
	case x.is(i, "TYPE"):
		return f.parseType(x, i+1)
	case x.is(i, "ADDR"):
		f.addr = string(value)
	case x.is(i, "LADDR"):
		f.laddr = string(value)
	case x.is(i, "USER"):
		if string(value) != defaultUser {
			x.error("ERR No such user '" + string(value) + "'")
			return false
		}
	case x.is(i, "SKIPME") && isKeyword(value, "YES"):
		f.except = x.client
	case x.is(i, "SKIPME") && isKeyword(value, "NO"):
		f.except = nil
	default:
		x.error(errSyntax)
		return false
	}
	return true
}

func (f *clientFilter) parseID(x *call, i int, problem string) bool {
	id, ok := resp.ParseInt(x.args[i])
	if !ok || id < 1 {
		x.error(problem)
		return false
	}
	f.ids = append(f.ids, uint64(id))
	return true
}

func (f *clientFilter) parseType(x *call, i int) bool {
	for _, kind := range [...]string{"normal", "pubsub", "master", "replica", "slave"} {
		if x.is(i, upper(kind)) {
			f.kind = kind
			return true
		}
	}
	x.error("ERR Unknown client type '" + string(x.args[i]) + "'")
	return false
}
