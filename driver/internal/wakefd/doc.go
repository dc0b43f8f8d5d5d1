// Package wakefd is how a loop that sleeps in the kernel is woken from
// elsewhere: a word that says whether it sleeps, and an eventfd that ends the
// sleep. The drivers epoll and uring are built on it; package bell is the same
// for a loop that sleeps in Go.
//
// # What it has to do
//
// Whoever gives the loop something to do leaves it where the loop looks, in an
// inbox say, and calls Unpark. Three things must hold. No wake is lost: what was
// left before Unpark is looked at before the loop sleeps again. A wake of a loop
// that runs costs no system call, and any number of wakes cost one sleep a
// single write. A turn that does not sleep pays next to nothing for the
// possibility.
//
// # The protocol
//
// The word is awake, parked or notified.
//
//	who         from                 to         and then
//	Down        awake                parked     sleep
//	Down        notified             stays      do not sleep; look at everything, Take
//	Unpark      awake, notified      notified   nothing
//	Unpark      parked               notified   write to the eventfd
//	Up          parked, notified     awake      look at everything
//	Take        notified             awake      look at everything
//
// Dekker's problem is in it: the sleeper announces itself and then looks for
// work, the waker leaves work and then looks for a sleeper, and one of the two
// must see the other. Here announcing and looking are one step on either side,
// since a notification stands in the same word as the sleep. All changes are
// read-modify-writes of this one word, so they have one order, and each of them
// has one that came before:
//
//   - If Unpark comes before Down, Down finds notified and there is no sleep.
//   - If it comes after Down and before Up, it finds parked and writes; an
//     eventfd remembers, so the write ends the sleep also if that has not begun
//     yet.
//   - If it comes after Up, it is the first case for the next sleep.
//
// A second Unpark finds notified, in whichever case, and relies on the first:
// what its caller wrote is in the order of the word before Up or Take, so the
// loop, which looks after those, sees it. That is also why Unpark swaps when
// the word says notified already: a load would spare an exchange, and order
// nothing.
//
// # Edges
//
// The loop watches the eventfd for edges and never reads the counter: a read
// after each sleep would be a second system call. It follows that a write is an
// event of its own, also if nobody read the one before, and that a write which
// arrives after its sleep has ended for another reason, such as the time or a
// socket, ends the next sleep early. That is legal, and happens once.
//
// # The end
//
// Unpark may be called after Close, by somebody who does not know. It then
// swaps a word, which is harmless, since after the last Up the word is never
// parked and so nobody writes. What is not harmless is the write of an Unpark
// that found the last sleep and was held up: a descriptor that was closed is a
// number, and the next file that the process opens gets it. So Up counts the
// sleeps that were found, each of which is one write, and Close reads the
// counter until as many have arrived.
package wakefd
