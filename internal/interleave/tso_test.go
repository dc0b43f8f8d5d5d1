//go:build interleave

package interleave_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/rouse-go/rouse/internal/atomics"
	"github.com/rouse-go/rouse/internal/interleave"
)

// x and y and z are the words of litmus tests.
const x, y, z = 0, 1, 2

func ld(word int) instruction     { return instruction{load, word, 0} }
func st(word, v int) instruction  { return instruction{store, word, v} }
func rel(word, v int) instruction { return instruction{release, word, v} }

// Litmus tests: what loads return, thread by thread, and what is in x, y and z at the
// end; whether that can be with store buffers, and whether without. Names are those
// of J. Alglave, L. Maranget and others' herd, or of the examples in Intel's manual
// (SDM volume 3, 8.2.3) and of P. Loewenstein's n6, all in the paper on x86-TSO.
var litmus = []struct {
	name          string
	threads       program
	outcome       string
	loose, strong bool
}{
	{"SB", program{{rel(x, 1), ld(y)}, {rel(y, 1), ld(x)}}, "[[0] [0]] [1 1 0]", true, false},
	{"SB-ordered", program{{st(x, 1), ld(y)}, {st(y, 1), ld(x)}}, "[[0] [0]] [1 1 0]", false, false},
	{"SB-one-ordered", program{{rel(x, 1), ld(y)}, {st(y, 1), ld(x)}}, "[[0] [0]] [1 1 0]", true, false},
	{"SB-fenced", program{{rel(x, 1), {add, z, 0}, ld(y)}, {rel(y, 1), {add, z, 0}, ld(x)}}, "[[0] [0]] [1 1 0]", false, false},
	{"MP", program{{rel(x, 1), rel(y, 1)}, {ld(y), ld(x)}}, "[[] [1 0]] [1 1 0]", false, false},
	{"LB", program{{ld(x), rel(y, 1)}, {ld(y), rel(x, 1)}}, "[[1] [1]] [1 1 0]", false, false},
	{"own-store", program{{rel(x, 1), ld(x)}, {}}, "[[0] []] [1 0 0]", false, false},
	{"SB-forwarding", program{{rel(x, 1), ld(x), ld(y)}, {rel(y, 1), ld(y), ld(x)}}, "[[1 0] [1 0]] [1 1 0]", true, false},
	{"n6", program{{rel(x, 1), ld(x), ld(y)}, {rel(y, 2), rel(x, 2)}}, "[[1 0] []] [1 2 0]", true, false},
	{"WRC", program{{rel(x, 1)}, {ld(x), rel(y, 1)}, {ld(y), ld(x)}}, "[[] [1] [1 0]] [1 1 0]", false, false},
	{"RWC", program{{rel(x, 1)}, {ld(x), ld(y)}, {rel(y, 1), ld(x)}}, "[[] [1 0] [0]] [1 1 0]", true, false},
	{"IRIW", program{{rel(x, 1)}, {rel(y, 1)}, {ld(x), ld(y)}, {ld(y), ld(x)}}, "[[] [] [1 0] [1 0]] [1 1 0]", false, false},
	{"R", program{{rel(x, 1), rel(y, 1)}, {rel(y, 2), ld(x)}}, "[[] [0]] [1 2 0]", true, false},
	{"S", program{{rel(x, 2), rel(y, 1)}, {ld(y), rel(x, 1)}}, "[[] [1]] [2 1 0]", false, false},
	{"2+2W", program{{rel(x, 1), rel(y, 2)}, {rel(y, 1), rel(x, 2)}}, "[[] []] [1 1 0]", false, false},
	{"CoRR", program{{rel(x, 1), rel(x, 2)}, {ld(x), ld(x)}}, "[[] [2 1]] [2 0 0]", false, false},
	{"others-write-between", program{{rel(x, 1), ld(x), ld(x)}, {rel(x, 2)}}, "[[1 2] []] [2 0 0]", true, true},
	{"back-to-an-older-store", program{{rel(x, 1), ld(x), ld(x)}, {rel(x, 2)}}, "[[2 1] []] [1 0 0]", false, false},
	{"two-at-once", program{{rel(x, 1), rel(y, 1), ld(z)}, {st(z, 1), ld(x)}}, "[[0] [0]] [1 1 1]", true, false},
	{"one-of-two", program{{rel(x, 1), rel(y, 1), ld(z)}, {st(z, 1), ld(y), ld(x)}}, "[[0] [0 1]] [1 1 1]", true, false},
	// The store to x is seen after the first load, and before the second.
	{"between-two-loads", program{{rel(x, 1), ld(y), ld(z)}, {st(y, 1), ld(x)}, {ld(x), st(z, 1)}}, "[[0 1] [0] [1]] [1 1 1]", true, false},
}

