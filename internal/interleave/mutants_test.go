//go:build interleave

package interleave_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A mutant is a fault in the real code, made by replacing one piece of text. The
// models of its package must catch it.
type mutant struct {
	name     string
	file     string // of the module
	old, new string
	models   string // the tests to run, a pattern
	pkg      string // where they are, if not beside the file
	race     bool   // only the race detector can see it
}

var mutants = []mutant{
	{name: "state/wake-while-running-is-forgotten", file: "state.go", models: "ModelState",
		old: "return s | scheduled, wakeNoted", new: "return s, wakeNoted"},
	{name: "state/running-task-is-scheduled", file: "state.go", models: "ModelState",
		old: "return s | scheduled, wakeNoted", new: "return s | scheduled, wakeSchedule"},
	{name: "state/start-keeps-scheduled", file: "state.go", models: "ModelState",
		old: "return s&^scheduled | running, startPoll", new: "return s | running, startPoll"},
	{name: "state/abort-of-idle-is-not-scheduled", file: "state.go", models: "ModelState",
		old: "return s | closed | scheduled, abortSchedule", new: "return s | closed, abortNoted"},
	{name: "state/pend-ignores-abort", file: "state.go", models: "ModelState",
		old: "case s&closed != 0:\n\t\treturn s &^ scheduled, pendDrop\n", new: ""},
	{name: "state/silent-transition-is-a-load", file: "shared.go", models: "ModelStateVisible", race: true,
		old: "s, out = next(state(w & flags))\n", new: "if s, out = next(state(w & flags)); w&^flags|uint64(s) == w {\n\t\t\treturn out, w\n\t\t}\n"},
	{name: "join/does-not-look-again", file: "sharedend.go", models: "ModelState",
		old: "if state(w)&completed != 0 {\n\t\t\treturn false", new: "if false {\n\t\t\treturn false"},
	{name: "join/finish-wakes-nobody", file: "sharedend.go", models: "ModelState",
		old: "awaiter.Wake()\n", new: "awaiter.Drop()\n"},
	{name: "join/runner-is-gone-before-the-wake", file: "sharedend.go", models: "ModelState",
		old: "case out == finishForHandle && w&wordAwaited == 0:", new: "case out == finishForHandle:"},
	{name: "join/new-awaiter-without-the-flag", file: "sharedend.go", models: "ModelStateAwait", race: true,
		old: "if !h.setAwaited(0) {", new: "if state(h.remote.Load())&completed != 0 {"},
	{name: "reuse/generation-stays", file: "sharedend.go", models: "ModelStateReuse",
		old: "return (w>>genShift+1)<<genShift | uint64(born)", new: "return w>>genShift<<genShift | uint64(born)"},
	{name: "reuse/abort-ignores-generation", file: "shared.go", models: "ModelStateReuse",
		old: "shiftIn(h, gen, state.abort); out == abortSchedule && w>>genShift == gen {", new: "shiftIn(h, anyGen, state.abort); out == abortSchedule && w != anyGen {"},
	{name: "reuse/last-waker-lets-nothing-go", file: "sharedend.go", models: "ModelState",
		old: "if h.abroad.change(-1) == 0 && h.claimEnd(false) {", new: "if h.abroad.change(-1) == 0 && false {"},
	{name: "join/done-is-not-said", file: "local.go", models: "ModelJoin",
		old: "h.remote.Or(wordDone)", new: "h.remote.Or(0)"},
	{name: "join/late-registration-is-not-woken", file: "join.go", models: "ModelJoin",
		old: "case s.gen() != j.gen || s.state&completed != 0:\n\t\t\tw.Wake()", new: "case s.gen() != j.gen || s.state&completed != 0:\n\t\t\tw.Drop()"},
	{name: "remote/every-sender-pushes", file: "remote.go", models: "ModelRemote",
		old: "if h.remote.Or(mail)&anyMail == 0 {", new: "if h.remote.Or(mail); true {"},
	{name: "remote/first-mail-does-not-unpark", file: "remote.go", models: "ModelRemote",
		old: "if head == nil {\n\t\t\t\tl.unpark()", new: "if head != nil {\n\t\t\t\tl.unpark()"},
	{name: "remote/link-is-read-after-the-bits", file: "remote.go", models: "ModelRemote", race: true,
		old: "next := h.mail // before the And: then it is the next sender's\n\t\th.deliver(h.remote.And(^uint64(anyMail)))\n",
		new: "h.deliver(h.remote.And(^uint64(anyMail)))\n\t\tnext := h.mail\n"},
	{name: "remote/bits-are-taken-in-two-steps", file: "remote.go", models: "ModelRemote",
		old: "h.deliver(h.remote.And(^uint64(anyMail)))",
		new: "w := h.remote.Load()\n\t\th.remote.Store(w &^ anyMail)\n\t\th.deliver(w)"},
	{name: "remote/abort-ignores-generation", file: "remote.go", models: "ModelRemote",
		old: "if w>>genShift != gen {", new: "if w>>genShift != gen && false {"},
	{name: "remote/cell-with-mail-is-reused", file: "home.go", models: "ModelRemote",
		old: "if w&anyMail == 0 && h.remote", new: "if h.remote"},
	{name: "remote/close-leaves-the-box-open", file: "loop.go", models: "ModelRemoteSpawnClose",
		old: "deliverMail(l.inbox.Swap(noMail))", new: "deliverMail(l.inbox.Swap(nil))"},
	{name: "inject/close-leaves-the-box-open", file: "loop.go", models: "ModelInject",
		old: "l.enqueue(l.calls.Swap(noCalls))", new: "l.enqueue(l.calls.Swap(nil))"},
	{name: "inject/does-not-unpark", file: "inject.go", models: "ModelInject",
		old: "l.unpark()", new: "_ = l.unpark"},
	{name: "bell/sleep-forgets-a-ring", file: "driver/internal/bell/bell.go", models: "ModelBell",
		old: "if !b.word.CompareAndSwap(awake, parked) {", new: "if b.word.Swap(parked) == parked {"},
	{name: "bell/token-is-left", file: "driver/internal/bell/bell.go", models: "ModelBell",
		old: "b.token.Receive() // sent already, or about to be\n", new: ""},
	{name: "wakefd/does-not-look-again", file: "driver/internal/wakefd/sleeper.go", models: "Model",
		old: "return s.word.CompareAndSwap(awake, parked)", new: "return s.word.Swap(parked) != parked"},
	{name: "wakefd/does-not-write", file: "driver/internal/wakefd/sleeper.go", models: "Model",
		old: "== parked {\n\t\ts.ring()", new: "== parked && false {\n\t\ts.ring()"},
	{name: "wakefd/says-that-it-sleeps", file: "driver/internal/wakefd/sleeper.go", models: "Model",
		old: "told = s.word.Swap(awake) == notified", new: "told = s.word.Load() == notified"},
	{name: "wakefd/notification-is-not-taken", file: "driver/internal/wakefd/sleeper.go", models: "Model",
		old: "\t\ts.word.Swap(awake) // pairs", new: "\t\t// pairs"},
	{name: "wakefd/woken-in-two-steps", file: "driver/internal/wakefd/sleeper.go", models: "Model",
		old: "told = s.word.Swap(awake) == notified", new: "told = s.word.Load() == notified\n\ts.word.Store(awake)"},
	{name: "wakefd/told-by-a-load", file: "driver/internal/wakefd/sleeper.go", models: "ModelVisible", race: true,
		old: "if s.word.Swap(notified) == parked {", new: "if s.word.Load() != notified && s.word.Swap(notified) == parked {"},
	{name: "wakefd/closes-under-a-write", file: "driver/internal/wakefd/sleeper.go", models: "ModelClose",
		old: "arrived < s.rung;", new: "arrived < 0;"},
	{name: "epoll/sleeps-unannounced", file: "driver/epoll/park.go", models: "ModelKernel",
		old: "!d.sleeper.Down()", new: "d.sleeper.Down() && false"},
	{name: "epoll/closes-under-a-write", file: "driver/internal/wakefd/sleeper.go", pkg: "driver/epoll", models: "ModelKernel/Close",
		old: "arrived < s.rung;", new: "arrived < 0;"},
	{name: "epoll/cancelled-op-stays", file: "driver/epoll/wait.go", models: "ModelKernel/Cancel",
		old: "\ts.Leave(op)\n", new: ""},
	{name: "uring/sleeps-though-told", file: "driver/uring/park.go", models: "ModelKernel",
		old: "!d.sleeper.Down()", new: "d.sleeper.Down() && false"},
	{name: "uring/does-not-wake-up", file: "driver/uring/park.go", models: "ModelKernel",
		old: "told = d.sleeper.Up()", new: "told = false"},
	{name: "uring/closes-under-a-write", file: "driver/internal/wakefd/sleeper.go", pkg: "driver/uring", models: "ModelKernel/Close",
		old: "arrived < s.rung;", new: "arrived < 0;"},
	{name: "uring/connection-for-nobody-is-lost", file: "driver/uring/accept.go", models: "ModelKernel/Cancel",
		old: "s.ext.pending = append(s.ext.pending, c.Res)", new: "unix.Close(int(c.Res))"},
	{name: "doorbell/second-ring-relies-on-nobody", file: "driver/doorbell.go", pkg: "driver/epoll", models: "ModelKernel/Doorbell",
		old: "rung := atomics.SwapUint64(b.word, 0)", new: "rung := atomics.LoadUint64(b.word)"},
	{name: "portable/bridge-is-emptied-too-early", file: "driver/portable/park.go", models: "ModelInbox",
		old: "b.posted.Store(false)\n\t\tn += b.reap()", new: "n += b.reap()\n\t\tb.posted.Store(false)"},
	{name: "filepool/push-is-no-swap", file: "internal/filepool/worker.go", models: "ModelCancel",
		old: "j.next = head\n\t\tif s.head.CompareAndSwap(head, j) {\n\t\t\treturn\n\t\t}",
		new: "j.next = head\n\t\ts.head.Store(j)\n\t\treturn"},
	{name: "filepool/late-file-stays-open", file: "internal/filepool/worker.go", models: "ModelAbandon",
		old: "j := s.head.Swap(&closedHead)", new: "j := s.head.Swap(nil)"},
	{name: "mpmc/turn-before-element", file: "internal/mpmc/ring.go", models: "ModelRing", race: true,
		old: "s.v = v\n\t\t\tr.pass(s, pos+1)", new: "r.pass(s, pos+1)\n\t\t\ts.v = v"},
	{name: "mpmc/pop-takes-without-a-swap", file: "internal/mpmc/ring.go", models: "ModelRing",
		old: "if !r.head.CompareAndSwap(pos, r.after(pos)) {", new: "if r.head.Store(r.after(pos)); false {"},
	{name: "mpmc/closed-and-empty-is-worth-waiting", file: "internal/mpmc/loose.go", pkg: "channel", models: "ModelMPMC",
		old: "case tail == pos: // head", new: "case tail&^closed == pos: // head"},
	{name: "mpmc/leaves-a-ring-that-is-not-drained", file: "internal/mpmc/queue.go", models: "ModelQueue",
		old: "if next == nil || !l.Drained() { // drained only", new: "if next == nil { // drained only"},
	{name: "spmc/visible-before-the-element", file: "internal/spmc/queue.go", models: "ModelQueue", race: true,
		old: "q.buf[q.put&q.mask] = v\n\tq.put++\n\tq.tail.Store(q.put)", new: "q.put++\n\tq.tail.Store(q.put)\n\tq.buf[(q.put-1)&q.mask] = v"},
	{name: "spmc/owner-takes-without-a-swap", file: "internal/spmc/queue.go", models: "ModelQueue",
		old: "if q.head.CompareAndSwap(p, p+1) {", new: "if q.head.Store(p + 1); true {"},
	{name: "spmc/thief-is-overlooked", file: "internal/spmc/queue.go", models: "ModelQueue", race: true,
		old: "if t := q.thief.Load(); t != 0 {", new: "if t := q.thief.Load(); t > 1<<60 {"},
	{name: "spmc/two-thieves-at-once", file: "internal/spmc/queue.go", models: "ModelQueue", race: true,
		old: "!q.thief.CompareAndSwap(0, p+1) {", new: "q.thief.Swap(p+1) > 1<<60 {"},
	{name: "spmc/room-shrinks", file: "internal/spmc/queue.go", models: "ModelQueue", race: true,
		old: "max(q.room, first+uint64(len(q.buf)))", new: "first + uint64(len(q.buf))"},
	{name: "crossing/poll-does-not-claim", file: "crossing.go", models: "ModelCrossing",
		old: "if !x.word.CompareAndSwap(resting, polling) {", new: "if x.word.Load() != resting {"},
	{name: "crossing/caller-leaves-unseen", file: "crossing.go", models: "ModelCrossing",
		old: "if x.word.CompareAndSwap(resting, givenUp) {", new: "if true {"},
	{name: "abroad/poll-does-not-claim", file: "crossing.go", models: "ModelAbroad", pkg: "channel",
		old: "if !x.word.CompareAndSwap(resting, polling) {", new: "if x.word.Load() != resting {"},
	{name: "abroad/result-does-not-win", file: "await.go", models: "ModelAbroad", pkg: "channel",
		old: "return x.leave(err)\n\t}\n\treturn v, nil", new: "return v, err\n\t}\n\treturn v, nil"},
	{name: "abroad/promise-is-kept-by-the-gone", file: "channel/boundedfutures.go", models: "ModelAbroad",
		old: "f.c.elements.leave(&f.w)", new: "_ = f.c.elements"},
	{name: "waiters/receiver-does-not-look-again", file: "channel/mpmcpolls.go", models: "ModelMPMC",
		old: "if !c.ring.Empty() {", new: "if false {"},
	{name: "waiters/sender-does-not-look-again", file: "channel/mpmcpolls.go", models: "ModelMPMC",
		old: "if !c.ring.Full() {", new: "if false {"},
	{name: "waiters/receiver-goes-by-the-slot", file: "channel/mpmcpolls.go", models: "ModelMPMC",
		old: "if !c.ring.Empty() {", new: "if c.ring.Ready() {"},
	{name: "waiters/sender-goes-by-the-slot", file: "channel/mpmcpolls.go", models: "ModelMPMC",
		old: "if !c.ring.Full() {", new: "if c.ring.Room() {"},
	{name: "mpmc/try-goes-by-the-slot", file: "channel/mpmctries.go", models: "ModelMPMCTries",
		old: "&& !c.ring.Empty(); pause", new: "&& false; pause"},
	{name: "waiters/who-gives-up-keeps-the-wake", file: "channel/mpmcfutures.go", models: "ModelMPMC",
		old: "f.q.leave(&f.c.recv.line) && f.c.ring.Ready() {", new: "f.q.leave(&f.c.recv.line) && false {"},
	{name: "waiters/slot-is-freed-by-both", file: "channel/waiters.go", models: "ModelMPMC",
		old: "if !p.turn(taken, left) { // who wakes", new: "if true { // who wakes"},
	{name: "waiters/close-wakes-no-receiver", file: "channel/mpmc.go", models: "ModelMPMC",
		old: "c.send.wakeAll()\n\tc.recv.wakeAll()", new: "c.send.wakeAll()"},
	{name: "mesh/receiver-does-not-look-again", file: "channel/portrecv.go", models: "ModelMesh",
		old: "if p.readable() { // register", new: "if false { // register"},
	{name: "mesh/sender-asks-for-room-too-late", file: "internal/spsc/ring.go", pkg: "channel", models: "ModelMesh",
		old: "r.hungry.Store(1) // pairs with the Load in tell\n\treturn r.enough(r.look()) || r.gone.Load()",
		new: "ok := r.enough(r.look()) || r.gone.Load()\n\tr.hungry.Store(1)\n\treturn ok"},
	{name: "mesh/visible-before-the-element", file: "internal/spsc/ring.go", pkg: "channel", models: "ModelMesh", race: true,
		old: "r.buf[r.put&r.mask] = v\n\tr.put++\n\tr.visible.Store(r.put) // pairs with the Load in some: the",
		new: "r.put++\n\tr.visible.Store(r.put)\n\tr.buf[(r.put-1)&r.mask] = v // pairs with the Load in some: the"},
	{name: "mesh/visible-by-a-release-store", file: "internal/spsc/ring.go", pkg: "channel", models: "ModelMesh",
		old: "r.visible.Store(r.put) // pairs with the Load in some: the", new: "atomics.StoreRelease(&r.visible, r.put) // the"},
	{name: "mesh/taken-by-a-release-store", file: "internal/spsc/ring.go", pkg: "channel", models: "ModelMesh",
		old: "r.taken.Store(r.got)", new: "atomics.StoreRelease(&r.taken, r.got)"},
	{name: "shared/pushed-by-a-release-store", file: "internal/spmc/queue.go", pkg: "executor", models: "ModelShared",
		old: "q.tail.Store(q.put)", new: "atomics.StoreRelease(&q.tail, q.put)"},
	{name: "shared/sleeper-does-not-look-again", file: "executor/idle.go", models: "ModelShared",
		old: "case w.s.hasWork():", new: "case false:"},
	{name: "shared/last-searcher-does-not-look-again", file: "executor/idle.go", models: "ModelShared",
		old: "&searching == 0 && s.hasWork() {", new: "&searching == 0 && false {"},
	{name: "shared/unpark-of-nobody", file: "executor/idle.go", models: "ModelShared",
		old: "if d.parked[i].And(^(1<<n))&(1<<n) != 0 {", new: "if d.parked[i].And(^(1 << n)); true {"},
	{name: "bind/key-before-home", file: "channel/home.go", models: "ModelBind", race: true,
		old: "h.exec, h.loop = ex, loop\n\t\th.key.Store(keyOf(ex))", new: "h.key.Store(keyOf(ex))\n\t\th.exec, h.loop = ex, loop"},
}

