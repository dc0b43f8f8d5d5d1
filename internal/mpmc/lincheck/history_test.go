package lincheck

import (
	"math/rand/v2"
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
		for _, ahead := range []map[int][]int{nil, precedence(rest)} {
			got := porcupine.CheckOperationsTimeout(model(c.capacity, ahead), rest, time.Minute)
			if got != c.want || n.exempted != c.exempted {
				t.Errorf("%s, ahead %v: %v with %d exempted; want %v with %d", c.name, ahead, got, n.exempted, c.want, c.exempted)
			}
		}
	}
}

// Precedence saves time and changes no verdict: random histories, of a queue and
// of queues that are wrong.
func TestPrecedenceChangesNoVerdict(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	verdicts := map[porcupine.CheckResult]int{}
	for round := range 5000 {
		h := invent(rng, 3)
		plain := porcupine.CheckOperationsTimeout(model(3, nil), h, time.Minute)
		quick := porcupine.CheckOperationsTimeout(model(3, precedence(h)), h, time.Minute)
		if plain != quick {
			t.Fatalf("history %d: %v, with precedence %v\n%v", round, plain, quick, h)
		}
		verdicts[plain]++
	}
	t.Log(verdicts)
	if verdicts[porcupine.Ok] < 500 || verdicts[porcupine.Illegal] < 500 {
		t.Errorf("%v: too few of one kind to say anything", verdicts)
	}
}

// invent makes up a history of three clients. Each operation takes effect
// somewhere between its begin and its end, and in two of three histories some pop
// gives another value than it should.
func invent(rng *rand.Rand, capacity int) []porcupine.Operation {
	var q []int
	var h []porcupine.Operation
	free := [3]int64{}
	fault := -1
	if rng.IntN(3) > 0 {
		fault = rng.IntN(10)
	}
	for i := range 12 {
		at, id := int64(100*(i+1)), rng.IntN(3)
		begin := max(free[id]+1, at-rng.Int64N(300))
		op := porcupine.Operation{ClientId: id, Call: begin, Return: max(begin, at) + rng.Int64N(300)}
		if begin > at { // its client was busy: no room for it
			continue
		}
		free[id] = op.Return
		in, out := call{push: rng.IntN(2) == 0, v: i}, answer{}
		switch {
		case in.push && len(q) < capacity:
			q, out.ok = append(q, i), true
		case !in.push && len(q) > 0:
			k := 0
			if i >= fault && fault >= 0 {
				k, fault = len(q)-1, -1
			}
			out = answer{true, q[k]}
			q = append(q[:k:k], q[k+1:]...)
		}
		op.Input, op.Output = in, out
		h = append(h, op)
	}
	return h
}
