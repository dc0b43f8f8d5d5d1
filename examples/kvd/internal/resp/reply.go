package resp

import (
	"math"
	"strconv"
)

// Replies that are the same in every version of the protocol. Each function
// appends one reply, or the header of one, and returns the grown slice.

// AppendSimple appends a short status such as OK, which has no line break.
func AppendSimple(b []byte, s string) []byte {
	b = append(b, '+')
	b = append(b, s...)
	return append(b, '\r', '\n')
}

// AppendError appends an error. Line breaks in s, which may quote what a client
// sent, become spaces, since they would end the reply.
func AppendError(b []byte, s string) []byte {
	b = append(b, '-')
	for i := range len(s) {
		c := s[i]
		if c == '\r' || c == '\n' {
			c = ' '
		}
		b = append(b, c)
	}
	return append(b, '\r', '\n')
}

// AppendInt appends an integer.
func AppendInt(b []byte, v int64) []byte { return appendHeader(b, ':', v) }

// AppendBulk appends a string of any bytes.
func AppendBulk[S ~string | ~[]byte](b []byte, s S) []byte {
	b = appendHeader(b, '$', int64(len(s)))
	b = append(b, s...)
	return append(b, '\r', '\n')
}

// AppendBulkInt appends an integer as a string.
func AppendBulkInt(b []byte, v int64) []byte {
	var digits [20]byte
	return AppendBulk(b, strconv.AppendInt(digits[:0], v, 10))
}

// AppendArray appends the header of an array, which n replies must follow.
func AppendArray(b []byte, n int) []byte { return appendHeader(b, '*', int64(n)) }

func appendHeader(b []byte, mark byte, v int64) []byte {
	b = append(b, mark)
	if 0 <= v && v < 10 {
		return append(b, '0'+byte(v), '\r', '\n')
	}
	b = strconv.AppendInt(b, v, 10)
	return append(b, '\r', '\n')
}

// A Proto is the protocol version a client speaks. Its methods append the
// replies that RESP3 has a type for and RESP2 has to express in other types.
type Proto uint8

// The two protocol versions.
const (
	RESP2 Proto = 2
	RESP3 Proto = 3
)

// AppendNull appends the absence of a string.
func (p Proto) AppendNull(b []byte) []byte {
	if p == RESP3 {
		return append(b, "_\r\n"...)
	}
	return append(b, "$-1\r\n"...)
}

// AppendNullArray appends the absence of an array.
func (p Proto) AppendNullArray(b []byte) []byte {
	if p == RESP3 {
		return append(b, "_\r\n"...)
	}
	return append(b, "*-1\r\n"...)
}

// AppendMap appends the header of a map, which n pairs must follow.
func (p Proto) AppendMap(b []byte, n int) []byte {
	if p == RESP3 {
		return appendHeader(b, '%', int64(n))
	}
	return AppendArray(b, 2*n)
}

// AppendSet appends the header of a set, which n replies must follow.
func (p Proto) AppendSet(b []byte, n int) []byte {
	if p == RESP3 {
		return appendHeader(b, '~', int64(n))
	}
	return AppendArray(b, n)
}

// AppendPush appends the header of a push, which n replies must follow.
func (p Proto) AppendPush(b []byte, n int) []byte {
	if p == RESP3 {
		return appendHeader(b, '>', int64(n))
	}
	return AppendArray(b, n)
}

// AppendBool appends a truth value.
func (p Proto) AppendBool(b []byte, v bool) []byte {
	switch {
	case p == RESP3 && v:
		return append(b, "#t\r\n"...)
	case p == RESP3:
		return append(b, "#f\r\n"...)
	case v:
		return AppendInt(b, 1)
	}
	return AppendInt(b, 0)
}

// AppendDouble appends a floating point number.
func (p Proto) AppendDouble(b []byte, v float64) []byte {
	var text [32]byte
	s := text[:0]
	switch {
	case math.IsInf(v, 1):
		s = append(s, "inf"...)
	case math.IsInf(v, -1):
		s = append(s, "-inf"...)
	case math.IsNaN(v):
		s = append(s, "nan"...)
	default:
		s = strconv.AppendFloat(s, v, 'g', 17, 64)
	}
	if p == RESP2 {
		return AppendBulk(b, s)
	}
	b = append(b, ',')
	b = append(b, s...)
	return append(b, '\r', '\n')
}

// AppendVerbatim appends text of a format with a name of three letters.
func (p Proto) AppendVerbatim(b []byte, format, s string) []byte {
	if p == RESP2 {
		return AppendBulk(b, s)
	}
	b = appendHeader(b, '=', int64(len(format)+1+len(s)))
	b = append(b, format...)
	b = append(b, ':')
	b = append(b, s...)
	return append(b, '\r', '\n')
}
