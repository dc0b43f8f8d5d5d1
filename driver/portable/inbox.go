package portable

import "github.com/rouse-go/rouse/internal/atomics"

// A bridge is what a goroutine works for: it leaves a result in the bridge and
// posts it, and the loop's next Park calls reap.
type bridge struct {
	next   *bridge
	posted atomics.Bool
	reap   func() int // completes ops; returns their number
}

// An inbox is where goroutines post bridges. Any number of them post; the loop
// takes all at once, so there is no ABA.
type inbox struct {
	head atomics.Pointer[bridge]
}

// post leaves b for the loop, unless it is there already. The result must be
// in b before. The caller rings the bell after.
func (in *inbox) post(b *bridge) {
	// Pairs with the store in reap of the Driver: if the bridge is there
	// still, the loop has yet to look into it.
	if b.posted.Swap(true) {
		return
	}
	for {
		head := in.head.Load()
		b.next = head
		if in.head.CompareAndSwap(head, b) {
			return
		}
	}
}

// takeAll returns the bridges in the order in which they were posted.
func (in *inbox) takeAll() *bridge {
	if in.head.Load() == nil {
		return nil // what is posted now rings the bell after
	}
	var first *bridge
	for b := in.head.Swap(nil); b != nil; {
		next := b.next
		b.next, first = first, b
		b = next
	}
	return first
}

// post leaves b for the loop and ends its sleep. For any goroutine.
func (d *Driver) post(b *bridge) {
	d.inbox.post(b)
	d.bell.Ring()
}

// spawn runs f on a goroutine that Close waits for. For the loop only.
func (d *Driver) spawn(f func()) {
	d.wg.Add(1)
	go func() {
		defer d.wg.Done()
		f()
	}()
}
