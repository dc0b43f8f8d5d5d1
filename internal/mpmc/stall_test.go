package mpmc

import "testing"

const firstCap = 8

// What a goroutine does that is preempted in the midst of a push or a pop, and
// what the others see meanwhile: the promises of the package comment.

// beginPush takes a slot as Push does; end publishes.
func (r *Ring[T]) beginPush(v T) (end func()) {
	pos := r.tail.Load()
	s := r.at(pos)
	r.tail.Store(r.after(pos))
	return func() {
		s.v = v
		s.turn.Store(pos + 1)
	}
}

// beginPop takes a slot as Pop does; end reads and frees it.
func (r *Ring[T]) beginPop() (end func() T) {
	pos := r.head.Load()
	s := r.at(pos)
	r.head.Store(r.after(pos))
	return func() T {
		var none T
		v := s.v
		s.v = none
		s.turn.Store(pos + r.lap)
		return v
	}
}

func pops(t *testing.T, pop func() (int, bool), want ...int) {
	t.Helper()
	for _, w := range want {
		if v, ok := pop(); !ok || v != w {
			t.Fatalf("popped %d, %v; want %d", v, ok, w)
		}
	}
	if v, ok := pop(); ok {
		t.Fatalf("popped %d; want nothing", v)
	}
}

func TestStalledPushHidesWhatIsBehindIt(t *testing.T) {
	r := NewRing[int](4)
	end := r.beginPush(1)
	for v := 2; v <= 4; v++ {
		if !r.Push(v) {
			t.Fatalf("push %d behind a stalled one: full", v)
		}
	}
	if r.Push(5) {
		t.Fatal("a fifth push into four places")
	}
	pops(t, r.Pop)
	if r.Ready() || r.Len() != 4 {
		t.Fatalf("Ready %v, Len %d", r.Ready(), r.Len())
	}
	end()
	pops(t, r.Pop, 1, 2, 3, 4)
}

// A producer is held up by a stalled consumer when it comes to that slot, and no
// sooner; other consumers aren't held up at all.
func TestStalledPopCostsOneSlot(t *testing.T) {
	r := NewRing[int](4)
	for v := 1; v <= 4; v++ {
		r.Push(v)
	}
	end := r.beginPop()
	if r.Push(5) {
		t.Fatal("pushed into a slot that is being read")
	}
	pops(t, r.Pop, 2, 3, 4)
	if r.Push(5) || r.Room() {
		t.Fatal("overtook the slot that is being read")
	}
	if v := end(); v != 1 {
		t.Fatalf("the stalled pop got %d", v)
	}
	for v := 5; v <= 8; v++ {
		if !r.Push(v) {
			t.Fatalf("push %d: full", v)
		}
	}
	pops(t, r.Pop, 5, 6, 7, 8)
}

// A ring that is closed lets a push that has its place come to its end.
func TestCloseWaitsForNobody(t *testing.T) {
	r := NewRing[int](2)
	end := r.beginPush(1)
	if !r.Close() || r.Close() {
		t.Fatal("the first Close is the first, no other")
	}
	if r.Push(2) || r.Room() {
		t.Fatal("pushed after Close")
	}
	pops(t, r.Pop)
	if r.Drained() {
		t.Fatal("drained with a push on its way")
	}
	end()
	if r.Drained() {
		t.Fatal("drained with an element in it")
	}
	pops(t, r.Pop, 1)
	if !r.Drained() {
		t.Fatal("not drained")
	}
}

// A queue whose first ring has a stalled push goes on in the next, and nobody
// gets past the push that has not ended.
func TestQueueKeepsOrderAcrossRings(t *testing.T) {
	q := NewQueue[int](firstCap)
	end := q.head.Load().beginPush(0)
	want := []int{0}
	for v := 1; v <= 5*firstCap; v++ {
		q.Push(v)
		want = append(want, v)
	}
	if q.head.Load() == q.tail.Load() {
		t.Fatal("the test wants several rings")
	}
	pops(t, q.Pop)
	end()
	pops(t, q.Pop, want...)
	if q.head.Load() != q.tail.Load() {
		t.Fatal("drained rings are kept")
	}
}

// A ring that only a stalled pop has made full is not a reason to grow.
func TestQueueDoesNotGrowByStalls(t *testing.T) {
	q := NewQueue[int](firstCap)
	for round := range 20 {
		l := q.head.Load()
		q.Push(round)
		end := l.beginPop()
		for i := range l.Cap() + 1 { // once around, to the slot that is being read
			q.Push(i)
			if v, ok := q.Pop(); !ok || v != i {
				t.Fatalf("popped %d, %v; want %d", v, ok, i)
			}
		}
		if v := end(); v != round {
			t.Fatalf("the stalled pop got %d; want %d", v, round)
		}
		if q.head.Load() == l {
			t.Fatal("the ring was not replaced")
		}
	}
	if c := q.tail.Load().Cap(); c != firstCap {
		t.Errorf("capacity %d after stalls; want %d", c, firstCap)
	}
}

// Whoever has closed a ring may be preempted before it links the next: others
// link it.
func TestQueueNeedsNoParticularProducer(t *testing.T) {
	q := NewQueue[int](firstCap)
	q.Push(1)
	q.tail.Load().Close()
	q.Push(2)
	pops(t, q.Pop, 1, 2)

	// And one that has linked, but not moved tail on.
	l := q.tail.Load()
	l.Close()
	n := newLink[int](firstCap)
	n.Push(3)
	l.next.Store(n)
	q.Push(4)
	pops(t, q.Pop, 3, 4)
}

// What is under way has its position: a ring is not Empty while a push is, though
// nothing can be popped, and not Full while a pop is, though nothing can be pushed.
// Who waits would sleep through the end of it.
func TestWhatIsUnderWayIsNeitherEmptyNorFull(t *testing.T) {
	r := NewRing[int](2)
	r.Loose()
	if !r.Empty() || r.Full() {
		t.Fatalf("a new ring: Empty %v, Full %v", r.Empty(), r.Full())
	}
	pushed := r.beginPush(1)
	pops(t, r.Pop)
	if r.Empty() {
		t.Error("Empty while a push is under way")
	}
	pushed()
	r.Push(2)
	if !r.Full() {
		t.Error("not Full with two elements in two places")
	}
	popped := r.beginPop()
	if r.Push(3) || r.Full() {
		t.Error("Full while a pop is under way")
	}
	popped()
	pops(t, r.Pop, 2)
	if !r.Empty() {
		t.Error("not Empty after the last pop")
	}
}
