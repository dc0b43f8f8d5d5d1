package gid

import "testing"

func TestGetTellsGoroutinesApart(t *testing.T) {
	here := Get()
	if Get() != here {
		t.Fatal("two calls in one goroutine differ")
	}
	there := make(chan uintptr)
	go func() { there <- Get() }()
	other := <-there
	if !Known {
		if here != 0 || other != 0 {
			t.Fatalf("Known is false, but Get returned %#x and %#x", here, other)
		}
		return
	}
	if here == 0 || other == 0 {
		t.Fatalf("Known is true, but Get returned %#x and %#x", here, other)
	}
	if other == here {
		t.Fatalf("a live goroutine and its child share the number %#x", here)
	}
}

func TestGetSurvivesStackGrowth(t *testing.T) {
	if !Known {
		t.Skip("this build can't tell goroutines apart")
	}
	here := Get()
	if got := deep(10_000); got != here {
		t.Fatalf("after stack growth %#x, before %#x", got, here)
	}
}

//go:noinline
func deep(n int) uintptr {
	var pad [64]byte
	pad[n%64] = 1
	if n == 0 {
		return Get()
	}
	return deep(n-1) + uintptr(pad[(n+1)%64])
}

func BenchmarkGet(b *testing.B) {
	for b.Loop() {
		Get()
	}
}

func TestIdentityTellsGoroutinesApartEverywhere(t *testing.T) {
	for name, identity := range map[string]func() uintptr{"Identity": Identity, "parsed": parsed} {
		here := identity()
		there := make(chan uintptr)
		go func() { there <- identity() }()
		if other := <-there; here == 0 || other == 0 || here == other || identity() != here {
			t.Errorf("%s: here %#x, there %#x, here again %#x", name, here, other, identity())
		}
	}
}
