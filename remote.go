package rouse

// The remote word of a local task is all that other goroutines touch of it:
// the generation of its cell above, mail for its owner below. Whoever turns
// the mail bits from none to some pushes the cell on its loop's inbox, by a
// link of its own, since the task may be in a run queue at the same time; so
// nothing is allocated, and a cell is on the inbox at most once. The owner
// reads the link, then takes the bits with one And: from then on the next
// sender finds none and pushes again.
const (
	mailWake   = 1 << iota // wake it
	mailAbort              // abort it
	mailDetach             // its handle is gone, or has had the result
	mailSpawn              // new, made elsewhere: link and schedule it

	anyMail = mailWake | mailAbort | mailDetach | mailSpawn

	// wordDone is set by the owner when the task has finished; it pairs with
	// the loads of foreign handles, which may then read the result.
	wordDone = 1 << 4

	// wordTaken is set by a foreign handle with mailDetach, and stays: a copy
	// of the handle that is polled after it finds it.
	wordTaken = 1 << 5

	genShift = 8
)

// noMail is the inbox of a loop that has closed.
var noMail = new(header)

// gen returns the generation of the cell.
func (h *header) gen() uint64 { return h.remote.Load() >> genShift }

// post sends mail to whatever task occupies the cell; that is all right for a
// wake. It is a read-modify-write also if the mail is there already: it pairs
// with the owner's And, so the poll that follows sees what we wrote before.
func (h *header) post(mail uint64) {
	if h.remote.Or(mail)&anyMail == 0 {
		h.home.loop.push(h)
	}
}

// postTo sends mail to the task of generation gen, if that is still there.
func (h *header) postTo(gen, mail uint64) {
	for {
		w := h.remote.Load()
		if w>>genShift != gen {
			return
		}
		if h.remote.CompareAndSwap(w, w|mail) {
			if w&anyMail == 0 {
				h.home.loop.push(h)
			}
			return
		}
	}
}

// push puts h on the inbox and reports false if the loop has closed. After the
// swap h is the owner's: nothing of it is touched.
func (l *Loop) push(h *header) bool {
	for {
		head := l.inbox.Load()
		if head == noMail {
			return false
		}
		h.mail = head
		if l.inbox.CompareAndSwap(head, h) { // pairs with the Swaps in Deliver and Close
			if head == nil {
				l.unpark()
			}
			return true
		}
	}
}

// HasMail reports whether Deliver would find something. Any goroutine.
func (l *Loop) HasMail() bool {
	h, c := l.inbox.Load(), l.calls.Load()
	return h != nil && h != noMail || c != nil && c != noCalls
}

// Deliver applies what other goroutines have sent since the last time, in the
// order in which they sent it: wakes, aborts, spawns, and the functions of
// [Loop.Inject], which are called with cx. It returns how many there were.
// Only on the loop's goroutine, outside any poll. It costs two loads if there
// was nothing.
func (l *Loop) Deliver(cx *Context) int {
	n := 0
	if head := l.inbox.Load(); head != nil && head != noMail {
		n = deliverMail(l.inbox.Swap(nil)) // pairs with push
	}
	if head := l.calls.Load(); head != nil && head != noCalls {
		l.enqueue(l.calls.Swap(nil)) // pairs with Inject
	}
	return n + l.runCalls(cx)
}

func deliverMail(head *header) (n int) {
	for h := reverse(head); h != nil; n++ {
		next := h.mail // before the And: then it is the next sender's
		h.deliver(h.remote.And(^uint64(anyMail)))
		h = next
	}
	return n
}

// reverse turns the inbox, a stack, into the order of arrival. The cells are
// still ours: their mail bits are set.
func reverse(h *header) *header {
	var first *header
	for h != nil {
		next := h.mail
		h.mail = first
		first, h = h, next
	}
	return first
}

// deliver applies one cell's mail as if it had happened here.
func (h *header) deliver(mail uint64) {
	if mail&mailSpawn != 0 {
		h.home.loop.link(h)
		Runnable{h}.Schedule()
	}
	if mail&mailDetach != 0 {
		h.releaseHome()
	}
	if mail&mailAbort != 0 {
		h.abortHome()
	}
	if mail&mailWake != 0 {
		h.wakeHome()
	}
}
