// Package rouse is the vocabulary of an async runtime: futures, wakers, tasks
// and what an executor needs to run them. It has no executor, no clock and makes
// no system call. A library of futures needs only this package, and an executor
// can be written on it, as package executor is.
//
// # Words
//
// A [Future] is a computation that is polled until it yields its result. Poll
// goes as far as it can without waiting. It returns the result, or the error
// [Pending]; then it has left a waker with whatever it waits for.
//
// A [Waker] says that a future is worth polling again. It is a data pointer and
// a table of four functions (clone, wake, wake by reference, drop), so that who
// wakes need not know what is woken. [NewWaker] derives the table for any type
// with a method WakeByRef; [FromRaw] takes one made by hand.
//
// A [Context] is what a poll is given: it lends the waker, and knows the
// executor and the budget of the poll.
//
// A task is a future that was handed to an executor, with a state word, a
// schedule function and an awaiter. Two values stand for it. The [Runnable] is
// the right and the duty to poll it; there is one while the task is scheduled,
// and none otherwise. The [JoinHandle] is the right to its result, and the means
// to abort it.
//
// An executor is whoever calls Run on Runnables.
//
// # The life of a task
//
// The state word has five flags. SCHEDULED: there is a Runnable. RUNNING: the
// future is being polled or dropped. COMPLETED: the future is gone, the result
// stands. CLOSED: it was aborted. HANDLE: somebody may want the result.
//
//	(1) NewTask, NewLocalTask, Schedule
//	          │
//	          ▼
//	    ┌───────────┐  (2) Run   ┌─────────┐ (5) result, panic  ┌───────────┐
//	    │ SCHEDULED │───────────▶│ RUNNING │───────────────────▶│ COMPLETED │
//	    └───────────┘            └─────────┘                    └───────────┘
//	      ▲    ▲  ▲                 │ │ │                         ▲   │
//	      │    │  │  (4) Pending,   │ │ │  (6) Pending, aborted:  │   │ (7) Poll
//	      │    │  │      woken      │ │ │      drop the future    │   │     or Detach
//	      │    │  └─────────────────┘ │ └─────────────────────────┘   ▼
//	      │    │                      │                         the handle is gone:
//	 (6)  │    │ (3) wake             │ (4) Pending             the cell is reused
//	abort │    │                      │                         or collected
//	    ┌───────────┐                 │
//	    │   idle    │◀────────────────┘
//	    └───────────┘
//
// What happens at each number:
//
//  1. A task is born SCHEDULED|HANDLE. Runnable.Schedule passes it to the
//     schedule function, which puts it into a queue. Nothing has been polled.
//  2. Run clears SCHEDULED, sets RUNNING and polls. SCHEDULED is cleared before
//     the poll, so a wake at any moment after the poll began counts.
//  3. A wake of an idle task sets SCHEDULED, and who set it calls the schedule
//     function. A wake of a scheduled task changes nothing: any number of wakes
//     between two polls are one poll. A wake of a running task only sets
//     SCHEDULED.
//  4. The poll returned Pending. RUNNING is cleared. If SCHEDULED was set
//     meanwhile, the runner calls the schedule function, so the task goes to
//     the back of the queue; else the task is idle, and a wake will come.
//  5. The poll returned a result, or panicked; in the latter case the future is
//     dropped. Then COMPLETED is set, and after it the awaiter is woken. A
//     result wins over an abort that came during the poll.
//  6. Abort sets CLOSED, and if the task was idle SCHEDULED, so that it gets to
//     its executor. There the next start, or the end of the poll that was going
//     on, drops the future instead of polling it. The result is [ErrCanceled].
//  7. The handle takes the result, once, or is detached. If the task is over,
//     HANDLE's end is the end of the result too; before that it only means that
//     the runner will throw the result away.
//
// Wakes and aborts of a task that is COMPLETED do nothing. Every transition is a
// function in state.go from a word to the next, with an outcome that tells its
// caller what to do; exactly one caller is told to schedule, and exactly one to
// throw the result away.
//
// # Two kinds of task
//
// [NewTask] makes the atomic kind. Its state is one atomic word, every
// transition a compare-and-swap, and all that is done to it may be done from any
// goroutine. It suits executors in which several threads share a queue.
//
// [NewLocalTask] makes the local kind, for an executor that is one goroutine. A
// read-modify-write costs 5 to 9 ns, a plain store a fraction of one, and most
// wakes come from the goroutine that polls. So the state is a plain word that
// only the home goroutine touches, and everybody else uses a second word, the
// remote word, which is mail to the first one's owner. A wake at home is a load,
// a store and a push; a wake from elsewhere is one Or, and the first since the
// mail was last taken is a push on the inbox too.
//
// Which case holds is found by goroutine identity ([Loop.AtHome]), 1.3 ns. Where
// goroutines can't be told apart (some architectures, or the build tag
// rouse_nogid) everybody counts as elsewhere, which is always right: a task is
// then spawned and woken by mail, the loop must call [Loop.Deliver] to see it,
// and no cell is reused.
//
// A fiber's goroutine is at home as well, because it runs only while the loop has
// switched to it: the loop keeps the set of them ([Loop.EnterFiber]). How an
// executor polls such a task without paying for each frame is in stackful.go.
//
// Who may touch what (the holder of a local task's Runnable is at home, too):
//
//	                       home goroutine      any goroutine      holder of the Runnable
//	local kind
//	  state word           reads, writes       nothing            as home
//	  remote word          all                 Or, CAS, Load      as home
//	  future               -                   nothing            polls, drops it
//	  awaiter              reads, writes       nothing            as home
//	  live list            reads, writes       nothing            nothing
//	  run-queue link       nothing             nothing            reads, writes
//	  inbox link           while the cell is   who set the first  nothing
//	                       on the inbox        mail bit: to push
//	  waker count          the plain part      the atomic part    as home
//	atomic kind
//	  state word           (has no home)       CAS, Load          CAS, Load
//	  future                                   nothing            polls, drops it
//	  awaiter                                  the handle, while  reads, if the flag was
//	                                           the flag is clear  set when it finished
//	  run-queue link                           nothing            reads, writes
//	  waker count                              CAS                CAS
//	both kinds
//	  result               who runs the task writes it before COMPLETED or done is set;
//	                       after that it is the handle's, or if there is none the runner's
//
// Wakers, JoinHandles and AbortHandles may be used from any goroutine with both
// kinds. Runnable.Run, and Drop after Schedule, of a local task are for its
// loop's goroutine.
//
// # The remote word and the inbox
//
// The remote word holds the generation of its cell above bit 8, four mail bits
// below (wake, abort, detach, spawn), and two facts that other goroutines may
// read: the task has finished, and its result was taken from elsewhere.
//
// Who turns the mail bits from none to some pushes the cell on its loop's inbox,
// a stack, by a link in the cell that serves nothing else: the task may be in a
// run queue at the same time. So mail allocates nothing, a cell is on the inbox
// at most once, and a burst of wakes calls the loop's unpark function once.
// Deliver swaps the stack out, puts it into the order of arrival, and for each
// cell reads the link first and then takes the bits with one And. After the And
// the link belongs to the next sender. Abort is in force before it is delivered:
// Run looks at the bit.
//
// [Loop.Close] swaps a mark into the inbox: mail after that is refused. A task
// that is spawned then is cancelled by the goroutine that spawns it.
//
// # Memory order
//
// Go's atomics are sequentially consistent; these are the pairs that carry data.
//
//   - post's Or or CAS of the remote word, with the And of Deliver: what a waker
//     wrote before the wake is visible to the poll after it. The Or is done even
//     if the bit is set already, for the sake of that order.
//   - push's CAS of the inbox, with the Swap of Deliver: the link, and for a new
//     task everything in its cell. After the CAS the sender touches nothing of
//     the task.
//   - finish's Or of the done bit, with the Load of a foreign handle: the result
//     and the end of the future.
//   - the CAS by which a foreign handle says that it has taken the result, with
//     the And of Deliver: the cell isn't cleared before the result was read.
//   - the CAS that begins a cell's next generation, with every sender's: either
//     the sender's mail is seen and the cell is not reused, or the sender finds
//     another generation. Only a wake does not compare it: it may wake the cell's
//     next task, once, for nothing.
//   - atomic kind: the CAS or Or that sets GONE, by which a runner is through with
//     a task, with the CAS by which its handle goes: whoever is last may use the
//     cell again.
//   - atomic kind: each transition's CAS with the next one's, also where the word
//     stays the same. For joining: the handle stores its waker and then sets
//     AWAITED in the word, by a CAS that fails once COMPLETED is there; the CAS
//     that sets COMPLETED reads AWAITED. One of them sees the other.
//
// # Handles and generations
//
// The memory of a finished task, its cell, is used for a later one of the same
// type: of a local task by its home, of an atomic one by who makes tasks with
// [NewTaskIn]. Handles carry the generation of their task and compare it with the
// cell's: a stale handle does nothing, and reports that its task has finished;
// polling it panics. Wakers carry none, and are counted instead, at home plainly
// and elsewhere atomically: a cell with a counted waker out is left to the
// collector. As Go copies values freely the count is a hint. It saturates, never
// ends a live task, and the worst that a wrong one does is a spurious poll.
//
// # Cancellation
//
// [JoinHandle.Abort] asks, and the executor acts: between polls the future is
// dropped, on the executor, never polled again, and only then the awaiter learns
// of it. Forgetting a handle cancels nothing. The end of the executor cancels
// all. When the ctx of [Await] ends, its future is dropped: by the calling
// goroutine if that polls it, else by its executor soon after Await has returned.
//
// # Panics
//
// A panic in Poll ends its task with a [*PanicError]; the future is dropped, no
// other task is touched, Run returns [Panicked], and what follows is the
// executor's decision, for which [PanicError.Audience] says who was there to see
// it. runtime.Goexit ends its task with [ErrGoexit] and goes on ending the
// goroutine. In [BlockOn] there is no task: a panic goes to the caller.
//
// # What a Dropper must do
//
// A future that holds registrations while it is pending (a timer, a place in a
// list, an operation in flight) is a [Dropper]. Drop is called once if, and only
// if, Poll has returned no result: never polled, aborted and panicked count. So
// a future that returns its result has given its registrations up, and one that
// is dropped gives them up now, without blocking. A future of futures passes
// Drop on to those that have no result yet. Drop may wake, spawn and abort. It
// should not panic: that is reported to the loop and changes nothing else.
//
// # How to write a future
//
// Register, then look again. If the condition comes true between the look and
// the registration, nobody is left to wake you:
//
//	func (f *Received) Poll(cx *rouse.Context) (Msg, error) {
//		if m, ok := f.queue.Take(); ok {
//			return m, nil
//		}
//		f.queue.SetWaker(cx.Waker()) // register
//		if m, ok := f.queue.Take(); ok { // look again
//			f.queue.ClearWaker()
//			return m, nil
//		}
//		return Msg{}, rouse.Pending
//	}
//
//	func (f *Received) Drop() { f.queue.ClearWaker() }
//
// Keep a stored waker for which [Context.WillWake] holds; replace it otherwise,
// since a future may be polled by another task the next time. Return Pending as
// it is; wrapped, it panics. Expect polls that nobody asked for. Don't block, and
// don't clean up in a deferred function that looks at err: Pending is not the
// end. Where an operation succeeds at once, call [Context.Spend] first, so that
// a future that never waits still lets others run. Time and randomness come from
// the Context, or a simulator can't own them.
//
// # How to write an executor
//
// With tasks of the atomic kind all it takes is a queue that any goroutine may
// push to: NewTask with the push as schedule function, Schedule, and a loop that
// pops and calls Run. The example Executor does so in twenty lines.
//
// With local tasks, on one goroutine:
//
//	loop := rouse.NewLoop(unpark, report)
//	home := loop.NewHome("main", push) // SetNext and Next make the queue
//	cx := rouse.NewExecutorContext(ex, loop)
//	loop.Enter()
//	defer loop.Leave()
//	for !done {
//		loop.Deliver(cx)
//		for range batch {
//			if r, ok := pop(); ok {
//				act(r.Run(cx))
//			}
//		}
//		if empty() && !loop.HasMail() {
//			park() // which unpark ends, also one that came before
//		}
//	}
//	loop.Close(cx) // and forget what is in the queue
//
// A token that unpark leaves and park takes, such as a channel of one place or
// an eventfd, is a handshake that loses nothing. The schedule function must not
// run the task there and then. A Runnable is run once, or dropped once.
package rouse
