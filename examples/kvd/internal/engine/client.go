package engine

import "github.com/rouse-go/rouse/examples/kvd/internal/resp"

// A Client is one connection as the engine knows it.
type Client struct {
	engine *Engine
	id     uint64
	addr   string
	laddr  string
	name   string

	libName, libVersion string // what CLIENT SETINFO said

	proto    resp.Proto
	db       int
	closing  bool
	killed   bool
	overflow bool
	muted    mute
	progress resp.Progress
	rest     int   // input the latest Feed left over
	since    int64 // time of the first Feed
	active   int64 // time of the latest Feed
	last     *command

	subs   *subscriptions // nil until the first one
	pushes [][]byte       // not taken yet; shared with other subscribers
	pushed int            // bytes that pushes cost
	tx     *transaction   // nil outside of MULTI and WATCH
}

// ID returns the client's number, as CLIENT ID does.
func (c *Client) ID() uint64 { return c.id }

// Feed parses and executes as many complete requests of in as it can and
// appends their replies to out, behind the pushes that wait for the client. It
// returns how many bytes of in are finished with; the rest has to be presented
// again, at the front, with more data behind it. now is unix time in
// milliseconds.
//
// Feed stops when out holds Config.OutputSoft bytes: then more is true if
// there is input left, and the caller goes on, with a flushed out, when the
// client has read what it was sent. As it looks before each request, out never
// holds more than OutputSoft and the reply to one request (for EXEC, all the
// replies it consists of) plus, once, the pushes, which PushLimit bounds.
func (c *Client) Feed(now int64, in, out []byte) (consumed int, newOut []byte, more bool) {
	e := c.engine
	if c.since == 0 {
		c.since = now
	}
	c.active = now
	if e.cfg.Start == 0 {
		e.cfg.Start = now
	}
	if len(c.pushes) > 0 {
		out = c.TakePushes(out)
	}
	x := &e.call
	x.client, x.now, x.out = c, now, out
	for !c.closing && consumed < len(in) {
		if len(x.out) >= e.cfg.OutputSoft {
			more = true
			break
		}
		args, n, err := e.parser.Next(&c.progress, in[consumed:])
		if err != nil {
			x.error("ERR " + err.Error())
			c.closing = true
		} else if n == 0 {
			break
		}
		consumed += n
		if len(args) > 0 {
			x.execute(args)
		}
	}
	newOut = x.out
	x.client, x.args, x.out = nil, nil, nil
	if c.closing {
		consumed, more = len(in), false
	}
	c.rest = len(in) - consumed
	e.stats.input += consumed
	e.stats.output += len(newOut) - len(out)
	return consumed, newOut, more
}

// Needed returns how many bytes have to follow what the latest Feed left over
// before another one can do anything with it: exact to the end of an argument
// whose length is known, otherwise one.
func (c *Client) Needed() int { return c.progress.Needed(c.rest) }

// Closing reports whether to flush and close: after QUIT, a protocol error or
// CLIENT KILL of the client itself. It is true of one that is Killed, too.
func (c *Client) Closing() bool { return c.closing }

// Killed reports whether to close without a flush: another client called CLIENT
// KILL, and the Engine has forgotten this one. Config.Wake is called when that
// happens.
func (c *Client) Killed() bool { return c.killed }

// TakePushes appends the messages that other clients published, in order.
// Config.Wake was called when the first of them became available; Wake must
// only take note, and not call the engine. Feed takes them, too, so that they
// come before the replies of later requests.
func (c *Client) TakePushes(out []byte) []byte {
	for _, push := range c.pushes {
		out = append(out, push...)
		c.engine.stats.output += len(push)
	}
	c.pushes, c.pushed = nil, 0
	return out
}

// Overflowed reports whether to close without a flush: the client left more
// than Config.PushLimit bytes of pushes untaken and lost them. Config.Wake is
// called when that happens.
func (c *Client) Overflowed() bool { return c.overflow }

// Close makes c Closing, as after QUIT.
func (c *Client) Close() { c.closing = true }

// kill makes c close: after the reply, if it has killed itself, or else at once,
// since one that does not read could put off the end forever.
func (c *Client) kill() {
	if c == c.engine.call.client {
		c.unsubscribeAll()
		c.closing = true
		return
	}
	c.killed = true
	c.engine.Disconnect(c)
	c.engine.cfg.Wake(c)
}
