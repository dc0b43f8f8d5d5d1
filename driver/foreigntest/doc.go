// Package foreigntest rings a doorbell from C: from a thread that Go knows
// nothing of, and from a signal handler on it. It is a module of its own since
// the root module uses no cgo.
package foreigntest
