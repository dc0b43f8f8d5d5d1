package rouse

import "unsafe"

// dropCounter is a future, to be held by value, that never ends.
type dropCounter struct{ n *int }

func (d *dropCounter) Poll(*Context) (int, error) { return 0, Pending }
func (d *dropCounter) Drop()                      { *d.n++ }

func unsafeCell(r Runnable) unsafe.Pointer { return unsafe.Pointer(r.h) }
