package rouse_test

import (
	"fmt"

	"github.com/rouse-go/rouse"
)

// bell is a Wakeable: one method makes it so.
type bell struct{ rings int }

func (b *bell) WakeByRef() { b.rings++ }

func ExampleNewWaker() {
	b := new(bell)
	w := rouse.NewWaker(b)
	w.WakeByRef()    // keeps the handle
	w.Clone().Wake() // wakes, and gives the clone up
	w.Drop()
	fmt.Println(b.rings)
	// Output: 2
}

// A future that has stored a waker keeps it if it wakes the task that polls
// now, and so saves a clone a poll.
func ExampleWaker_WillWake() {
	b := new(bell)
	stored := rouse.NewWaker(b)
	fmt.Println(stored.WillWake(stored.Clone()))
	fmt.Println(stored.WillWake(rouse.NewWaker(b)))
	fmt.Println(stored.WillWake(rouse.NewWaker(new(bell))))
	// Output:
	// true
	// true
	// false
}
