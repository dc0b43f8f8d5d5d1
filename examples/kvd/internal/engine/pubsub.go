package engine

import "github.com/rouse-go/rouse/examples/kvd/internal/resp"

func subscribe(x *call)    { x.subscribe(byChannel) }
func psubscribe(x *call)   { x.subscribe(byPattern) }
func unsubscribe(x *call)  { x.unsubscribe(byChannel) }
func punsubscribe(x *call) { x.unsubscribe(byPattern) }

func (x *call) subscribe(k *kind) {
	for _, name := range x.args[1:] {
		x.client.subscribe(k, name)
		x.confirm(k.subscribe, name)
	}
}

// unsubscribe leaves the named channels, or all of them. There is a
// confirmation for each, and one even if there are none.
func (x *call) unsubscribe(k *kind) {
	for _, name := range x.args[1:] {
		x.client.unsubscribe(k, name)
		x.confirm(k.unsubscribe, name)
	}
	if len(x.args) > 1 {
		return
	}
	names := x.client.subscribedNames(k)
	for _, name := range names {
		x.client.unsubscribe(k, []byte(name))
		x.confirm(k.unsubscribe, []byte(name))
	}
	if len(names) == 0 {
		x.confirm(k.unsubscribe, nil)
	}
}

func (x *call) confirm(what string, name []byte) {
	mark := len(x.out)
	x.push(3)
	x.text(what)
	if name == nil {
		x.null()
	} else {
		x.bulk(name)
	}
	x.int(x.client.subscriptionCount())
	if x.client.muted != loud {
		x.pushes = append(x.pushes, x.out[mark:]...)
	}
}

func publish(x *call) {
	e, name, message := x.engine, x.args[1], x.args[2]
	n := 0
	var dropped []*Client
	send := func(t *topic, parts ...string) {
		var encoded [2][]byte // for each protocol version, when first needed
		for _, c := range t.clients {
			b := &encoded[c.proto-resp.RESP2]
			if *b == nil {
				*b = c.proto.AppendPush(nil, len(parts)+1)
				for _, part := range parts {
					*b = resp.AppendBulk(*b, part)
				}
				*b = resp.AppendBulk(*b, message)
			}
			c.deliver(*b)
			if c.overflow {
				dropped = append(dropped, c)
			} else {
				n++
			}
		}
	}
	if t := e.channels.Find(name); t != nil {
		send(t, "message", string(name))
	}
	for pattern, t := range e.patterns.All() {
		if match([]byte(pattern), string(name)) {
			send(t, "pmessage", pattern, string(name))
		}
	}
	for _, c := range dropped { // not before, as it changes the topics
		c.unsubscribeAll()
	}
	x.int(n)
}

func pubsubChannels(x *call) {
	if len(x.args) > 3 {
		x.error(errArity(x.cmd))
		return
	}
	header, n := len(x.out), 0
	for name := range x.engine.channels.All() {
		if len(x.args) < 3 || match(x.args[2], name) {
			x.text(name)
			n++
		}
	}
	x.insertArray(header, n)
}

func pubsubNumSub(x *call) {
	names := x.args[2:]
	x.array(2 * len(names))
	for _, name := range names {
		x.bulk(name)
		if t := x.engine.channels.Find(name); t != nil {
			x.int(len(t.clients))
		} else {
			x.int(0)
		}
	}
}

func pubsubNumPat(x *call) { x.int(x.engine.patterns.Len()) }
