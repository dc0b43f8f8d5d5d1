package channel

// The errors of channels. They are compared with ==.
var (
	// ErrClosed says that the other end is gone: nothing more can be sent, or
	// nothing is left to be received.
	ErrClosed error = &sentinel{"rouse: channel: closed"}
	// ErrFull is what TrySend returns where Send would wait.
	ErrFull error = &sentinel{"rouse: channel: full"}
	// ErrEmpty is what TryRecv returns where Recv would wait.
	ErrEmpty error = &sentinel{"rouse: channel: empty"}
)

type sentinel struct{ text string }

func (s *sentinel) Error() string { return s.text }
