package store

import "testing"

func TestTableKeepsOrderAndContents(t *testing.T) {
	table := NewTable[int](1)
	for i := range 3 * maxSmall {
		v, added := table.Insert(name(i))
		if !added {
			t.Fatal("not added", i)
		}
		*v = i
		if i < maxSmall {
			n := 0
			for key, v := range table.All() {
				if key != string(name(n)) || *v != n {
					t.Fatalf("entry %d is %s", n, key)
				}
				n++
			}
		}
	}
	for i := range 3 * maxSmall {
		if v := table.Find(name(i)); v == nil || *v != i {
			t.Fatal("lost", i)
		}
		if !table.Remove(name(i)) || table.Remove(name(i)) {
			t.Fatal("remove", i)
		}
	}
	if table.Len() != 0 {
		t.Error("not empty")
	}
}

// What is not there reads as empty.
func TestNilTableAndList(t *testing.T) {
	var table *Table[int]
	if table.Len() != 0 || table.Find(name(1)) != nil || table.Remove(name(1)) {
		t.Error("a nil Table has something")
	}
	for key := range table.All() {
		t.Error("a nil Table has", key)
	}
	var list *List
	if list.Len() != 0 {
		t.Error("a nil List has something")
	}
}