// every has a short run plant one mutant of so many.
var every = flag.Int("mutants.every", 1, "plant one of so many mutants")

var failedAt = regexp.MustCompile(`interleave: model=(\S+) .* failed-at=(\d+)`)

// Each mutant is caught, and by a schedule, not because it no longer builds.
func TestMutants(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds each package once for each of its faults")
	}
	out, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		t.Skip(err)
	}
	root := filepath.Dir(strings.TrimSpace(string(out)))
	fmt.Printf("mutant: known=%d\n", len(mutants))
	for i, m := range mutants {
		t.Run(m.name, func(t *testing.T) {
			path := filepath.Join(root, m.file)
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if n := strings.Count(string(text), m.old); n != 1 {
				t.Fatalf("%s has this %d times, want once: %s", m.file, n, m.old)
			}
			if *every > 1 && i%*every != 0 {
				return // it is known to be there, at least
			}
			dir := t.TempDir()
			changed, overlay := filepath.Join(dir, "mutant.go"), filepath.Join(dir, "overlay.json")
			js, _ := json.Marshal(map[string]map[string]string{"Replace": {path: changed}})
			if os.WriteFile(changed, []byte(strings.Replace(string(text), m.old, m.new, 1)), 0o600) != nil ||
				os.WriteFile(overlay, js, 0o600) != nil {
				t.Fatal("no room for the mutant")
			}
			args := []string{"test", "-overlay", overlay, "-tags=interleave", "-vet=off", "-count=1", "-timeout=5m", "-failfast", "-v", "-run", m.models}
			if m.race {
				args = append(args, "-race")
			}
			pkg := m.pkg
			if pkg == "" {
				pkg = filepath.Dir(m.file)
			}
			cmd := exec.Command("go", append(args, "./"+pkg)...)
			cmd.Dir = root
			out, err := cmd.CombinedOutput()
			by := failedAt.FindStringSubmatch(string(out))
			if err == nil || by == nil {
				fmt.Printf("mutant: name=%s caught=false\n", m.name)
				t.Fatalf("not caught: %v\n%s", err, out)
			}
			fmt.Printf("mutant: name=%s caught=true model=%s schedules=%s\n", m.name, by[1], by[2])
		})
	}
}
