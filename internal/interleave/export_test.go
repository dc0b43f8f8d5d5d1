package interleave

// Naive is c without any reduction: every schedule within the bound.
func Naive(c Config) Config {
	c.naive = true
	return c
}

// Pruned reports whether w has been run to its end though nothing was new in it.
func Pruned(w *World) bool { return w.e.pruned }

// FormatSchedule and ParseSchedule are there and back.
func RoundTrip(text string) (string, error) {
	all, err := parseSchedule(text)
	return formatSchedule(all), err
}
