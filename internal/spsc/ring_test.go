package spsc_test

import (
	"runtime"
	"testing"

	"github.com/rouse-go/rouse/internal/spsc"
)

// FuzzRing runs the operations of both sides in any order against a slice.
func FuzzRing(f *testing.F) {
	f.Add(uint8(4), []byte{0, 0, 0, 0, 0, 1, 1, 4, 2, 30, 3, 12, 1, 5, 1})
	f.Add(uint8(1), []byte{0, 4, 1, 0, 1, 1, 6, 1})
	f.Add(uint8(7), []byte{2, 62, 4, 1, 1, 1, 1, 1, 3, 60, 7, 0, 4})
	f.Fuzz(func(t *testing.T, capacity uint8, ops []byte) {
		n := int(capacity%16) + 1
		r := spsc.New[*int](n)
		var model []int
		next, closed, gone, waits := 0, false, false, false
		popping := 0 // elements that are out of the ring, and not yet of the model
		told := 0    // elements whose room is not yet known to the producer
		push := func() {
			model = append(model, next)
			next++
		}
		pop := func(v *int) {
			if len(model) == 0 || *v != model[0] {
				t.Fatalf("took %d; the model has %v", *v, model)
			}
			model = model[1:]
			told++
		}
		woken := func(wake bool) {
			if wake && waits && !gone && len(model)-popping > n/2 {
				t.Fatalf("woken with %d of %d in the ring", len(model), n)
			}
			waits = waits && !wake // a wake for nothing may be left of an earlier AskRoom
		}
		value := func(i int) *int { return &i }
		for i := 0; i < len(ops); i++ {
			switch op := ops[i]; op % 8 {
			case 0:
				if waits || closed {
					continue
				}
				if ok := r.Push(value(next)); ok {
					push()
				} else if len(model) < n-told {
					t.Fatalf("full with %d of %d, %d untold", len(model), n, told)
				}
			case 1:
				v, ok, wake := r.Pop()
				popping = 1
				woken(wake)
				popping = 0
				if ok != (len(model) > 0) {
					t.Fatalf("Pop: %v; the model has %d", ok, len(model))
				}
				if ok {
					pop(v)
				} else {
					told = 0
				}
			case 2:
				if waits || closed {
					continue
				}
				vs := make([]*int, op/8)
				for k := range vs {
					vs[k] = value(next + k)
				}
				for range r.PushMany(vs) {
					push()
				}
			case 3:
				buf := make([]*int, op/8)
				got, wake := r.PopMany(buf)
				popping = got
				woken(wake)
				popping = 0
				for _, v := range buf[:got] {
					pop(v)
				}
			case 4:
				if !closed {
					waits = !r.AskRoom()
				}
			case 5:
				if r.Empty() != (len(model) == 0) || r.Drained() != (closed && len(model) == 0) || r.Gone() != gone {
					t.Fatal("Empty, Drained or Gone is wrong")
				}
			case 6:
				r.Close()
				closed = true
			case 7:
				if op > 200 {
					gone = true
					woken(r.Leave())
				}
			}
			if len(model) > n {
				t.Fatalf("%d elements in a ring of %d", len(model), n)
			}
		}
		// Who waits is woken by the time all is taken.
		for waits {
			v, ok, wake := r.Pop()
			popping = 1
			woken(wake)
			popping = 0
			if ok {
				pop(v)
			} else if waits {
				t.Fatal("the ring is empty and the producer still waits")
			}
		}
	})
}

// Two goroutines: order and number, and no side waits in vain.
func TestRingBetweenGoroutines(t *testing.T) {
	n := 500_000
	if testing.Short() {
		n = 50_000
	}
	for _, capacity := range []int{1, 2, 3, 64, 1000} {
		r := spsc.New[int](capacity)
		wake := make(chan struct{}, 1)
		go func() {
			for i := 0; i < n; {
				if r.Push(i) {
					i++
				} else if !r.AskRoom() {
					<-wake
				}
			}
			r.Close()
		}()
		buf := make([]int, 10)
		for want, many := 0, false; ; many = !many {
			got, w := 0, false
			if many {
				got, w = r.PopMany(buf)
			} else {
				var ok bool
				if buf[0], ok, w = r.Pop(); ok {
					got = 1
				}
			}
			if w {
				select {
				case wake <- struct{}{}:
				default: // of a wait that AskRoom ended at once
				}
			}
			for _, v := range buf[:got] {
				if v != want {
					t.Fatalf("capacity %d: got %d, want %d", capacity, v, want)
				}
				want++
			}
			if got == 0 {
				if r.Drained() {
					if want != n {
						t.Fatalf("capacity %d: %d elements, want %d", capacity, want, n)
					}
					break
				}
				runtime.Gosched()
			}
		}
	}
}

func TestRingAllocatesNothing(t *testing.T) {
	r := spsc.New[[4]int](8)
	if n := testing.AllocsPerRun(100, func() {
		r.Push([4]int{})
		r.Pop()
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkRing(b *testing.B) {
	r := spsc.New[int](1024)
	go func() {
		for i := 0; i < b.N; {
			if r.Push(i) {
				i++
			} else {
				runtime.Gosched()
			}
		}
	}()
	for i := 0; i < b.N; {
		if _, ok, _ := r.Pop(); ok {
			i++
		} else {
			runtime.Gosched()
		}
	}
}
