package fileio

// Aligned lets tests look at addresses.
var Aligned = isAligned
