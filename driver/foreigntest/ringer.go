//go:build linux && cgo

package foreigntest

/*
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>
#include <time.h>

typedef struct {
	uint64_t *word, *heard;
	int fd, by_signal;
	uint64_t n, bits;
	pthread_t thread;
} ringer;

// All that foreign code has to do.
static void ring(ringer *r) {
	static const uint64_t one = 1;
	if (__atomic_fetch_or(r->word, r->bits, __ATOMIC_SEQ_CST) == 0 && write(r->fd, &one, sizeof one) < 0)
		abort();
}

static __thread ringer *mine;

static void on_signal(int sig) { ring(mine); }

// A burst of different bits, and the next one when all were heard.
static void *run(void *arg) {
	ringer *r = mine = arg;
	uint64_t sent = 0, size = 1, bursts = 0;
	while (sent < r->n) {
		for (uint64_t i = 0; i < size && sent < r->n; i++, sent++) {
			r->bits = UINT64_C(1) << (sent % 64);
			if (r->by_signal)
				pthread_kill(pthread_self(), SIGUSR2);
			else
				ring(r);
		}
		size = size % 64 + 1;
		if (++bursts % 8 == 0)
			usleep(100); // the executor parks
		for (int spin = 0; __atomic_load_n(r->heard, __ATOMIC_SEQ_CST) != sent; spin++)
			if (spin > 1000)
				usleep(1);
	}
	return 0;
}

static int start(ringer *r) {
	if (r->by_signal) {
		struct sigaction act = { .sa_handler = on_signal, .sa_flags = SA_ONSTACK | SA_RESTART };
		if (sigaction(SIGUSR2, &act, 0) != 0)
			return -1;
	}
	return pthread_create(&r->thread, 0, run, r);
}

static void join(ringer *r) { pthread_join(r->thread, 0); }
*/
import "C"

import (
	"errors"
	"unsafe"
)

// A Ringer is a C thread that rings.
type Ringer struct {
	r     *C.ringer
	heard *uint64
}

// Start starts a thread that rings n times, in its own run or in a handler of
// SIGUSR2, and waits after each burst until all was heard.
func Start(word unsafe.Pointer, fd, n int, bySignal bool) (*Ringer, error) {
	r := (*C.ringer)(C.calloc(1, C.sizeof_ringer))
	heard := C.calloc(1, 8)
	r.word, r.heard, r.fd, r.n = (*C.uint64_t)(word), (*C.uint64_t)(heard), C.int(fd), C.uint64_t(n)
	if bySignal {
		r.by_signal = 1
	}
	if C.start(r) != 0 {
		return nil, errors.New("can't start a thread")
	}
	return &Ringer{r, (*uint64)(heard)}, nil
}

// Heard is the word in which the listener counts.
func (r *Ringer) Heard() *uint64 { return r.heard }

// Join waits until the thread has ended.
func (r *Ringer) Join() {
	C.join(r.r)
	C.free(unsafe.Pointer(r.heard))
	C.free(unsafe.Pointer(r.r))
}
