//go:build !interleave

package leakcheck

// modelled says that this is a checked build. Its models make an executor for each
// schedule, and do not close those that the model is not about: they have no
// descriptor and no goroutine.
const modelled = false
