package interleave

// dpor explores every Mazurkiewicz trace of a model without a bound: dynamic
// partial-order reduction with source sets and sleep sets.
//
// An execution is looked through for races: two dependent operations of
// different threads with nothing between them that orders them. For each, some
// thread that leads to the other order is noted at the decision before the
// first operation. A thread that was explored there sleeps in what follows
// until something dependent happens. Sources: P. Godefroid, Partial-Order
// Methods for the Verification of Concurrent Systems (1996), for sleep sets;
// C. Flanagan and P. Godefroid, Dynamic Partial-Order Reduction for Model
// Checking Software (POPL 2005); P. Abdulla, S. Aronis, B. Jonsson and
// K. Sagonas, Optimal Dynamic Partial Order Reduction (POPL 2014), whose
// Algorithm 1, Source-DPOR, this is.
//
// It relies on this: a thread that can go on stays so until it has done so.
// Tokens have one taker, and nobody but its thread fills a store buffer, so that
// holds.
//
// A store buffer is a thread like the others. What it does comes after the step
// at which the store entered it, and before the next of its thread that has to
// wait for that; and it writes to the word, so a load of its own thread, which
// finds the store in the buffer before and in memory afterwards, depends on it as
// those of others do.
type dpor struct {
	frames []dporFrame
	at     int  // the next frame of this execution
	sleep  mask // who sleeps at the next decision
	fresh  int  // steps before this one were analysed in an execution before

	clocks []clock // of the steps
	last   [maxAgents]int
	words  []accesses
}

// A dporFrame is a decision: of who goes on or, with choices set, of a number.
type dporFrame struct {
	enabled   mask
	sleep     mask // includes those that have been explored here
	backtrack mask
	chosen    int
	choices   int
	step      int
	next      op // of the chosen thread, to notice if a replay goes astray
}

// A clock says of each thread how many of its steps happened before.
type clock [maxAgents]int32

// accesses are the steps on one object that later ones may race with.
type accesses struct {
	write int            // the last; -1 if none
	reads [maxAgents]int // each thread's last since; -1 if none
}

func (d *dpor) begin(*engine) { d.at, d.sleep = 0, 0 }

//go:norace
func (d *dpor) pick(e *engine, enabled mask) (id, frame int) {
	if e.pruned {
		return e.straight(enabled), -1
	}
	if d.at == len(d.frames) {
		awake := enabled &^ d.sleep
		if awake == 0 {
			e.pruned = true
			return e.straight(enabled), -1
		}
		id = e.straight(enabled)
		if awake&bit(id) == 0 {
			id = awake.first()
		}
		d.frames = append(d.frames, dporFrame{enabled: enabled, sleep: d.sleep, backtrack: bit(id), chosen: id, step: len(e.steps)})
	}
	f := &d.frames[d.at]
	if f.choices > 0 || f.enabled != enabled || !f.next.same(e.threads[f.chosen].next) {
		return -1, -1
	}
	f.next = e.threads[f.chosen].next
	d.at++
	d.sleep = 0
	for q := range e.threads {
		if f.sleep&bit(q) != 0 && q != f.chosen && !dependent(e.threads[q].next, e.threads[f.chosen].next) {
			d.sleep |= bit(q)
		}
	}
	return f.chosen, d.at - 1
}

//go:norace
func (d *dpor) choose(e *engine, n int) int {
	if e.pruned {
		return 0
	}
	if d.at == len(d.frames) {
		d.frames = append(d.frames, dporFrame{choices: n, step: len(e.steps) - 1})
	}
	f := &d.frames[d.at]
	if f.choices != n {
		return -1
	}
	d.at++
	return f.chosen
}

func (d *dpor) backtrack(e *engine) bool {
	d.analyse(e)
	for n := len(d.frames); n > 0; n = len(d.frames) {
		f := &d.frames[n-1]
		if f.choices > 0 {
			if f.chosen++; f.chosen < f.choices {
				d.fresh = f.step
				return true
			}
		} else {
			f.sleep |= bit(f.chosen)
			if todo := f.backtrack &^ f.sleep; todo != 0 {
				f.chosen, f.next = todo.first(), op{}
				d.fresh = f.step
				return true
			}
		}
		d.frames = d.frames[:n-1]
	}
	return false
}

