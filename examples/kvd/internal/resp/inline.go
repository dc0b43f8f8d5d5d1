package resp

import "bytes"

// nextInline parses a request typed by hand: words on one line, some of them
// quoted. The words are unquoted into the Parser's own memory.
func (p *Parser) nextInline(g *Progress, in []byte) (args [][]byte, n int, err error) {
	i := bytes.IndexByte(in[g.seen:], '\n')
	end := g.seen + i
	if i < 0 {
		end = len(in)
	}
	if end > maxLine {
		return nil, 0, errInlineSize
	}
	if i < 0 {
		g.seen = len(in)
		return nil, 0, nil
	}
	*g = Progress{}
	p.spans, p.inline = p.spans[:0], p.inline[:0]
	if !p.split(bytes.TrimSuffix(in[:end], []byte{'\r'})) {
		return nil, 0, errQuotes
	}
	return p.arguments(p.inline), end + 1, nil
}

// split cuts line into words, by the rules of Redis's sdssplitargs: in double
// quotes there are backslash escapes, in single quotes only \', and a closing
// quote must end the word. It reports whether the quotes are balanced.
func (p *Parser) split(line []byte) bool {
	for {
		for len(line) > 0 && isSpace(line[0]) {
			line = line[1:]
		}
		if len(line) == 0 {
			return true
		}
		start := len(p.inline)
		for len(line) > 0 && !isSpace(line[0]) {
			c := line[0]
			if c != '"' && c != '\'' {
				p.inline = append(p.inline, c)
				line = line[1:]
				continue
			}
			n := p.quoted(line[1:], c)
			if n < 0 {
				return false
			}
			line = line[1+n:]
			if len(line) > 0 && !isSpace(line[0]) {
				return false
			}
		}
		p.spans = append(p.spans, span{start, len(p.inline)})
	}
}

// quoted unquotes s, which starts behind the opening quote, and returns how
// much of it is quoted, with the closing quote, or -1 if there is none.
func (p *Parser) quoted(s []byte, quote byte) int {
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == quote:
			return i + 1
		case c == '\\' && quote == '\'' && i+1 < len(s) && s[i+1] == '\'':
			i++
			c = '\''
		case c == '\\' && quote == '"' && i+3 < len(s) && s[i+1] == 'x' && isHex(s[i+2]) && isHex(s[i+3]):
			c = unhex(s[i+2])<<4 | unhex(s[i+3])
			i += 3
		case c == '\\' && quote == '"' && i+1 < len(s):
			i++
			c = unescape(s[i])
		}
		p.inline = append(p.inline, c)
	}
	return -1
}

func unescape(c byte) byte {
	switch c {
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	case 'b':
		return '\b'
	case 'a':
		return '\a'
	}
	return c
}

func isSpace(c byte) bool { return c == ' ' || '\t' <= c && c <= '\r' }

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

func unhex(c byte) byte {
	switch {
	case c <= '9':
		return c - '0'
	case c <= 'F':
		return c - 'A' + 10
	}
	return c - 'a' + 10
}
