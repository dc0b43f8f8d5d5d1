//go:build !interleave && !race

package atomics

// StoreRelease stores v into x. What the caller wrote before is visible to who
// loads v. What the caller loads after may have been loaded before the store
// becomes visible, unless an atomic read-modify-write of his stands between: that
// is what sets it apart from x.Store, and who has to see others that look for the
// store, such as waiters, must not rely on it.
//
// It is a plain move, which the processor orders behind all earlier ones (Intel
// SDM volume 3, 10.2; AMD APM volume 2, 7.2), in place of an exchange: 1.5 ns for
// 5. Moves around the cache are the exception; the runtime uses them for large
// copies, and ends those with a fence. It is in assembly since the compiler may
// not move anything across a call.
//
//go:noescape
func StoreRelease(x *Uint64, v uint64)
