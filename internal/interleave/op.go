package interleave

// A Kind is what a thread is about to do at a yield.
type Kind uint8

// The kinds. Load and a CompareAndSwap that fails read; all others write, also
// one that leaves the value as it was, because what its caller wrote before
// becomes visible by it: the order in which two of them happen is a difference
// to the race detector.
const (
	noOp Kind = iota
	Load
	Store
	Swap
	CompareAndSwap
	Add
	And
	Or
	// Send puts a token where Receive finds it. A place holds one token; to
	// send a second one is a failure, since the sender would block.
	Send
	// Receive waits for a token.
	Receive
	// ReceiveOrTimeout takes a token or finds that time was up first.
	ReceiveOrTimeout
	// Unpark is Send that does nothing if the token is there already.
	Unpark
	// Park is Receive.
	Park
	// ParkOrTimeout is ReceiveOrTimeout.
	ParkOrTimeout
	// Look takes a token if there is one, and does not wait.
	Look
	// Tick moves a Clock on. It writes, but drains no store buffer.
	Tick
	// Drain is what a store buffer does: its oldest store becomes visible.
	Drain
	// Spin waits until somebody else has written to the word that the thread
	// loaded last: a loop that only waits for that is explored as one wait, not
	// as any number of useless rounds.
	Spin
)

var kindNames = [...]string{
	"none", "Load", "Store", "Swap", "CompareAndSwap", "Add", "And", "Or", "Send", "Receive",
	"ReceiveOrTimeout", "Unpark", "Park", "ParkOrTimeout", "Look", "Tick", "Drain", "Spin",
}

// String names the kind.
func (k Kind) String() string { return kindNames[k] }

// reads reports whether two operations of these kinds on one word commute.
//
//go:norace
func (k Kind) reads() bool { return k == Load || k == Spin }

// fences reports whether the operation has to wait until its thread's store buffer
// is empty.
//
//go:norace
func (k Kind) fences() bool { return k != Load && k != Spin && k != Tick && k != Drain }

// waits reports whether the operation may have to wait for another thread's.
//
//go:norace
func (k Kind) waits() bool { return k == Receive || k == Park || k == Spin }

// op is a pending operation: its kind, and the object it is on as an index into
// the execution's table.
type op struct {
	kind Kind
	obj  int32
	seen int32 // Spin: how many writes the object had had at the last Load
}

// same reports whether a replay has come to the same operation; the zero op is
// not known yet.
//
//go:norace
func (o op) same(now op) bool { return o.kind == noOp || o == now }

// dependent reports whether the order of two pending operations of different
// threads may make a difference. Of a compare-and-swap nobody knows yet whether
// it will write, so it counts as one that does.
//
//go:norace
func dependent(a, b op) bool {
	return a.obj == b.obj && !(a.kind.reads() && b.kind.reads())
}