// What of the litmus tests can be, and what can't; and that all of it is what the
// abstract machine of the paper does, no more and no less.
func TestClassicsLitmus(t *testing.T) {
	for _, l := range litmus {
		t.Run(l.name, func(t *testing.T) {
			for _, strong := range []bool{false, true} {
				can := l.loose
				if strong {
					can = l.strong
				}
				seen := make(map[string]bool)
				c := interleave.Config{Model: "classic/litmus/" + l.name, Strong: strong}
				interleave.Check(t, c, l.threads.model(3, seen))
				if seen[l.outcome] != can {
					t.Errorf("strong %v: %s: %v, want %v; there are %q", strong, l.outcome, !can, can, keys(seen))
				}
				if want := l.threads.machine(3, strong); !slices.Equal(keys(seen), want) {
					t.Errorf("strong %v: %q, and x86-TSO has %q", strong, keys(seen), want)
				}
			}
			seen := make(map[string]bool)
			interleave.Check(t, interleave.Config{Model: "classic/litmus/" + l.name, Preemptions: -1, Random: 400, Depth: 4}, l.threads.model(3, seen))
			if seen[l.outcome] != l.loose {
				t.Errorf("at random: %s: %v, want %v", l.outcome, !l.loose, l.loose)
			}
		})
	}
}

// Random programs do what that machine does.
func TestReductionsAreTSO(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	programs := 150
	if testing.Short() || interleave.Race {
		programs = 30
	}
	loose := 0
	for n := range programs {
		threads := 2 + n%2
		p := randomProgram(rng, threads, 12/threads, 2, wordKinds)
		seen := make(map[string]bool)
		r := interleave.Explore(interleave.Config{}, p.model(2, seen))
		if r.Failure != nil || !r.Complete {
			t.Fatalf("program %d, %v: complete %v, %+v", n, p, r.Complete, r.Failure)
		}
		want := p.machine(2, false)
		if !slices.Equal(keys(seen), want) {
			t.Fatalf("program %d, %v: %d outcomes, x86-TSO has %d\n%q\n%q", n, p, len(seen), len(want), keys(seen), want)
		}
		if len(want) > len(p.machine(2, true)) {
			loose++
		}
	}
	t.Logf("%d of %d programs do what they could not without store buffers", loose, programs)
	if loose == 0 {
		t.Error("the programs show nothing")
	}
}

// A thread that spins for what is in a buffer costs no preemption until that
// drains: so it makes a difference to a bound when it does.
func TestReductionsMindWhoSpins(t *testing.T) {
	p := program{{rel(x, 1)}, {ld(y), {spin, x, 0}, ld(y)}, {st(y, 1), ld(z), ld(z)}, {{add, z, 1}}}
	seen := make(map[string]bool)
	r := interleave.Explore(interleave.Config{Preemptions: 1}, p.model(3, seen))
	const want = "[[] [0 1] [0 1] []] [1 1 1]"
	if r.Failure != nil || !r.Complete || !seen[want] {
		t.Errorf("complete %v, %+v: %s is not among %q", r.Complete, r.Failure, want, keys(seen))
	}
}

// A machine is x86-TSO as the paper defines it, one state, and nothing of what the
// checker is made of. With strong, no store waits.
type machine struct {
	at      []int // of each thread, the next instruction
	buffers [][]instruction
	got     [][]uint64
	mem     []uint64
}

