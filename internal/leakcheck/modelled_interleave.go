//go:build interleave

package leakcheck

const modelled = true
