// Package resp reads Redis requests and writes Redis replies, both on plain
// byte slices: it neither reads nor writes a connection.
package resp

import (
	"bytes"
	"slices"
)

// Limits of a request. They are Redis's own, apart from MaxArgs, which Redis
// lowered its guard on in version 7 (to 2^31-1).
const (
	DefaultMaxBulk    = 512 << 20
	DefaultMaxArgs    = 1 << 20
	DefaultMaxRequest = 1 << 30

	// maxLine bounds everything that ends at a newline: inline requests and
	// the headers of multibulk ones.
	maxLine = 64 << 10

	// keepSpans is how many argument slots a Parser keeps between requests,
	// so that one request with a million arguments is not paid for forever.
	keepSpans = 4096
)

// An Error is a request that breaks the protocol. The connection cannot go on,
// as nobody knows where the next request would start.
type Error string

func (e Error) Error() string { return "Protocol error: " + string(e) }

const (
	errInlineSize = Error("too big inline request")
	errQuotes     = Error("unbalanced quotes in request")
	errCountSize  = Error("too big mbulk count string")
	errCount      = Error("invalid multibulk length")
	errBulkSize   = Error("too big bulk count string")
	errBulk       = Error("invalid bulk length")
	errRequest    = Error("too big request")
)

// A Parser finds requests in input. One Parser serves any number of
// connections, because what it must remember about an incomplete request is in
// that connection's Progress.
type Parser struct {
	MaxBulk    int // longest argument
	MaxArgs    int // most arguments of one request
	MaxRequest int // most bytes of one request

	spans  []span   // of the request at hand
	args   [][]byte // handed out by Next
	inline []byte   // unquoted arguments of an inline request
}

// NewParser returns a Parser with the default limits.
func NewParser() *Parser {
	return &Parser{MaxBulk: DefaultMaxBulk, MaxArgs: DefaultMaxArgs, MaxRequest: DefaultMaxRequest}
}

// A span is an argument's place in the input, which may move between calls.
type span struct{ start, end int }

// Progress is how far the incomplete request at the front of a connection's
// input has been parsed, so that nothing is looked at twice when more of it
// arrives. The zero value stands before a request.
type Progress struct {
	pos     int    // everything before it is parsed
	seen    int    // no line end between pos and here
	missing int    // arguments still to come; 0: the first line is not parsed
	bulk    int    // length of the argument at pos plus one; 0: its header is not parsed
	spans   []span // of the arguments before pos
}

// Needed returns how many bytes must follow have bytes of input before the
// request can get any further: exact to the end of an argument whose length is
// known, otherwise one.
func (p *Progress) Needed(have int) int {
	if p.bulk > 0 {
		return max(1, p.pos+p.bulk-1+2-have)
	}
	return 1
}

// Next parses the request at the front of in. It returns its arguments and its
// length, or a length of zero if it is incomplete: then the same bytes with
// more behind them must be presented with the same Progress next time. A
// request may be empty (a bare newline, or *0), which has a length but no
// arguments. The arguments are valid until in changes or Next is called again.
func (p *Parser) Next(g *Progress, in []byte) (args [][]byte, n int, err error) {
	if len(in) == 0 {
		return nil, 0, nil
	}
	if in[0] != '*' {
		return p.nextInline(g, in)
	}
	fresh := g.missing == 0
	if fresh {
		count, next, err := g.header(in, errCount, errCountSize)
		if next == 0 || err != nil {
			return nil, 0, err
		}
		if count > int64(p.MaxArgs) {
			return nil, 0, errCount
		}
		if count <= 0 {
			*g = Progress{}
			return nil, next, nil
		}
		g.pos, g.seen, g.missing = next, 0, int(count)
		p.spans = p.spans[:0]
	} else {
		p.spans, g.spans = g.spans, nil
	}
	done, err := p.bulks(g, in)
	if err != nil {
		return nil, 0, err
	}
	if !done {
		if fresh { // most often it is a short request cut in two
			g.spans = slices.Clone(p.spans)
		} else {
			g.spans, p.spans = p.spans, nil
		}
		return nil, 0, nil
	}
	args = p.arguments(in)
	n = g.pos
	*g = Progress{}
	return args, n, nil
}

// bulks parses the arguments of a multibulk request from g.pos on, and reports
// whether it got to the end of the request.
func (p *Parser) bulks(g *Progress, in []byte) (done bool, err error) {
	for g.missing > 0 {
		if g.bulk == 0 {
			size, next, err := g.header(in, errBulk, errBulkSize)
			if next == 0 || err != nil {
				return false, err
			}
			if mark := in[g.pos]; mark != '$' {
				return false, Error("expected '$', got '" + string([]byte{mark}) + "'")
			}
			if size < 0 || size > int64(p.MaxBulk) {
				return false, errBulk
			}
			if int64(next)+size+2 > int64(p.MaxRequest) {
				return false, errRequest
			}
			g.pos, g.seen, g.bulk = next, 0, int(size)+1
		}
		end := g.pos + g.bulk - 1
		if end+2 > len(in) {
			return false, nil
		}
		p.spans = append(p.spans, span{g.pos, end})
		g.pos, g.bulk = end+2, 0 // like Redis, takes any two bytes for CRLF
		g.missing--
	}
	return true, nil
}

// header parses a line at g.pos made of one mark and an integer. It returns
// the integer and where the line ends, or 0 if the line is incomplete.
func (g *Progress) header(in []byte, bad, long Error) (v int64, next int, err error) {
	// Nearly every header is a few digits that have arrived completely.
	i := g.pos + 1
	for ; i < len(in) && in[i]-'0' <= 9 && i <= g.pos+9; i++ {
		v = v*10 + int64(in[i]-'0')
	}
	if i > g.pos+1 && i+1 < len(in) && in[i] == '\r' && (in[g.pos+1] != '0' || i == g.pos+2) {
		return v, i + 2, nil
	}
	return g.slowHeader(in, bad, long)
}

func (g *Progress) slowHeader(in []byte, bad, long Error) (v int64, next int, err error) {
	from := max(g.pos, g.seen)
	i := bytes.IndexByte(in[from:], '\r')
	if i < 0 {
		g.seen = len(in)
		if len(in)-g.pos > maxLine {
			return 0, 0, long
		}
		return 0, 0, nil
	}
	end := from + i
	g.seen = end
	if end-g.pos > maxLine {
		return 0, 0, long
	}
	if end+1 >= len(in) {
		return 0, 0, nil
	}
	if in[g.pos] != '*' && in[g.pos] != '$' {
		return 0, end + 2, nil // the caller complains about the mark first
	}
	v, ok := ParseInt(in[g.pos+1 : end])
	if !ok {
		return 0, 0, bad
	}
	return v, end + 2, nil
}

// arguments turns spans of in into slices of it.
func (p *Parser) arguments(in []byte) [][]byte {
	if cap(p.args) > keepSpans && len(p.spans) <= keepSpans {
		p.args = nil
	}
	p.args = p.args[:0]
	for _, s := range p.spans {
		p.args = append(p.args, in[s.start:s.end:s.end])
	}
	if cap(p.spans) > keepSpans {
		p.spans = nil
	}
	return p.args
}