// machine returns all that p can do.
func (p program) machine(words int, strong bool) []string {
	outcomes, known := make(map[string]bool), make(map[string]bool)
	n := len(p)
	todo := []machine{{make([]int, n), make([][]instruction, n), make([][]uint64, n), make([]uint64, words)}}
	for len(todo) > 0 {
		m := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if text := fmt.Sprint(m); known[text] {
			continue
		} else {
			known[text] = true
		}
		end := true
		for i := range p {
			if len(m.buffers[i]) > 0 {
				end = false
				s := m.clone()
				s.mem[s.buffers[i][0].word] = uint64(s.buffers[i][0].value)
				s.buffers[i] = s.buffers[i][1:]
				todo = append(todo, s)
			}
			if m.at[i] < len(p[i]) {
				end = false
				if s := m.clone(); s.do(i, p[i][m.at[i]], strong) {
					todo = append(todo, s)
				}
			}
		}
		if end {
			outcomes[fmt.Sprint(m.got, m.mem)] = true
		}
	}
	return keys(outcomes)
}

func (m *machine) clone() machine {
	s := machine{slices.Clone(m.at), slices.Clone(m.buffers), slices.Clone(m.got), slices.Clone(m.mem)}
	for i := range s.got {
		s.buffers[i], s.got[i] = slices.Clone(s.buffers[i]), slices.Clone(s.got[i])
	}
	return s
}

// do has thread i do in, and reports whether it can.
func (m *machine) do(i int, in instruction, strong bool) bool {
	word, v := &m.mem[in.word], uint64(in.value)
	m.at[i]++
	switch {
	case in.kind == load:
		v = *word
		for _, own := range m.buffers[i] {
			if own.word == in.word {
				v = uint64(own.value)
			}
		}
		m.got[i] = append(m.got[i], v)
		return true
	case in.kind == release && !strong:
		m.buffers[i] = append(m.buffers[i], in)
		return true
	case len(m.buffers[i]) > 0:
		return false
	case in.kind == store || in.kind == release:
		*word = v
	case in.kind == swap:
		m.got[i] = append(m.got[i], *word)
		*word = v
	case in.kind == add:
		*word += v
	case in.kind == compareAndSwap && *word == v-1:
		m.got[i] = append(m.got[i], 77)
		*word = v
	}
	return true
}

// A failing schedule shows where stores enter and leave the buffers, and can be had
// again from its text.
func TestTranscriptOfStoreBuffers(t *testing.T) {
	model := func(w *interleave.World) {
		var there [2]atomics.Uint64
		var alone atomics.Int32
		for me := range 2 {
			w.Go(fmt.Sprint("p", me), func() {
				atomics.StoreRelease(&there[me], 1)
				if there[me].Load() == 1 && there[1-me].Load() == 0 && alone.Add(1) == 2 {
					w.Failf("neither has seen the other")
				}
			})
		}
	}
	for _, c := range []interleave.Config{{}, {Preemptions: 1}, {Preemptions: -1, Random: 1000}} {
		c.Model = "buffers"
		f := interleave.Explore(c, model).Failure
		if f == nil {
			t.Fatalf("%+v: not caught", c)
		}
		for _, want := range []string{"StoreRelease     0x1 into its buffer ", "Load             0x1 from its buffer ", "p0's buffer ", "Drain            0x0 → 0x1 ", "tso_test.go", "atomics.StoreRelease(&there[me], 1)"} {
			if !strings.Contains(f.Transcript, want) {
				t.Errorf("%+v: the transcript lacks %q\n%s", c, want, f.Transcript)
			}
		}
		t.Setenv("INTERLEAVE_SCHEDULE", c.Model+":"+f.Schedule)
		again := &verdict{TB: t}
		interleave.Check(again, c, model)
		if !strings.Contains(f.Schedule, "d0") || again.text != f.What+"\n"+f.Transcript {
			t.Errorf("schedule %s once more: %s\nit was %s\n%s", f.Schedule, again.text, f.What, f.Transcript)
		}
		t.Logf("%s\n%s", f.Schedule, f.Transcript)
	}
}

// A verdict is a test that wants to fail.
type verdict struct {
	interleave.TB
	text string
}

func (v *verdict) Logf(string, ...any)               {}
func (v *verdict) Fatalf(format string, args ...any) { v.text = fmt.Sprintf(format, args...) }
