package callsite

import (
	"path/filepath"
	"runtime"
	"testing"
)

//go:noinline
func plain() uintptr { return Caller() }

//go:noinline
func generic[T any](v T) (uintptr, T) {
	var pad [8]T // a frame of some size
	pad[runtime.NumCPU()%8] = v
	return Caller(), pad[0]
}

func TestCallerNamesTheLineOfTheCall(t *testing.T) {
	_, _, here, _ := runtime.Caller(0)
	pcs := []uintptr{
		plain(),
		first(generic(1)),
		first(generic("x")),
	}
	for i, pc := range pcs {
		file, line := Line(pc)
		if filepath.Base(file) != "callsite_test.go" || line != here+2+i {
			t.Errorf("call %d: got %s:%d, want callsite_test.go:%d", i, file, line, here+2+i)
		}
	}
}

func first[T any](pc uintptr, _ T) uintptr { return pc }

func TestLineOfNothing(t *testing.T) {
	if file, line := Line(0); file != "" || line != 0 {
		t.Fatalf("got %q:%d", file, line)
	}
}

func BenchmarkCaller(b *testing.B) {
	for b.Loop() {
		plain()
	}
}
