package resp

import "math"

// ParseInt parses a decimal the way Redis does: what it accepts is exactly what
// AppendInt would write, so no sign but minus, no leading zero and no space.
func ParseInt(s []byte) (v int64, ok bool) {
	digits, negative := s, false
	if len(s) > 0 && s[0] == '-' {
		digits, negative = s[1:], true
	}
	if len(digits) == 0 || len(digits) > 19 || digits[0] == '0' && len(s) > 1 {
		return 0, false
	}
	var u uint64 // 19 digits cannot overflow it
	for _, c := range digits {
		if c-'0' > 9 {
			return 0, false
		}
		u = u*10 + uint64(c-'0')
	}
	switch {
	case negative && u <= -math.MinInt64:
		return -int64(u), true
	case !negative && u <= math.MaxInt64:
		return int64(u), true
	}
	return 0, false
}
