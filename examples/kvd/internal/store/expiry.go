package store

// deadlines is a heap of the keys that expire, soonest first. Each entry knows
// its place in it, so that it can be moved when its deadline changes.
type deadlines []deadline

type deadline struct {
	at    int64 // unix milliseconds
	entry *Entry[Value]
}

// set gives e a deadline, or changes the one it has.
func (h *deadlines) set(e *Entry[Value], at int64) {
	i := int(e.Value.due) - 1
	if i < 0 {
		i = len(*h)
		*h = append(*h, deadline{})
	}
	(*h).place(i, deadline{at, e})
	(*h).fix(i)
}

// remove takes e out and reports whether it was in.
func (h *deadlines) remove(e *Entry[Value]) bool {
	i := int(e.Value.due) - 1
	if i < 0 {
		return false
	}
	e.Value.due = 0
	last := len(*h) - 1
	moved := (*h)[last]
	(*h)[last] = deadline{}
	*h = (*h)[:last]
	if i < last {
		h.place(i, moved)
		h.fix(i)
	}
	return true
}

func (h deadlines) place(i int, d deadline) {
	h[i] = d
	d.entry.Value.due = uint32(i + 1)
}

// fix moves the deadline at i up or down to where it belongs.
func (h deadlines) fix(i int) {
	d := h[i]
	for i > 0 && d.at < h[(i-1)/2].at {
		h.place(i, h[(i-1)/2])
		i = (i - 1) / 2
	}
	for 2*i+1 < len(h) {
		child := 2*i + 1
		if child+1 < len(h) && h[child+1].at < h[child].at {
			child++
		}
		if d.at <= h[child].at {
			break
		}
		h.place(i, h[child])
		i = child
	}
	h.place(i, d)
}
