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

import "runtime"

// Identity is Get or, where Get can't tell, the goroutine's id read out of its
// stack trace, which costs a microsecond. It is for what must be right without
// assembly too, and is asked seldom.
func Identity() uintptr {
	if g := Get(); g != 0 {
		return g
	}
	return parsed()
}

// Unique is like Identity, but no number is ever given twice while the program
// runs. It costs a microsecond everywhere.
func Unique() uintptr { return parsed() }

// parsed reads the number in "goroutine 123 [".
func parsed() uintptr {
	var text [64]byte
	n := runtime.Stack(text[:], false)
	var id uintptr
	for _, c := range text[len("goroutine "):n] {
		if c < '0' || c > '9' {
			break
		}
		id = id*10 + uintptr(c-'0')
	}
	return id
}
