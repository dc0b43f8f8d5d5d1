package exectest

// Content returns n bytes to send or to write: byte i is a function of i and of
// whose it is, so that a byte at a wrong place, or somebody else's, shows.
func Content(whose, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i*7 + i>>8*13 + i>>16 + whose*101)
	}
	return b
}
