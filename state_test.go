package rouse

import (
	"strings"
	"testing"
)

// words are all 32 state words, also those that no task ever has: a transition
// must not make things worse from any.
func words() (all []state) {
	for s := range state(32) {
		all = append(all, s)
	}
	return all
}

// word reads "S R C X H" notation: one letter a flag, so that the tables below
// are written independently of the code's names and order.
func word(text string) (s state) {
	for _, c := range text {
		switch c {
		case 'S':
			s |= scheduled
		case 'R':
			s |= running
		case 'C':
			s |= completed
		case 'X':
			s |= closed
		case 'H':
			s |= handle
		}
	}
	return s
}

// TestStateTable gives, for the 16 words without the handle, what each
// transition says and leaves. The handle must make no difference to any of
// them but finish and release: it is tried both ways.
func TestStateTable(t *testing.T) {
	type result struct {
		out  uint8
		word string
	}
	ignored := func(w string) result { return result{0, w} }
	rows := []struct {
		word    string
		wake    result // 0 ignored, 1 noted, 2 schedule
		start   result // 0 poll, 1 drop, 2 invalid
		discard result // 1 drop, 2 invalid
		pend    result // 0 idle, 1 again, 2 drop; of running words only
		abort   result // 0 ignored, 1 noted, 2 schedule
	}{
		// idle, queued, running, running and woken
		{"", result{2, "S"}, result{2, ""}, result{2, ""}, result{}, result{2, "SX"}},
		{"S", ignored("S"), result{0, "R"}, result{1, "RX"}, result{}, result{1, "SX"}},
		{"R", result{1, "SR"}, result{2, "R"}, result{2, "R"}, result{0, ""}, result{1, "RX"}},
		{"SR", ignored("SR"), result{2, "SR"}, result{2, "SR"}, result{1, "S"}, result{1, "SRX"}},
		// aborted: idle (nobody gets there), queued, running, running and woken
		{"X", ignored("X"), result{2, "X"}, result{2, "X"}, result{}, ignored("X")},
		{"SX", ignored("SX"), result{1, "RX"}, result{1, "RX"}, result{}, ignored("SX")},
		{"RX", ignored("RX"), result{2, "RX"}, result{2, "RX"}, result{2, "RX"}, ignored("RX")},
		{"SRX", ignored("SRX"), result{2, "SRX"}, result{2, "SRX"}, result{2, "RX"}, ignored("SRX")},
		// finished: with a result, canceled; the rest nobody gets to
		{"C", ignored("C"), result{2, "C"}, result{2, "C"}, result{}, ignored("C")},
		{"CX", ignored("CX"), result{2, "CX"}, result{2, "CX"}, result{}, ignored("CX")},
		{"SC", ignored("SC"), result{2, "SC"}, result{2, "SC"}, result{}, ignored("SC")},
		{"SCX", ignored("SCX"), result{2, "SCX"}, result{2, "SCX"}, result{}, ignored("SCX")},
		{"RC", ignored("RC"), result{2, "RC"}, result{2, "RC"}, result{}, ignored("RC")},
		{"RCX", ignored("RCX"), result{2, "RCX"}, result{2, "RCX"}, result{}, ignored("RCX")},
		{"SRC", ignored("SRC"), result{2, "SRC"}, result{2, "SRC"}, result{}, ignored("SRC")},
		{"SRCX", ignored("SRCX"), result{2, "SRCX"}, result{2, "SRCX"}, result{}, ignored("SRCX")},
	}
	if len(rows) != 16 {
		t.Fatalf("%d rows, want 16", len(rows))
	}
	for _, row := range rows {
		for _, h := range []string{"", "H"} {
			s := word(row.word + h)
			check := func(name string, next state, out uint8, want result) {
				t.Helper()
				if out != want.out || next != word(want.word+h) {
					t.Errorf("%v.%s = %v, %d; want %v, %d", s, name, next, out, word(want.word+h), want.out)
				}
			}
			next, wake := s.wake()
			check("wake", next, uint8(wake), row.wake)
			next, started := s.start()
			check("start", next, uint8(started), row.start)
			next, started = s.discard()
			check("discard", next, uint8(started), row.discard)
			next, aborted := s.abort()
			check("abort", next, uint8(aborted), row.abort)
			if s&running != 0 && s&completed == 0 {
				next, pended := s.pend()
				check("pend", next, uint8(pended), row.pend)
			}
		}
	}
}

