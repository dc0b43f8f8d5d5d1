package server

// scratch is the memory that all sessions share: a session uses it within one
// step, and copies out what must outlive that. So a connection at rest owns no
// buffer, and there is one warm pair for the whole server.
type scratch struct {
	in  []byte
	out []byte
}

const (
	readSize = 64 << 10 // of one read
	keepSize = 1 << 20  // a larger reply buffer is not kept
)

// input returns a buffer to read into.
func (s *scratch) input() []byte {
	if s.in == nil {
		s.in = make([]byte, readSize)
	}
	return s.in
}

// output returns an empty buffer to append replies to; give the grown one to
// done.
func (s *scratch) output() []byte { return s.out[:0] }

// done takes a reply buffer back.
func (s *scratch) done(out []byte) {
	if cap(out) <= keepSize {
		s.out = out[:0]
	}
}
