package store

import "math/bits"

// Rand is a generator of repeatable random numbers (splitmix64).
type Rand struct{ State uint64 }

func (r *Rand) next() uint64 {
	r.State += 0x9e3779b97f4a7c15
	z := r.State
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// Intn returns a number from 0 up to n, which must be positive.
func (r *Rand) Intn(n int) int {
	hi, _ := bits.Mul64(r.next(), uint64(n))
	return int(hi)
}
