package fileio

import (
	"context"
	"io"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/internal/atomics"
)

// A Writer writes a file from one end to the other, behind the caller's back: it
// takes bytes into buffers, and writes those that are full while the caller
// makes the next ones. When all buffers are on their way, it makes the caller
// wait. It is for one task at a time, at the file's home; the forms with a ctx
// go there by themselves.
//
// The first error stays: every later call returns it. Since writing goes on
// behind the caller's back, an error may be of bytes that an earlier call took;
// only after [Writer.Flush] or [Writer.Close] are they known to be written, and
// only after [File.Sync] durable.
type Writer struct {
	f      *File
	q      queue
	size   int
	cur    *Buffer // being filled, or nil
	start  int64   // where cur belongs in the file
	clean  int     // so many bytes at the beginning of cur are written already
	err    error
	closed atomics.Bool
}

// NewWriter returns a Writer of f. It must be closed, or dropped. An error says
// what is wrong with cfg. From any goroutine.
func (f *File) NewWriter(cfg StreamConfig) (*Writer, error) {
	cfg, err := cfg.validate()
	if err != nil {
		return nil, err
	}
	return &Writer{
		f: f, size: cfg.Buffer, start: cfg.Offset,
		q: newQueue(cfg.Depth, func() *Transfer { return f.NewWrite(nil, 0) }),
	}, nil
}

// begin is how every poll begins.
func (w *Writer) begin(cx *rouse.Context) error {
	w.f.mustOwn(cx)
	w.q.enter(cx)
	if w.closed.Load() { // pairs with the Swaps in PollClose and Drop
		return pathError("write", w.f.path, ErrClosed)
	}
	w.reap(cx)
	return w.err
}

// reap takes note of what has been written meanwhile.
func (w *Writer) reap(cx *rouse.Context) {
	for w.q.count > 0 && w.err == nil && w.q.slots[w.q.head].poll(cx.Derive(&w.q.bare, rouse.Waker{})) {
		w.take(&w.q.slots[w.q.head])
	}
}

// take is told of a write that has ended, the oldest one.
func (w *Writer) take(s *slot) {
	w.err = s.err
	w.q.pop().Free()
	if w.err != nil {
		w.give()
	}
}

// give gives up everything.
func (w *Writer) give() {
	w.q.drop()
	if w.cur != nil {
		w.cur.Free()
		w.cur = nil
	}
}

// room returns how many bytes the buffer that is being filled has room for.
func (w *Writer) room() int {
	n := w.size
	if w.f.direct { // get to an aligned offset, and stay there
		n -= int(w.start % Alignment)
	}
	if w.cur != nil {
		n -= w.cur.Len()
	}
	return n
}

// launch starts to write cur; false if it has to wait for another write.
func (w *Writer) launch(cx *rouse.Context) bool {
	if w.q.full() {
		return false
	}
	b, start := w.cur, w.start
	w.cur, w.clean = nil, 0
	w.start += int64(b.Len())
	if tail := int(w.start % Alignment); w.f.direct && tail > 0 && tail <= b.Len() {
		// A part of a block is written: what comes next is written together
		// with it, so that all but the last write are of whole blocks.
		w.cur = NewBuffer(w.size)
		w.cur.SetLen(0)
		w.cur.Append(b.Bytes()[b.Len()-tail:])
		w.clean = tail
		w.start -= int64(tail)
	}
	w.q.push(cx, b, start)
	return true
}

// PollWrite takes what there is room for of p, at least one byte unless p is
// empty, and returns how much; or rouse.Pending. p is used during the call only.
// In the steady state it allocates nothing.
func (w *Writer) PollWrite(cx *rouse.Context, p []byte) (int, error) {
	if err := w.begin(cx); err != nil {
		return 0, err
	}
	n := 0
	for n < len(p) {
		if w.room() == 0 && !w.launch(cx) {
			if n > 0 {
				return n, nil
			}
			s, err := w.q.front(cx)
			if err != nil {
				return 0, err
			}
			if w.take(s); w.err != nil {
				return 0, w.err
			}
			continue
		}
		if w.cur == nil {
			w.cur = NewBuffer(w.size)
			w.cur.SetLen(0)
		}
		k := min(len(p)-n, w.room())
		w.cur.Append(p[n : n+k])
		n += k
	}
	if w.room() == 0 {
		w.launch(cx) // if there is no place for it, it goes with the next call
	}
	w.q.forget()
	return n, nil
}

