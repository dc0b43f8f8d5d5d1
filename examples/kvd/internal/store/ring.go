package store

// A ring is a deque in a slice of a power of two.
type ring[T any] struct {
	buf  []T
	head int
	n    int
}

func (r *ring[T]) place(i int) int { return (r.head + i) & (len(r.buf) - 1) }

func (r *ring[T]) at(i int) *T { return &r.buf[r.place(i)] }

func (r *ring[T]) pushBack(v T) {
	r.grow()
	r.n++
	*r.at(r.n - 1) = v
}

func (r *ring[T]) pushFront(v T) {
	r.grow()
	r.head = r.place(-1)
	r.n++
	*r.at(0) = v
}

func (r *ring[T]) popBack() {
	var none T // what the ring forgets, the collector may have
	*r.at(r.n - 1) = none
	r.n--
	r.shrink()
}

func (r *ring[T]) popFront() {
	var none T
	*r.at(0) = none
	r.head = r.place(1)
	r.n--
	r.shrink()
}

func (r *ring[T]) grow() {
	if r.n == len(r.buf) {
		r.resize(max(1, 2*r.n))
	}
}

func (r *ring[T]) shrink() {
	if r.n < len(r.buf)/8 {
		r.resize(len(r.buf) / 2)
	}
}

func (r *ring[T]) resize(size int) {
	buf := make([]T, size)
	for i := range r.n {
		buf[i] = *r.at(i)
	}
	r.buf, r.head = buf, 0
}
