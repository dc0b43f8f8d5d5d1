// Package gid tells which goroutine is running, as cheaply as that can be told.
//
// [Get] returns the address of the running goroutine's descriptor. Two calls
// return the same number if, and while, the same goroutine makes them; when a
// goroutine has ended, a later one may be given its number. The number is good
// for one question only: is the caller the goroutine that wrote this number
// down and still runs? Nothing may be read through it.
//
// Where no assembly exists, and under the build tag rouse_nogid, Get returns 0
// and [Known] is false. Callers take 0 as "some other goroutine", which is
// always correct and only slower.
package gid
