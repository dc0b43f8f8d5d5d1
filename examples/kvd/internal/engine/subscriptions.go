package engine

import "github.com/rouse-go/rouse/examples/kvd/internal/store"

// A topic is the subscribers of a channel or of a pattern.
type topic struct{ clients []*Client }

// subscriptions are a client's channels and patterns, with its place among the
// subscribers of each, so that leaving takes no search.
type subscriptions struct {
	channels *store.Table[int]
	patterns *store.Table[int]
}

// kind is one of the two ways to subscribe.
type kind struct {
	subscribe   string // the first element of the confirmations
	unsubscribe string
	topics      func(*Engine) *store.Table[topic]
	of          func(*subscriptions) *store.Table[int]
}

var (
	byChannel = &kind{
		"subscribe", "unsubscribe",
		func(e *Engine) *store.Table[topic] { return e.channels },
		func(s *subscriptions) *store.Table[int] { return s.channels },
	}
	byPattern = &kind{
		"psubscribe", "punsubscribe",
		func(e *Engine) *store.Table[topic] { return e.patterns },
		func(s *subscriptions) *store.Table[int] { return s.patterns },
	}
)

func (c *Client) subscribed() bool { return c.subs != nil }

// subscriptionCount is what confirmations tell the client.
func (c *Client) subscriptionCount() int {
	if c.subs == nil {
		return 0
	}
	return c.subs.channels.Len() + c.subs.patterns.Len()
}

func (c *Client) subscribe(k *kind, name []byte) {
	e := c.engine
	if c.subs == nil {
		c.subs = &subscriptions{store.NewTable[int](e.cfg.Seed), store.NewTable[int](e.cfg.Seed)}
	}
	place, added := k.of(c.subs).Insert(name)
	if !added {
		return
	}
	t, _ := k.topics(e).Insert(name)
	*place = len(t.clients)
	t.clients = append(t.clients, c)
}

func (c *Client) unsubscribe(k *kind, name []byte) {
	if c.subs == nil {
		return
	}
	mine, topics := k.of(c.subs), k.topics(c.engine)
	place := mine.Find(name)
	if place == nil {
		return
	}
	t := topics.Find(name)
	last := len(t.clients) - 1
	moved := t.clients[last]
	t.clients[*place] = moved
	*k.of(moved.subs).Find(name) = *place
	t.clients[last] = nil
	t.clients = t.clients[:last]
	if last == 0 {
		topics.Remove(name)
	}
	mine.Remove(name)
	if c.subscriptionCount() == 0 {
		c.subs = nil
	}
}

// subscribedNames lists what c is subscribed to.
func (c *Client) subscribedNames(k *kind) []string {
	if c.subs == nil {
		return nil
	}
	var names []string
	for name := range k.of(c.subs).All() {
		names = append(names, name)
	}
	return names
}

func (c *Client) unsubscribeAll() {
	for _, k := range [...]*kind{byChannel, byPattern} {
		for _, name := range c.subscribedNames(k) {
			c.unsubscribe(k, []byte(name))
		}
	}
}

// deliver gives c a push. One that does not take its pushes loses them and its
// subscriptions, and has to be closed.
func (c *Client) deliver(push []byte) {
	e := c.engine
	if c.overflow {
		return
	}
	if c == e.call.client && e.cfg.Shards == 1 {
		// Nobody has to be woken, and it comes before the reply of PUBLISH.
		e.call.out = append(e.call.out, push...)
		if c.muted != loud {
			e.call.pushes = append(e.call.pushes, push...)
		}
		return
	}
	wake := len(c.pushes) == 0
	if c.pushed+len(push)+sliceSize > e.cfg.PushLimit {
		c.overflow, c.closing, c.pushes, c.pushed = true, true, nil, 0
		e.stats.overflows++
		wake = true
	} else {
		c.pushes = append(c.pushes, push) // not copied: a deaf crowd shares it
		c.pushed += len(push) + sliceSize
	}
	if wake {
		e.cfg.Wake(c)
	}
}