// PollFlush returns nil when everything that was taken has been written; or
// rouse.Pending.
func (w *Writer) PollFlush(cx *rouse.Context) error {
	if err := w.begin(cx); err != nil {
		return err
	}
	for {
		if w.cur != nil && w.cur.Len() > w.clean && w.launch(cx) {
			continue
		}
		if w.q.count == 0 {
			w.q.forget()
			return nil
		}
		s, err := w.q.front(cx)
		if err != nil {
			return err
		}
		if w.take(s); w.err != nil {
			return w.err
		}
	}
}

// PollClose flushes and ends the Writer: nil says that all has been written. It
// may be called again. The file stays open.
func (w *Writer) PollClose(cx *rouse.Context) error {
	if w.closed.Load() {
		w.f.mustOwn(cx)
		return w.err
	}
	err := w.PollFlush(cx)
	if err != rouse.Pending && !w.closed.Swap(true) {
		w.give()
	}
	return err
}

// Drop ends the Writer without writing what is left; at home. It is what a task
// does that is cancelled.
func (w *Writer) Drop() {
	if !w.closed.Swap(true) {
		w.give()
	}
}

// ForgetWrite says that the task which got Pending from PollWrite, PollFlush or
// PollClose has stopped waiting: another task may write. At home only.
func (w *Writer) ForgetWrite() { w.q.forget() }

// Write takes all of p. It waits, in a fiber by suspending it, elsewhere by
// blocking the goroutine, while the disk is behind. It returns how many bytes
// were taken, less than len(p) only with an error; if ctx ends, that is
// ctx.Err().
func (w *Writer) Write(ctx context.Context, p []byte) (int, error) {
	g := &writing{w: w, p: p, what: takes}
	_, err := w.await(ctx, g)
	return g.n, err
}

// Flush waits until everything that was taken has been written.
func (w *Writer) Flush(ctx context.Context) error {
	_, err := w.await(ctx, &writing{w: w, what: flushes})
	return err
}

// Close flushes and ends the Writer: nil says that all has been written. If ctx
// ends first, the Writer is as it was before. The file stays open.
func (w *Writer) Close(ctx context.Context) error {
	_, err := w.await(ctx, &writing{w: w, what: closes})
	return err
}

func (w *Writer) await(ctx context.Context, g *writing) (struct{}, error) {
	v, err := rouse.AwaitOn[struct{}](ctx, w.f.home.Ex, g)
	if shutDown(err) {
		err = pathError("write", w.f.path, endedError{err})
	}
	return v, err
}

// writing is the future of the forms with a ctx.
type writing struct {
	w    *Writer
	p    []byte
	n    int
	what wish

	waits bool // see reading
}

type wish uint8

const (
	takes wish = iota
	flushes
	closes
)

func (g *writing) Poll(cx *rouse.Context) (struct{}, error) {
	err := g.step(cx)
	g.waits = err == rouse.Pending
	return struct{}{}, err
}

func (g *writing) step(cx *rouse.Context) error {
	switch g.what {
	case flushes:
		return g.w.PollFlush(cx)
	case closes:
		return g.w.PollClose(cx)
	}
	for {
		n, err := g.w.PollWrite(cx, g.p[g.n:])
		g.n += n
		if err != nil || g.n == len(g.p) {
			return err
		}
	}
}

func (g *writing) Drop() {
	if g.waits {
		g.w.ForgetWrite()
	}
}

// IOWriter returns an io.Writer whose writes wait under ctx.
func (w *Writer) IOWriter(ctx context.Context) io.Writer { return ioWriter{ctx, w} }

type ioWriter struct {
	ctx context.Context
	w   *Writer
}

func (w ioWriter) Write(p []byte) (int, error) { return w.w.Write(w.ctx, p) }
