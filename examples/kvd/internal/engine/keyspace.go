package engine

func del(x *call) {
	n := 0
	for _, key := range x.args[1:] {
		if e := x.db.Find(x.now, key); e != nil {
			x.db.Remove(e)
			n++
		}
	}
	x.changed = n > 0
	x.int(n)
}

// exists is TOUCH, too, since keys do not remember when they were used.
func exists(x *call) {
	n := 0
	for _, key := range x.args[1:] {
		if x.find(key) != nil {
			n++
		}
	}
	x.int(n)
}

func typeCommand(x *call) {
	if e := x.db.Find(x.now, x.args[1]); e != nil {
		x.simple(e.Value.Kind().String())
	} else {
		x.simple("none")
	}
}

func keysCommand(x *call) {
	pattern := x.args[1]
	header := len(x.out)
	n := 0
	for e := range x.db.All(x.now) {
		if match(pattern, e.Key()) {
			x.text(e.Key())
			n++
		}
	}
	x.insertArray(header, n)
}

func randomKey(x *call) {
	if e := x.db.Random(x.now, &x.engine.rng); e != nil {
		x.text(e.Key())
	} else {
		x.null()
	}
}

func rename(x *call) {
	e := x.db.Find(x.now, x.args[1])
	if e == nil {
		x.error(errNoKey)
		return
	}
	x.db.Rename(e, x.args[2])
	x.changed = true
	x.ok()
}

func renameNX(x *call) {
	e := x.db.Find(x.now, x.args[1])
	if e == nil {
		x.error(errNoKey)
		return
	}
	if x.db.Find(x.now, x.args[2]) != nil {
		x.int(0)
		return
	}
	x.db.Rename(e, x.args[2])
	x.changed = true
	x.int(1)
}

func copyCommand(x *call) {
	to, replace := x.db, false
	for i := 3; i < len(x.args); i++ {
		switch {
		case x.is(i, "REPLACE"):
			replace = true
		case x.is(i, "DB") && i+1 < len(x.args):
			i++
			n, ok := x.database(i)
			if !ok {
				return
			}
			to = x.engine.dbs[n]
		default:
			x.error(errSyntax)
			return
		}
	}
	if to == x.db && string(x.args[1]) == string(x.args[2]) {
		x.error(errSameObjects)
		return
	}
	e := x.find(x.args[1])
	if e == nil || !replace && to.Find(x.now, x.args[2]) != nil {
		x.int(0)
		return
	}
	copied, _ := to.Insert(x.now, x.args[2])
	to.Assign(copied, e)
	if at, ok := x.db.Deadline(e); ok {
		to.SetDeadline(copied, at)
	} else {
		to.Persist(copied)
	}
	x.changed = true
	x.int(1)
}

func dbSize(x *call) { x.int(x.db.Len()) }

func flushDB(x *call)  { x.flush(x.client.db, x.client.db) }
func flushAll(x *call) { x.flush(0, databases-1) }

func (x *call) flush(first, last int) {
	if len(x.args) > 2 || len(x.args) == 2 && !x.is(1, "SYNC") && !x.is(1, "ASYNC") {
		x.error(errSyntax)
		return
	}
	for i := first; i <= last; i++ {
		x.touchDB(i)
		x.engine.dbs[i].Clear()
	}
	x.effect(x.args[0])
	x.ok()
}
