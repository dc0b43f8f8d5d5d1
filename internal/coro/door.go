package coro

// A door is an iter.Pull seen as what it is: a place where one goroutine waits.
// Calling next or yield, in turns, lets the one inside go on and leaves the
// caller inside; Go's runtime, which calls that a coroswitch, asks nobody whose
// goroutine he is. At first the coroutine's own goroutine is behind the door,
// and with next and yield called by its owner and by itself, as the iterator
// that it pretends to be would, it stays between these two.
//
// But a goroutine that knows where another waits can take that place and give
// it the turn, whoever the two are. So a switch from one coroutine to another
// is one step and not two by way of the owner; afterwards any goroutine of the
// pool may wait behind any door, each behind one, and the one that runs behind
// none. Only Coro.end needs a certain door: a coroutine's goroutine, when it
// ends, hands over to whoever waits behind the door that it was made with.
//
// All goroutines of a pool run one at a time and hand over here, with the race
// detector's knowledge, so nothing of this needs a lock.
type door struct {
	next  func() (struct{}, bool)
	yield func(struct{}) bool
	turn  bool // it is yield's turn
}

// swap lets the goroutine behind d go on, and waits in its place.
func (d *door) swap() {
	if next, yield := d.handle(); next != nil {
		next()
	} else {
		yield(struct{}{})
	}
}

// handle returns what opens d now: next or yield, the other is nil. After a
// switch of stacks the CPU has predicted every return wrongly, at 6 or 7 ns
// each, so functions that are called often call the handle themselves, without
// a frame of ours in between.
func (d *door) handle() (next func() (struct{}, bool), yield func(struct{}) bool) {
	if d.turn {
		d.turn = false
		return nil, d.yield
	}
	d.turn = true
	return d.next, nil
}

// Enter is the first half of Resume: the caller calls the one function that is
// not nil, at once.
func (c *Coro) Enter() (next func() (struct{}, bool), yield func(struct{}) bool) {
	c.pool.at = c.at
	return c.at.handle()
}

// Leave is the first half of a switch from c, which is the caller, to another
// coroutine that is suspended, or to the owner if to is nil. The caller calls
// the one function that is not nil, at once, and then Back.
func (c *Coro) Leave(to *Coro) (next func() (struct{}, bool), yield func(struct{}) bool) {
	d := c.pool.at
	if to != nil {
		d = to.at
	}
	c.at = d
	return d.handle()
}

// Back is the other half: c goes on, unless it is only on the way of another.
func (c *Coro) Back() {
	if c.pool.ending != nil {
		c.stepAside()
	}
}

// stepAside lets the coroutine that is to end have the turn: the owner has
// taken the place behind that one's door from us.
func (c *Coro) stepAside() {
	for e := c.pool.ending; e != nil && e != c; e = c.pool.ending {
		d := e.at
		c.at = d
		d.swap()
	}
}
