// Package channel holds the channels of rouse: ways for tasks to hand values
// to each other that suspend a task and never block a thread.
//
// Two are local: [Bounded], a queue of fixed capacity with any number of senders
// and receivers, and [Oneshot], a place for one value. Both ends of a local
// channel belong to one executor and are used by its tasks and fibers only, one
// at a time, so there is no lock in them and no atomic read-modify-write.
//
// Between executors there is [Mesh], a queue for each pair of them, and
// [Sharded], which sends to the owner of a key. [MPMC] is between threads: tasks
// of any executors, fibers and goroutines, on either end. What follows is about
// the local ones.
//
// # Home
//
// A local channel belongs to the executor that it was bound to by Bind, or else
// to the first that polls it. Polling it under another executor's Context
// panics. Methods without a Context (TrySend, Close, Len and the like) can't
// tell where they are called; calling them elsewhere than at home, while the
// executor runs, is a data race. From outside use the forms that take a
// context.Context: they are legal anywhere and do their work at home. Or call
// Inject of the executor.
//
// # Three forms
//
//   - TrySend and TryRecv never wait.
//   - PollSend(cx, v) and PollRecv(cx) are for tasks written as a Poll method.
//     They need nothing to be kept and nothing to be dropped.
//   - Send(ctx, v) and Recv(ctx) are for fibers and goroutines.
//
// SendFuture and RecvFuture make futures, for combinators, and for tasks that
// want a place in the line.
//
// # Who is served
//
// A channel is a ring and two semaphores, one that counts elements and one
// that counts free places; see permits. Waiting futures, and with them the ctx
// forms, stand in a line. What becomes free is promised to the first of the
// line, in that moment, and nobody else can take it: order is first come,
// first served, and there is no overtaking. A future that is dropped after the
// promise passes it on.
//
// PollSend and PollRecv have no object that could be dropped, so nothing can be
// promised to them: a task that was woken for an element might be gone, or be
// busy with something else, and the element would be lost for all others.
// Therefore all tasks that wait in this form are woken, in their order, as soon
// as there is something for whoever comes first; and the line of futures goes
// before them. For one task on each side that is as good as a future, and the
// fastest form there is. Where many tasks wait on one side let each keep a
// [BoundedRecv] or a [BoundedSend] in itself, and poll that.
package channel
