// Package executor polls tasks: [Local] runs them on one goroutine, which on
// Linux is locked to one thread and sleeps in its driver, nowhere else; [Shared]
// runs them on several, which take tasks from each other. Local has timers,
// sockets and fibers, and no atomic operation where it can do without; what
// follows is about it. Shared is for work that has to spread over cores by itself.
//
// # The five-line way in
//
//	err := executor.Run(func(ctx context.Context) error {
//		conn, err := netio.Dial(ctx, "tcp", "127.0.0.1:6390")
//		…
//	})
//
// # The loop
//
// A turn of the loop takes what other goroutines have sent (wakes, aborts,
// spawns), reads the clock once, fires due timers, polls up to 256 times from
// the queue whose turn it is, lets the driver submit and reap, and sleeps in
// the driver if nothing is runnable, until an event, mail or the next timer.
// Within a queue tasks are polled in the order in which they became runnable;
// queues take turns. So a task that always wakes itself delays neither its
// siblings nor timers nor I/O by more than 256 polls and one turn of each
// other queue.
//
// # Several cores
//
// A [Pool] is several executors, one per core, each with its own tasks. Tasks
// stay where they were spawned. Spawns, wakes and handles work across executors;
// for messages there is channel.Mesh. A [Placement] says on which CPUs they run.
//
// # Who may call what
//
// Spawning, [Local.Inject], [Local.Stop] and everything on handles and wakers
// is legal from any goroutine. Run, RunUntilIdle and [RunUntil] are for one
// goroutine, the first that calls one of them, and Close is best called there
// too.
//
// What must not be done on the loop's goroutine, nor in a fiber: anything that
// blocks in Go's own way. [Blocking] is the way out, see docs/blocking.md.
package executor
