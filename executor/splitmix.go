package executor

import "math/rand/v2"

// Steele, Lea and Flood, "Fast splittable pseudorandom number generators"
// (OOPSLA 2014): the state is a counter, so any number of goroutines can draw.

const golden = 0x9e3779b97f4a7c15

func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

func randomSeed() uint64 { return rand.Uint64() | 1 }
