// Package fileio is files for tasks, fibers and goroutines, on the executor
// whose driver holds their descriptors. A read that waits for the disk holds up
// nobody: neither the executor, as a call of package os would, nor a thread for
// each, where the driver needs none.
//
// # Two forms
//
// Everything that waits exists twice. The poll forms are futures ([NewOpen],
// [File.NewRead], [File.NewSync], [NewRename], …) and Poll methods of streams
// ([Reader.PollRead], …), for tasks. The forms with a ctx ([Open],
// [File.ReadAt], [Rename], …) wait: in a fiber they suspend the fiber, elsewhere
// they block the goroutine. They may be called from anywhere but a goroutine
// that runs an executor, and the executor has to be running: the work is done
// there.
//
// # Home
//
// A file belongs to one executor: the one that ctx carried, or that polled, when
// it was opened. Only that executor's goroutine touches it. The forms with a ctx
// go there by themselves; a poll elsewhere panics. When the executor closes, its
// files are closed; whoever waits gets an error with [ErrClosed] in it. What is
// done by path (Rename, Stat, …) belongs where ctx says, or where it is polled.
//
// # Whose memory it is
//
// Unlike a socket's, a file's operation has its memory until the kernel is done
// with it, and cancelling does not end that: a disk that has begun to read goes
// on. So who gives up early must not get the memory back early.
//
// The forms with a ctx work on the caller's slice. When ctx ends they cancel the
// operation and return after its last word, which is soon: at once if it had not
// begun, else when the disk is through. A fiber that is aborted waits likewise;
// should its grace run out before, its executor waits for the disk. A fiber of
// another executor than the file's gives a copy. If the executor that has begun
// the operation is not running, the call returns when it runs again or closes;
// closing waits for what is under way, but gives up after some seconds on a call
// that is stuck in the system.
//
// The poll forms can't wait in Drop, so they don't work on slices but on a
// [Buffer], which they own from the first poll until the result. If a
// [Transfer] is dropped in between, its Buffer stays out of the caller's reach,
// and goes back to the pool with the operation's last word; a Buffer that is
// used meanwhile panics. Streams own the Buffers that they use.
//
// # Errors
//
// They are *[fs.PathError], Rename's *[os.LinkError], so that errors.Is(err,
// fs.ErrNotExist) and the like work. That of a read or write is an
// [*OffsetError], which says where it happened and wraps the *fs.PathError: the
// bytes before it went. Short reads and writes are continued, and a call that a
// signal has interrupted is made again. The end of a file is io.EOF, and that of
// a ctx is ctx.Err() as it is.
//
// # Durability
//
// A write that has returned is in the page cache (a direct one in the disk's
// own), and may be lost with the machine. [File.Sync] or [File.Datasync] makes
// it durable; after an error of theirs nothing is known of what was written
// since the one before, and calling again does not help. A new name is durable
// after a Sync of its directory, which [Open] opens.
//
// # Direct I/O
//
// A file that is opened with [Opener].Direct is read and written past the page
// cache. The disk wants addresses, offsets and lengths that are multiples of
// [Alignment]; the caller need not care, but it costs. What is aligned, as it is
// in a Buffer of such a length, goes straight. Other reads go through a buffer.
// Other writes read the blocks at their ends first (the file must be opened for
// reading, too), and go one at a time; at the end of the file they make it
// longer than it is to be for a moment, and a crash then leaves zeros behind.
// They know nothing of who else writes to the file by other means, and nothing
// else should change its size meanwhile.
//
// # Streams
//
// [Reader] reads ahead, [Writer] writes behind, each with a bounded number of
// buffers under way, and [Bulk] reads many ranges, neighbours together. On a
// direct file they keep to aligned blocks by themselves.
package fileio
