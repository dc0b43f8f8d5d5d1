package fileio

import (
	"context"
	"io"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/internal/atomics"
)

// A Reader reads a file from one end to the other, and reads ahead: while the
// caller works on one piece, the next ones are on their way. It is for one task
// at a time, at the file's home; the form with a ctx goes there by itself.
//
// The first error stays: every later call returns it. The end of the file is
// io.EOF; what is appended later is not seen.
type Reader struct {
	f      *File
	q      queue
	size   int
	next   int64 // where the next transfer begins
	pos    int   // how much of the oldest one was handed out
	err    error
	closed atomics.Bool
}

// NewReader returns a Reader of f. It must be closed. An error says what is
// wrong with cfg. From any goroutine.
func (f *File) NewReader(cfg StreamConfig) (*Reader, error) {
	cfg, err := cfg.validate()
	if err != nil {
		return nil, err
	}
	return &Reader{
		f: f, size: cfg.Buffer, next: cfg.Offset,
		q: newQueue(cfg.Depth, func() *Transfer { return f.NewRead(nil, 0) }),
	}, nil
}

// PollRead reads into p what is there, at least one byte, or returns
// rouse.Pending. p is used during the call only. In the steady state it
// allocates nothing.
func (r *Reader) PollRead(cx *rouse.Context, p []byte) (int, error) {
	r.f.mustOwn(cx)
	r.q.enter(cx)
	for {
		switch {
		case r.closed.Load(): // pairs with the Swap in Close
			return 0, pathError("read", r.f.path, ErrClosed)
		case r.err != nil:
			return 0, r.err
		case len(p) == 0:
			return 0, nil
		}
		for !r.q.full() {
			n := r.size
			if r.f.direct { // get to an aligned offset, and stay there
				n -= int(r.next % Alignment)
			}
			r.q.push(cx, NewBuffer(n), r.next)
			r.next += int64(n)
		}
		s, err := r.q.front(cx)
		if err != nil {
			return 0, err
		}
		r.q.forget()
		if r.pos < s.n {
			n := copy(p, s.tr.Buffer().Bytes()[r.pos:s.n])
			r.pos += n
			return n, nil
		}
		r.pos, r.err = 0, s.err
		r.q.pop().Free()
		if r.err != nil {
			r.q.drop()
		}
	}
}

// Read is PollRead with a ctx: it waits, in a fiber by suspending it, elsewhere
// by blocking the goroutine. If ctx ends first it returns ctx.Err() and has read
// nothing: no byte is lost.
func (r *Reader) Read(ctx context.Context, p []byte) (int, error) {
	n, err := rouse.AwaitOn[int](ctx, r.f.home.Ex, &reading{r: r, p: p})
	if shutDown(err) {
		err = pathError("read", r.f.path, endedError{err})
	}
	return n, err
}

// reading is the future of Read.
type reading struct {
	r     *Reader
	p     []byte
	waits bool // one that never did is dropped by its caller, who need not be at home
}

func (g *reading) Poll(cx *rouse.Context) (int, error) {
	n, err := g.r.PollRead(cx, g.p)
	g.waits = err == rouse.Pending
	return n, err
}

func (g *reading) Drop() {
	if g.waits {
		g.r.ForgetRead()
	}
}

// ForgetRead says that the task which got Pending from PollRead has stopped
// waiting: another task may read. At home only.
func (r *Reader) ForgetRead() { r.q.forget() }

// Close gives up what was read ahead. From any goroutine, any number of times;
// whoever waits gets [ErrClosed]. The file stays open.
func (r *Reader) Close() error {
	if !r.closed.Swap(true) {
		_ = r.f.home.Do(r.q.drop) // an error says that the driver is closed
	}
	return nil
}

// IOReader returns an io.Reader whose reads wait under ctx.
func (r *Reader) IOReader(ctx context.Context) io.Reader { return ioReader{ctx, r} }

type ioReader struct {
	ctx context.Context
	r   *Reader
}

func (r ioReader) Read(p []byte) (int, error) { return r.r.Read(r.ctx, p) }