// The invariants hold from every word and tie the transitions together.

func TestStateWakeSetsOneFlagAndClearsNone(t *testing.T) {
	for _, s := range words() {
		next, out := s.wake()
		if next&s != s || next&^s&^scheduled != 0 {
			t.Errorf("%v.wake leaves %v", s, next)
		}
		if changed := next != s; changed != (out != wakeIgnored) {
			t.Errorf("%v.wake says %d, and leaves %v", s, out, next)
		}
		if again, out := next.wake(); again != next || out != wakeIgnored {
			t.Errorf("%v: the second wake in a row says %d", s, out)
		}
	}
}

func TestStateOneIsToldToSchedule(t *testing.T) {
	// Of all wakes and aborts between a task's getting idle and its next
	// start, in any order, exactly one is told to schedule.
	ops := map[string]func(state) (state, bool){
		"wake":  func(s state) (state, bool) { n, o := s.wake(); return n, o == wakeSchedule },
		"abort": func(s state) (state, bool) { n, o := s.abort(); return n, o == abortSchedule },
	}
	for _, s := range words() {
		if s&(scheduled|running|completed|closed) != 0 {
			continue // not idle
		}
		for a, first := range ops {
			for b, second := range ops {
				for c, third := range ops {
					n := 0
					w := s
					for _, op := range []func(state) (state, bool){first, second, third} {
						next, told := op(w)
						if w = next; told {
							n++
						}
					}
					if n != 1 {
						t.Errorf("%v: %s, %s, %s: %d were told to schedule", s, a, b, c, n)
					}
					if _, out := w.start(); out == startInvalid {
						t.Errorf("%v: %s, %s, %s: the holder of the Runnable may not start", s, a, b, c)
					}
				}
			}
		}
	}
}

func TestStateNothingSchedulesWhatIsInAQueueOrRuns(t *testing.T) {
	for _, s := range words() {
		if s&(scheduled|running) == 0 {
			continue
		}
		if _, out := s.wake(); out == wakeSchedule {
			t.Errorf("%v.wake says schedule", s)
		}
		if _, out := s.abort(); out == abortSchedule {
			t.Errorf("%v.abort says schedule", s)
		}
	}
}

func TestStateStartClearsScheduledBeforeThePoll(t *testing.T) {
	for _, s := range words() {
		next, out := s.start()
		if out == startInvalid {
			if next != s {
				t.Errorf("%v.start refuses, and leaves %v", s, next)
			}
			continue
		}
		if next&scheduled != 0 || next&running == 0 {
			t.Errorf("%v.start leaves %v", s, next)
		}
		if s&(running|completed) != 0 {
			t.Errorf("%v.start is allowed", s)
		}
		// A wake from now on counts, unless the task is over.
		woken, _ := next.wake()
		if got := woken&scheduled != 0; got != (s&closed == 0) {
			t.Errorf("%v: a wake during the poll leaves %v", s, woken)
		}
	}
}

func TestStateFinish(t *testing.T) {
	for _, s := range words() {
		for _, canceled := range []bool{false, true} {
			next, out := s.finish(canceled)
			if next&(running|scheduled) != 0 || next&completed == 0 {
				t.Errorf("%v.finish(%v) leaves %v", s, canceled, next)
			}
			if (next&closed != 0) != canceled {
				t.Errorf("%v.finish(%v) leaves %v: closed tells whether there is a result", s, canceled, next)
			}
			if next&handle != s&handle || (out == finishForHandle) != (s&handle != 0) {
				t.Errorf("%v.finish(%v) leaves %v and says %d", s, canceled, next, out)
			}
			// From here on nothing happens but the end of the handle.
			if n, out := next.wake(); n != next || out != wakeIgnored {
				t.Errorf("%v: wake after finish leaves %v", s, n)
			}
			if n, out := next.abort(); n != next || out != abortIgnored {
				t.Errorf("%v: abort after finish leaves %v", s, n)
			}
			if n, out := next.start(); n != next || out != startInvalid {
				t.Errorf("%v: start after finish leaves %v", s, n)
			}
			if n, out := next.discard(); n != next || out != startInvalid {
				t.Errorf("%v: discard after finish leaves %v", s, n)
			}
		}
	}
}

