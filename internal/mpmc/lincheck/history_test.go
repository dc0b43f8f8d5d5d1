package lincheck

import (
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
)

func pushed(id, v int, ok bool, begin, end int64) porcupine.Operation {
	return porcupine.Operation{ClientId: id, Input: call{true, v}, Output: answer{ok: ok}, Call: begin, Return: end}
}

func popped(id, v int, ok bool, begin, end int64) porcupine.Operation {
	return porcupine.Operation{ClientId: id, Input: call{}, Output: answer{ok, v}, Call: begin, Return: end}
}

// The check can fail: these are histories that a queue has and that none has.
func TestTheCheckItself(t *testing.T) {
	for _, c := range []struct {
		name     string
		history  []porcupine.Operation
		capacity int
		want     porcupine.CheckResult
		exempted int
	}{
		{"in order", []porcupine.Operation{
			pushed(0, 1, true, 0, 1), pushed(0, 2, true, 2, 3), popped(1, 1, true, 4, 5), popped(1, 2, true, 6, 7),
		}, 2, porcupine.Ok, 0},
		{"out of order", []porcupine.Operation{
			pushed(0, 1, true, 0, 1), pushed(0, 2, true, 2, 3), popped(1, 2, true, 4, 5), popped(1, 1, true, 6, 7),
		}, 2, porcupine.Illegal, 0},
		{"either order, if they overlap", []porcupine.Operation{
			pushed(0, 1, true, 0, 3), pushed(1, 2, true, 2, 4), popped(1, 2, true, 5, 6), popped(1, 1, true, 7, 8),
		}, 2, porcupine.Ok, 0},
		{"taken twice", []porcupine.Operation{
			pushed(0, 1, true, 0, 1), popped(1, 1, true, 2, 5), popped(2, 1, true, 3, 4),
		}, 2, porcupine.Illegal, 0},
		{"before it was there", []porcupine.Operation{
			popped(1, 1, true, 0, 1), pushed(0, 1, true, 2, 3),
		}, 2, porcupine.Illegal, 0},
		{"lost", []porcupine.Operation{
			pushed(0, 1, true, 0, 1), pushed(0, 2, true, 2, 3), popped(1, 2, true, 4, 5), popped(1, 0, false, 6, 7),
		}, 2, porcupine.Illegal, 0},
		{"not empty", []porcupine.Operation{
			pushed(0, 1, true, 0, 1), popped(1, 0, false, 2, 3),
		}, 2, porcupine.Illegal, 0},
		{"not empty, but a push had not ended", []porcupine.Operation{
			pushed(0, 1, true, 0, 1), pushed(2, 2, true, 0, 2), popped(1, 0, false, 2, 3),
		}, 2, porcupine.Ok, 1},
		{"a push that failed excuses nothing", []porcupine.Operation{
			pushed(0, 1, true, 0, 1), pushed(2, 2, false, 2, 3), popped(1, 0, false, 2, 3),
		}, 1, porcupine.Illegal, 0},
		{"over the bound", []porcupine.Operation{
			pushed(0, 1, true, 0, 1), pushed(0, 2, true, 2, 3),
		}, 1, porcupine.Illegal, 0},
		{"not full", []porcupine.Operation{
			pushed(0, 1, false, 0, 1),
		}, 1, porcupine.Illegal, 0},
		{"not full, but a pop had not ended", []porcupine.Operation{
			pushed(0, 1, true, 0, 1), popped(1, 1, true, 2, 9), pushed(0, 2, false, 8, 10),
		}, 1, porcupine.Ok, 1},
	} {
		rest, n := exempt(c.history)
		got, _ := porcupine.CheckOperationsVerbose(model(c.capacity), rest, time.Minute)
		if got != c.want || n.exempted != c.exempted {
			t.Errorf("%s: %v with %d exempted; want %v with %d", c.name, got, n.exempted, c.want, c.exempted)
		}
	}
}
