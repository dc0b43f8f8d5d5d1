package channel_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/channel"
)

// model is what a Bounded must do, told with slices: a queue, and on each side a
// line, the promises made, and the tasks that wait in poll form.
type model struct {
	capacity int
	q        []int
	closed   bool
	recv     modelSide
	send     modelSide
}

type modelSide struct {
	line     []int // actors, first come first
	promised []int
	crowd    []int
}

func (s *modelSide) leave(a int) {
	s.line = without(s.line, a)
	s.promised = without(s.promised, a)
	s.crowd = without(s.crowd, a)
}

func without(s []int, a int) []int {
	return slices.DeleteFunc(s, func(b int) bool { return a == b })
}

func (m *model) elements() int { return len(m.q) - len(m.recv.promised) }
func (m *model) places() int   { return m.capacity - len(m.q) - len(m.send.promised) }

// settle makes the promises that can be made and returns who is woken.
func (m *model) settle() (woken []int) {
	wake := func(from *[]int) {
		woken = append(woken, *from...)
		*from = nil
	}
	for len(m.recv.line) > 0 && m.elements() > 0 {
		a := m.recv.line[0]
		m.recv.line = m.recv.line[1:]
		m.recv.promised = append(m.recv.promised, a)
		woken = append(woken, a)
	}
	if m.elements() > 0 {
		wake(&m.recv.crowd)
	}
	if m.closed {
		wake(&m.send.line)
		wake(&m.send.crowd)
		if len(m.q) == 0 {
			wake(&m.recv.line)
			wake(&m.recv.crowd)
		}
		return woken
	}
	for len(m.send.line) > 0 && m.places() > 0 {
		a := m.send.line[0]
		m.send.line = m.send.line[1:]
		m.send.promised = append(m.send.promised, a)
		woken = append(woken, a)
	}
	if m.places() > 0 {
		wake(&m.send.crowd)
	}
	return woken
}

func (m *model) tryRecv(a int, wait *[]int) (int, error) {
	mine := slices.Contains(m.recv.promised, a)
	switch {
	case mine || m.elements() > 0:
		m.recv.leave(a)
		v := m.q[0]
		m.q = m.q[1:]
		return v, nil
	case m.closed && len(m.q) == 0:
		return 0, channel.ErrClosed
	case wait == nil:
		return 0, channel.ErrEmpty
	case !slices.Contains(*wait, a):
		*wait = append(*wait, a)
	}
	return 0, rouse.Pending
}

func (m *model) trySend(a, v int, wait *[]int) error {
	mine := slices.Contains(m.send.promised, a)
	switch {
	case m.closed:
		m.send.leave(a)
		return channel.ErrClosed
	case mine || m.places() > 0:
		m.send.leave(a)
		m.q = append(m.q, v)
		return nil
	case wait == nil:
		return channel.ErrFull
	case !slices.Contains(*wait, a):
		*wait = append(*wait, a)
	}
	return rouse.Pending
}

// script is the operations so far, for messages.
type script [][2]int

func (s script) String() string { return fmt.Sprintf("%v", [][2]int(s)) }

// drive applies the operations that choose picks to a channel and to the model.
func drive(t *testing.T, capacity, steps int, choose func(n int) int) {
	const actors = 6
	c := channel.NewBounded[int](capacity)
	m := &model{capacity: capacity}
	var (
		recvs [actors]channel.BoundedRecv[int] // actors 0…5
		sends [actors]channel.BoundedSend[int] // actors 6…11
		tasks [4 * actors]*hand                // 12…17 receive, 18…23 send in poll form
		wakes [4 * actors]int
	)
	for i := range actors {
		recvs[i], sends[i] = c.RecvFuture(), c.SendFuture(0)
		sends[i].Take()
	}
	for i := range tasks {
		tasks[i] = newHand()
	}
	var values [actors]int // what each send future carries; 0 is nothing
	next := 0
	value := func() int { next++; return next }
	var trace script
	step := func(op, i int) {
		a := -1
		var gotV, wantV int
		var got, want error
		switch op {
		case 0:
			a = i
			gotV, got = recvs[i].Poll(tasks[a].renew())
			wantV, want = m.tryRecv(a, &m.recv.line)
		case 1:
			a = actors + i
			if values[i] == 0 {
				values[i] = value()
				sends[i].Set(values[i])
			}
			_, got = sends[i].Poll(tasks[a].renew())
			want = m.trySend(a, values[i], &m.send.line)
			if want == nil {
				values[i] = 0
			}
		case 2:
			a = 2*actors + i
			gotV, got = c.PollRecv(tasks[a].renew())
			wantV, want = m.tryRecv(a, &m.recv.crowd)
		case 3:
			a = 3*actors + i
			v := value()
			got, want = c.PollSend(tasks[a].renew(), v), m.trySend(a, v, &m.send.crowd)
		case 4:
			gotV, got = c.TryRecv()
			wantV, want = m.tryRecv(a, nil)
		case 5:
			v := value()
			got, want = c.TrySend(v), m.trySend(a, v, nil)
		case 6:
			recvs[i].Drop()
			m.recv.leave(i)
		case 7:
			sends[i].Drop()
			m.send.leave(actors + i)
		case 8:
			v, ok := sends[i].Take()
			if v != values[i] || ok != (v != 0) {
				t.Fatalf("%v: Take: %d, %v; want %d", trace, v, ok, values[i])
			}
			values[i] = 0
			m.send.leave(actors + i)
		case 9:
			c.Close()
			m.closed = true
		}
		trace = append(trace, [2]int{op, i})
		if gotV != wantV || got != want {
			t.Fatalf("%v: got %d, %v; want %d, %v", trace, gotV, got, wantV, want)
		}
		for _, b := range m.settle() {
			wakes[b]++
		}
		for b := range tasks {
			if tasks[b].wakes != wakes[b] {
				t.Fatalf("%v: actor %d has %d wakes, want %d", trace, b, tasks[b].wakes, wakes[b])
			}
		}
		if c.Len() != len(m.q) {
			t.Fatalf("%v: Len %d, want %d", trace, c.Len(), len(m.q))
		}
	}
	for range steps {
		op := choose(40)
		switch { // drops are rare, Close rarer
		case op < 30:
			op %= 6
		case op < 39:
			op = 6 + op%3
		case choose(20) == 0:
			op = 9
		default:
			op = 5
		}
		step(op, choose(actors))
	}
	step(9, 0)
	for i := range actors {
		step(6, i)
		step(7, i)
	}
	for len(m.q) > 0 {
		step(4, 0)
	}
	for b, h := range tasks {
		if h.extra != 0 {
			t.Fatalf("%v: actor %d has %d counted wakers left", trace, b, h.extra)
		}
	}
}

func TestModel(t *testing.T) {
	rounds := 4000
	if testing.Short() {
		rounds = 400
	}
	for seed := range rounds {
		rng := rand.New(rand.NewPCG(uint64(seed), 125))
		drive(t, 1+seed%4, 20+seed%120, rng.IntN)
	}
}

func FuzzModel(f *testing.F) {
	f.Add(1, []byte("rouse"))
	f.Fuzz(func(t *testing.T, capacity int, ops []byte) {
		at := 0
		drive(t, 1+capacity&3, min(len(ops)/2, 2000), func(n int) int {
			if at >= len(ops) {
				return 0
			}
			at++
			return int(ops[at-1]) % n
		})
	})
}
