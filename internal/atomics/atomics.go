// Package atomics names the atomic words that rouse's lock-free protocols are
// built from. They are aliases of [sync/atomic], so production code pays
// nothing; the protocols import this package instead, so that the build tag
// interleave can put the words of a model checker in their place, see
// internal/interleave, which explores every interleaving of the real code.
//
// One operation is not one of sync/atomic's, and weaker than all of them:
// [StoreRelease].
package atomics
