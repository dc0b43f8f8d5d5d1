package server

import "runtime/metrics"

// memoryInUse is what INFO reports as used_memory: bytes of live and not yet
// collected objects. Unlike runtime.ReadMemStats it does not stop the world.
func memoryInUse() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
