package engine

import (
	"bytes"
	"math/big"
	"strconv"

	"github.com/rouse-go/rouse/examples/kvd/internal/resp"
)

func appendInt(b []byte, v int64) []byte { return strconv.AppendInt(b, v, 10) }

// sum adds, and reports whether the result is in range.
func sum(a, b int64) (s int64, ok bool) {
	s = a + b
	return s, (s > a) == (b > 0)
}

// Redis computes with the 80-bit floating point numbers of x86, whose results
// show in the last digits it prints. These are their precision and range.
const (
	mantissaBits = 64
	maxExponent  = 16384
	minExponent  = -16444
)

// addFloats adds and formats the result without an exponent, as INCRBYFLOAT
// does.
func addFloats(a, b *big.Float) (text []byte, problem string) {
	if a.IsInf() || b.IsInf() {
		return nil, errNaN
	}
	s := new(big.Float).SetPrec(mantissaBits).Add(a, b)
	if s.MantExp(nil) > maxExponent {
		return nil, errNaN
	}
	text = s.Append(nil, 'f', 17)
	text = bytes.TrimRight(text, "0")
	text = bytes.TrimSuffix(text, []byte{'.'})
	if string(text) == "-0" {
		text = text[1:]
	}
	return text, ""
}

func parseFloat(s []byte) (*big.Float, bool) {
	if len(s) > 5<<10 { // as much as Redis copies
		return nil, false
	}
	f, _, err := big.ParseFloat(string(s), 10, mantissaBits, big.ToNearestEven)
	if err != nil {
		return nil, false
	}
	if exp := f.MantExp(nil); !f.IsInf() && (exp > maxExponent || exp < minExponent) {
		return nil, false
	}
	return f, true
}

// parseCount parses a number that must not be negative.
func parseCount(s []byte) (n int64, ok bool) {
	n, ok = resp.ParseInt(s)
	return n, ok && n >= 0
}