func TestStateReleaseOnlyClearsTheHandle(t *testing.T) {
	for _, s := range words() {
		next, out := s.release()
		if next != s&^handle {
			t.Errorf("%v.release leaves %v", s, next)
		}
		want := releaseIgnored
		if s&handle != 0 {
			want = releaseDetached
			if s&completed != 0 {
				want = releaseFinished
			}
		}
		if out != want {
			t.Errorf("%v.release says %d, want %d", s, out, want)
		}
		// Exactly one of runner and handle is told to throw the result away,
		// whichever comes first.
		if s&running == 0 || s&completed != 0 || s&handle == 0 {
			continue
		}
		afterRelease, _ := s.release()
		_, runner := afterRelease.finish(false)
		afterFinish, runnerFirst := s.finish(false)
		_, owner := afterFinish.release()
		if runner != finishDetached || runnerFirst != finishForHandle || owner != releaseFinished {
			t.Errorf("%v: release then finish: %d; finish: %d, then release: %d", s, runner, runnerFirst, owner)
		}
	}
}

func TestStateAbortDuringAPollEndsItThere(t *testing.T) {
	for _, s := range words() {
		if s&running == 0 || s&over != 0 {
			continue
		}
		next, out := s.abort()
		if out != abortNoted {
			t.Errorf("%v.abort says %d", s, out)
		}
		if pended, out := next.pend(); out != pendDrop || pended&running == 0 {
			t.Errorf("%v: pend after abort leaves %v and says %d: nobody else may touch the future while it is dropped", s, pended, out)
		}
		if done, _ := next.finish(false); done&closed != 0 {
			t.Errorf("%v: the result must win over the abort, but finish leaves %v", s, done)
		}
	}
}

// TestStateReachable walks every order of events that tasks allow and checks
// the words on the way.
func TestStateReachable(t *testing.T) {
	seen := map[state]bool{}
	var walk func(s state)
	walk = func(s state) {
		if seen[s] {
			return
		}
		seen[s] = true
		if s&completed != 0 && s&(running|scheduled) != 0 {
			t.Errorf("reached %v", s)
		}
		if s&closed != 0 && s&(completed|running|scheduled) == 0 {
			t.Errorf("reached %v: aborted, and nobody will drop the future", s)
		}
		n, _ := s.wake()
		walk(n)
		n, _ = s.abort()
		walk(n)
		n, _ = s.release()
		walk(n)
		if n, out := s.start(); out != startInvalid {
			walk(n)
			d, _ := s.discard()
			walk(d)
		}
		if s&running != 0 {
			n, out := s.pend()
			if out == pendDrop {
				n, _ = n.finish(true)
			}
			walk(n)
			n, _ = s.finish(false)
			walk(n)
		}
	}
	walk(born)
	if len(seen) != 18 {
		t.Errorf("%d words can be reached, want 18: %v", len(seen), seen)
	}
}

func TestStateString(t *testing.T) {
	for s, want := range map[state]string{
		0:           "IDLE",
		born:        "SCHEDULED|HANDLE",
		word("RX"):  "RUNNING|CLOSED",
		word("CXH"): "COMPLETED|CLOSED|HANDLE",
	} {
		if s.String() != want {
			t.Errorf("%05b is %q, want %q", uint32(s), s, want)
		}
	}
	for _, s := range words() {
		if n := strings.Count(s.String(), "|") + 1; s != 0 && n != len(bitsOf(s)) {
			t.Errorf("%05b is %q", uint32(s), s)
		}
	}
}

func bitsOf(s state) (bits []int) {
	for i := range 5 {
		if s&(1<<i) != 0 {
			bits = append(bits, i)
		}
	}
	return bits
}