// analyse finds the races of the execution.
func (d *dpor) analyse(e *engine) {
	d.clocks = d.clocks[:0]
	d.words = d.words[:0]
	for range e.objects {
		a := accesses{write: -1}
		for i := range a.reads {
			a.reads[i] = -1
		}
		d.words = append(d.words, a)
	}
	for i := range d.last {
		d.last[i] = -1
	}
	for j := range e.steps {
		s := &e.steps[j]
		if s.frame < 0 {
			return // pruned from here on
		}
		var c clock
		if p := d.last[s.thread]; p >= 0 {
			c = d.clocks[p]
		}
		if s.kind == Drain {
			if s.after >= 0 {
				c.join(&d.clocks[s.after])
			}
		} else if s.kind.fences() {
			if p := d.last[e.real+s.thread]; p >= 0 {
				c.join(&d.clocks[p])
			}
		}
		w := &d.words[s.obj]
		before := c // without what the races below add
		racing := func(i int) {
			if before[e.steps[i].thread] < d.clocks[i][e.steps[i].thread] && j >= d.fresh {
				d.race(e, i, j, before)
			}
			c.join(&d.clocks[i])
		}
		if s.reads() {
			if w.write >= 0 {
				racing(w.write)
			}
		} else {
			// With a read between, the last write is no immediate predecessor,
			// unless the read is this thread's own: then the write is in its
			// clock.
			read := false
			for t, i := range w.reads {
				if i >= 0 && t != s.thread {
					read = true
					racing(i)
				}
			}
			if !read && w.write >= 0 {
				racing(w.write)
			}
		}
		c[s.thread]++
		d.clocks = append(d.clocks, c)
		d.last[s.thread] = j
		if s.reads() {
			w.reads[s.thread] = j
		} else {
			w.write = j
			for t := range w.reads {
				w.reads[t] = -1
			}
		}
	}
}

func (c *clock) join(o *clock) {
	for i := range c {
		c[i] = max(c[i], o[i])
	}
}

// race sees to it that steps i and j are explored in the other order: that the
// decision before i lists an initial of what doesn't depend on i, up to j.
func (d *dpor) race(e *engine, i, j int, before clock) {
	s := &e.steps[j]
	if s.kind.waits() && !couldGoBefore(e, i, j) {
		return
	}
	first := e.steps[i]
	var seen, initials mask // threads with a step in v; those whose first step there has nothing of v before it
	var v []int
	for k := i + 1; k <= j; k++ {
		q := e.steps[k].thread
		var c *clock
		if k < j {
			c = &d.clocks[k]
			if c[first.thread] >= d.clocks[i][first.thread] {
				continue // depends on i
			}
		} else {
			c = &before
		}
		if seen&bit(q) == 0 {
			seen |= bit(q)
			free := true
			for _, m := range v {
				mt := e.steps[m].thread
				if c[mt] >= d.clocks[m][mt] || k == j && e.conflict(m, j) {
					free = false
					break
				}
			}
			if free {
				initials |= bit(q)
			}
		}
		v = append(v, k)
	}
	f := &d.frames[first.frame]
	if f.backtrack&initials != 0 {
		return
	}
	if initials&bit(s.thread) != 0 {
		f.backtrack |= bit(s.thread)
	} else {
		f.backtrack |= bit(initials.first())
	}
}

// conflict reports whether two steps that were done are dependent.
func (e *engine) conflict(i, j int) bool {
	a, b := &e.steps[i], &e.steps[j]
	return a.obj == b.obj && !(a.reads() && b.reads())
}

// couldGoBefore reports whether j, which waits, needed no i to go on.
func couldGoBefore(e *engine, i, j int) bool {
	if e.steps[j].kind == Spin {
		return e.steps[i].writes != e.steps[j].seen
	}
	return e.steps[i].tokenWas
}
