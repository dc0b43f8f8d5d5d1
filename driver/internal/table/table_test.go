package table

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/rouse-go/rouse/driver"
)

// Against a map: live handles find their value, all others nothing.
func TestModel(t *testing.T) {
	var tab Table[int]
	live := map[driver.Handle]int{}
	var order, dead []driver.Handle
	rnd := rand.New(rand.NewPCG(1, 1))
	for step := range 20000 {
		if len(order) == 0 || rnd.IntN(100) < 52 {
			i, v := tab.Add()
			if *v != 0 {
				t.Fatal("a new place is not empty")
			}
			*v = step + 1
			h := tab.Handle(i)
			if _, taken := live[h]; taken || h == 0 {
				t.Fatalf("handle %#x given twice", h)
			}
			live[h] = step + 1
			order = append(order, h)
		} else {
			k := rnd.IntN(len(order))
			h := order[k]
			order[k] = order[len(order)-1]
			order = order[:len(order)-1]
			i, _ := tab.Get(h)
			tab.Free(i)
			delete(live, h)
			dead = append(dead, h)
		}
	}
	for h, want := range live {
		if _, v := tab.Get(h); v == nil || *v != want {
			t.Fatalf("handle %#x lost its value", h)
		}
	}
	for _, h := range append(dead, 0, math.MaxUint64, 7, 1<<32|1<<30) {
		if _, v := tab.Get(h); v != nil {
			t.Fatalf("stale handle %#x finds a value", h)
		}
	}
	n := 0
	for i := range tab.All() {
		n++
		tab.Free(i)
	}
	if n != len(live) {
		t.Errorf("All yields %d, want %d", n, len(live))
	}
}

func TestGenerationsEnd(t *testing.T) {
	var tab Table[int]
	i, _ := tab.Add()
	tab.cell(i).gen = math.MaxUint32
	tab.Free(i)
	if j, _ := tab.Add(); j == i {
		t.Error("a place whose generations are used up is in use again")
	}
}
