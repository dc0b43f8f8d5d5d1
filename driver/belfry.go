package driver

// A Belfry is a [Driver] that looks at doorbells in its Park. A driver that is
// none has them watched by Attach and Readable, which costs more for each ring.
// Embedding [Bells] is most of it.
type Belfry interface {
	// Hang has each Park drain b, before it sleeps and after. watched reports
	// that a write to b.FD() ends a sleep of Park; if not, it takes an Unpark.
	Hang(b *Doorbell) (watched bool, err error)
	// Unhang forgets b. It is legal after Close.
	Unhang(b *Doorbell)
}

// Bells is the doorbells that a driver looks at. The zero Bells is none. Only
// for the goroutine that runs the loop.
type Bells struct{ list []*Doorbell }

// Add adds b.
func (s *Bells) Add(b *Doorbell) { s.list = append(s.list, b) }

// Remove removes b and reports whether it was there.
func (s *Bells) Remove(b *Doorbell) bool {
	for i, other := range s.list {
		if other == b {
			last := len(s.list) - 1
			s.list[i], s.list[last] = s.list[last], nil
			s.list = s.list[:last]
			return true
		}
	}
	return false
}

// Drain drains all of them and returns how many waiters were woken. Without a
// ring it costs a load for each doorbell.
func (s *Bells) Drain() int {
	n := 0
	for _, b := range s.list {
		n += b.Drain()
	}
	return n
}
