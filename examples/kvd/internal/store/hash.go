package store

import (
	"encoding/binary"
	"math/bits"
)

// hash mixes key with seed, like wyhash: sixteen bytes a step by one wide
// multiplication. The seed is the caller's, so that a simulation can repeat
// itself and a server can be unpredictable to those who choose its keys.
func hash(seed uint64, key []byte) uint64 {
	const (
		k0 = 0xa0761d6478bd642f
		k1 = 0xe7037ed1a0b428db
	)
	n := len(key)
	h := seed ^ k0
	for len(key) > 16 {
		h = mix(binary.LittleEndian.Uint64(key)^k1, binary.LittleEndian.Uint64(key[8:])^h)
		key = key[16:]
	}
	var a, b uint64
	switch m := len(key); {
	case m >= 8: // the two words overlap, which hurts nothing
		a, b = binary.LittleEndian.Uint64(key), binary.LittleEndian.Uint64(key[m-8:])
	case m >= 4:
		a, b = uint64(binary.LittleEndian.Uint32(key)), uint64(binary.LittleEndian.Uint32(key[m-4:]))
	case m > 0:
		a = uint64(key[0])<<16 | uint64(key[m/2])<<8 | uint64(key[m-1])
	}
	return mix(k1^uint64(n), mix(a^k1, b^h))
}

func mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}
