// Package bench is the benchmarks of `rouse bench` and what runs them.
//
// # Processes
//
// The command (see [Run]) measures nothing itself. For each benchmark it starts
// a worker: the same program again, with a [job] in its environment. Only so
// can a benchmark be bound to one CPU with all threads of its process, those of
// Go's runtime included, since a thread inherits the binding of the one that
// made it; and only so does one benchmark not find the heap that another one
// left. A worker writes messages to its standard output, a line of JSON each.
// Where no process can be started (js/wasm) the work is done in place.
//
// # A repetition
//
// A worker runs all implementations once to warm up, with a twentieth of the
// work, and then repeats: each implementation once, in an order that rotates.
// So what disturbs the machine for a while disturbs all of them, and ratios are
// made of neighbours. Each repetition begins with a garbage collection and has
// an executor of its own.
//
// # Adding to it
//
// A benchmark is a value of type [Benchmark] in a file of its own, and a line in
// [All]; an implementation is a line in its benchmark.
package bench
