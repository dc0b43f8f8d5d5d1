package engine

// match reports whether s matches a pattern of Redis: * ? [a-z] [^a] and
// backslash escapes. It takes time proportional to the product of the lengths,
// as it only ever goes back to the last star.
func match(pattern []byte, s string) bool {
	star, resume := -1, 0 // after the last star, and what it has not taken yet
	p, i := 0, 0
	for i < len(s) || p < len(pattern) {
		if p < len(pattern) {
			if pattern[p] == '*' {
				p++
				star, resume = p, i
				continue
			}
			if i < len(s) {
				if n, ok := matchOne(pattern[p:], s[i]); ok {
					p += n
					i++
					continue
				}
			}
		}
		if star < 0 || resume >= len(s) {
			return false
		}
		resume++
		p, i = star, resume
	}
	return true
}

// matchOne matches one byte with what the pattern starts with, which is n long.
func matchOne(pattern []byte, c byte) (n int, ok bool) {
	switch pattern[0] {
	case '?':
		return 1, true
	case '[':
		return matchClass(pattern, c)
	case '\\':
		if len(pattern) > 1 {
			return 2, pattern[1] == c
		}
	}
	return 1, pattern[0] == c
}

// matchClass matches one byte with a class such as [^a-c\]]. A class without
// an end goes on to the end of the pattern.
func matchClass(pattern []byte, c byte) (n int, ok bool) {
	n = 1
	negated := n < len(pattern) && pattern[n] == '^'
	if negated {
		n++
	}
	for ; n < len(pattern) && pattern[n] != ']'; n++ {
		rest := pattern[n:]
		switch {
		case rest[0] == '\\' && len(rest) > 1:
			n++
			ok = ok || rest[1] == c
		case len(rest) > 2 && rest[1] == '-':
			n += 2
			low, high := min(rest[0], rest[2]), max(rest[0], rest[2])
			ok = ok || low <= c && c <= high
		default:
			ok = ok || rest[0] == c
		}
	}
	return min(n+1, len(pattern)), ok != negated
}
