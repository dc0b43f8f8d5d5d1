package fileio

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/internal/atomics"
)

// A Range is a piece of a file.
type Range struct {
	Off int64
	Len int
}

// A BulkConfig says how a [Bulk] shall read. The zero value is the default.
type BulkConfig struct {
	// MaxMerged is the most bytes that one read of the system may have if it
	// serves several ranges. 0 means 128 KiB.
	MaxMerged int
	// MaxGap is how many bytes nobody asked for may lie between two ranges that
	// are read together. 0 means none: only ranges that touch are.
	MaxGap int
	// Depth is how many reads may be under way at once. 0 means 8.
	Depth int
}

// A Bulk reads many ranges of a file, and merges those that are neighbours, in
// the order given and in the file, into one read of the system, as Glommio's
// read_many does. It is for one task at a time, at the file's home; the form
// with a ctx goes there by itself.
type Bulk struct {
	f              *File
	cfg            BulkConfig
	ranges         []Range
	q              queue
	groups         []group // parallel to the slots of q
	planned, given int
	held           bool // the oldest read's Buffer is in the caller's hands
	closed         atomics.Bool
}

// A group is ranges that are read together: all up to the one with index end.
type group struct {
	lo  int64
	end int
}

// NewBulk returns a Bulk of ranges, which must stay as they are. It must be
// closed. An error says what is wrong with them or with cfg. From any goroutine.
func (f *File) NewBulk(ranges []Range, cfg BulkConfig) (*Bulk, error) {
	if cfg.MaxMerged < 0 || cfg.MaxGap < 0 || cfg.Depth < 0 {
		return nil, errors.New("rouse: fileio: BulkConfig's fields must be positive, or 0 for the default")
	}
	for i, r := range ranges {
		if r.Off < 0 || r.Len < 0 || r.Off+int64(r.Len) < 0 {
			return nil, fmt.Errorf("rouse: fileio: range %d is of %d bytes at %d", i, r.Len, r.Off)
		}
	}
	if cfg.MaxMerged == 0 {
		cfg.MaxMerged = 128 << 10
	}
	if cfg.Depth == 0 {
		cfg.Depth = 8
	}
	return &Bulk{
		f: f, cfg: cfg, ranges: ranges, groups: make([]group, cfg.Depth),
		q: newQueue(cfg.Depth, func() *Transfer { return f.NewRead(nil, 0) }),
	}, nil
}

// plan starts the next read.
func (b *Bulk) plan(cx *rouse.Context) {
	first := b.ranges[b.planned]
	lo, hi := first.Off, first.Off+int64(first.Len)
	end := b.planned + 1
	for ; end < len(b.ranges); end++ {
		r := b.ranges[end]
		from, to := min(lo, r.Off), max(hi, r.Off+int64(r.Len))
		gap := int64(b.cfg.MaxGap)
		if to-from > int64(b.cfg.MaxMerged) || r.Off > hi+gap || r.Off+int64(r.Len) < lo-gap {
			break
		}
		lo, hi = from, to
	}
	if b.f.direct { // whole blocks go straight
		lo &^= Alignment - 1
		hi = (hi + Alignment - 1) &^ (Alignment - 1)
	}
	b.groups[(b.q.head+b.q.count)%len(b.groups)] = group{lo, end}
	b.planned = end
	b.q.push(cx, NewBuffer(int(hi-lo)), lo)
}

// PollNext returns the bytes of the next range, in the order given, or
// rouse.Pending; after the last one io.EOF. They are good until the next call.
// A range that goes beyond the end of the file yields what there is, with
// io.ErrUnexpectedEOF, and one that can't be read an [*OffsetError], as do those
// behind it that were merged with it; the call after that is about the next
// range.
func (b *Bulk) PollNext(cx *rouse.Context) ([]byte, error) {
	b.f.mustOwn(cx)
	b.q.enter(cx)
	if b.closed.Load() { // pairs with the Swap in Close
		return nil, pathError("read", b.f.path, ErrClosed)
	}
	if b.held && b.given == b.groups[b.q.head].end {
		b.q.pop().Free()
		b.held = false
	}
	for !b.q.full() && b.planned < len(b.ranges) {
		b.plan(cx)
	}
	if b.given == len(b.ranges) {
		return nil, io.EOF
	}
	s, err := b.q.front(cx)
	if err != nil {
		return nil, err
	}
	b.q.forget()
	r, lo := b.ranges[b.given], b.groups[b.q.head].lo
	b.given++
	b.held = true
	from := min(int(r.Off-lo), s.n)
	to := min(int(r.Off-lo)+r.Len, s.n)
	got := s.tr.Buffer().Bytes()[from:to:to]
	switch {
	case len(got) == r.Len:
		return got, nil
	case s.err == io.EOF:
		return got, io.ErrUnexpectedEOF
	}
	return got, s.err
}

// Next is PollNext with a ctx: it waits, in a fiber by suspending it, elsewhere
// by blocking the goroutine. If ctx ends first it returns ctx.Err(), and the next
// call is about the same range.
func (b *Bulk) Next(ctx context.Context) ([]byte, error) {
	p, err := rouse.AwaitOn[[]byte](ctx, b.f.home.Ex, &nextRange{b: b})
	if shutDown(err) {
		err = pathError("read", b.f.path, endedError{err})
	}
	return p, err
}

// nextRange is the future of Next.
type nextRange struct {
	b     *Bulk
	waits bool // see reading
}

func (n *nextRange) Poll(cx *rouse.Context) ([]byte, error) {
	p, err := n.b.PollNext(cx)
	n.waits = err == rouse.Pending
	return p, err
}

func (n *nextRange) Drop() {
	if n.waits {
		n.b.ForgetNext()
	}
}

// ForgetNext says that the task which got Pending from PollNext has stopped
// waiting: another task may go on. At home only.
func (b *Bulk) ForgetNext() { b.q.forget() }

// Close gives up what was read ahead, and the bytes that PollNext returned last.
// From any goroutine, any number of times; whoever waits gets [ErrClosed]. The
// file stays open.
func (b *Bulk) Close() error {
	if !b.closed.Swap(true) {
		_ = b.f.home.Do(b.q.drop) // an error says that the driver is closed
	}
	return nil
}
