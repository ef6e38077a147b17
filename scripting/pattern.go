package scripting

import lua "github.com/yuin/gopher-lua"

// Lua 5.1's patterns, by backtracking. Unlike regular expressions they can take
// exponential time, so steps are counted, and the run's limits are looked at now
// and then; the depth of recursion is limited, for it takes Go stack.

const (
	maxCaptures   = 32
	maxMatchDepth = 10000
	matchSlice    = 4096 // steps between two looks at the run's limits
)

const (
	capUnfinished = -1
	capPosition   = -2
)

type capture struct{ start, len int }

type matcher struct {
	L        *lua.LState
	s        *state
	src, pat string
	level    int
	captures [maxCaptures]capture
	depth    int
	steps    int
}

func (m *matcher) fail(format string, args ...any) { raise(m.L, format, args...) }

func (m *matcher) step() {
	if m.steps++; m.steps%matchSlice == 0 {
		if m.s.check(); m.s.stopErr != nil {
			m.fail("%v", m.s.stopErr)
		}
	}
}

// match matches the pattern from p at position at of the source and returns
// where the match ends, or -1.
func (m *matcher) match(at, p int) int {
	if m.depth++; m.depth > maxMatchDepth {
		m.fail("pattern too complex")
	}
	defer func() { m.depth-- }()
	for {
		m.step()
		if p == len(m.pat) {
			return at
		}
		switch m.pat[p] {
		case '(':
			if p+1 < len(m.pat) && m.pat[p+1] == ')' {
				return m.open(at, p+2, capPosition)
			}
			return m.open(at, p+1, capUnfinished)
		case ')':
			return m.close(at, p+1)
		case '$':
			if p+1 == len(m.pat) {
				if at == len(m.src) {
					return at
				}
				return -1
			}
		case '%':
			if p+1 < len(m.pat) {
				switch c := m.pat[p+1]; {
				case c == 'b':
					if at = m.balance(at, p+2); at < 0 {
						return -1
					}
					p += 4
					continue
				case c == 'f':
					p += 2
					if p >= len(m.pat) || m.pat[p] != '[' {
						m.fail("missing '[' after '%%f' in pattern")
					}
					end := m.classEnd(p)
					if m.inSet(m.byteAt(at-1), p, end-1) || !m.inSet(m.byteAt(at), p, end-1) {
						return -1
					}
					p = end
					continue
				case '0' <= c && c <= '9':
					if at = m.backReference(at, c); at < 0 {
						return -1
					}
					p += 2
					continue
				}
			}
		}
		end := m.classEnd(p)
		var suffix byte
		if end < len(m.pat) {
			suffix = m.pat[end]
		}
		switch suffix {
		case '?':
			if at < len(m.src) && m.single(at, p, end) {
				if r := m.match(at+1, end+1); r >= 0 {
					return r
				}
			}
			p = end + 1
		case '*':
			return m.most(at, p, end)
		case '+':
			if at < len(m.src) && m.single(at, p, end) {
				return m.most(at+1, p, end)
			}
			return -1
		case '-':
			return m.least(at, p, end)
		default:
			if at >= len(m.src) || !m.single(at, p, end) {
				return -1
			}
			at++
			p = end
		}
	}
}

// byteAt is the source's byte, 0 outside.
func (m *matcher) byteAt(i int) byte {
	if i < 0 || i >= len(m.src) {
		return 0
	}
	return m.src[i]
}

func (m *matcher) classEnd(p int) int {
	c := m.pat[p]
	p++
	switch c {
	case '%':
		if p == len(m.pat) {
			m.fail("malformed pattern (ends with '%%')")
		}
		return p + 1
	case '[':
		if p < len(m.pat) && m.pat[p] == '^' {
			p++
		}
		for first := true; first || p >= len(m.pat) || m.pat[p] != ']'; first = false {
			if p >= len(m.pat) {
				m.fail("malformed pattern (missing ']')")
			}
			if m.pat[p] == '%' {
				p++
				if p >= len(m.pat) {
					m.fail("malformed pattern (missing ']')")
				}
			}
			p++
		}
		return p + 1
	}
	return p
}

func (m *matcher) single(at, p, end int) bool {
	c := m.src[at]
	switch m.pat[p] {
	case '.':
		return true
	case '%':
		return inClass(c, m.pat[p+1])
	case '[':
		return m.inSet(c, p, end-1)
	}
	return m.pat[p] == c
}

// inSet reports whether c is in the set that begins at p and whose bracket
// closes at last.
func (m *matcher) inSet(c byte, p, last int) bool {
	want := true
	p++
	if m.pat[p] == '^' {
		want = false
		p++
	}
	for ; p < last; p++ {
		switch {
		case m.pat[p] == '%':
			p++
			if inClass(c, m.pat[p]) {
				return want
			}
		case p+2 < last && m.pat[p+1] == '-':
			if m.pat[p] <= c && c <= m.pat[p+2] {
				return want
			}
			p += 2
		case m.pat[p] == c:
			return want
		}
	}
	return !want
}

func inClass(c, class byte) bool {
	var in bool
	switch class | 0x20 {
	case 'a':
		in = isAlpha(c)
	case 'c':
		in = c < 32 || c == 127
	case 'd':
		in = isDigit(c)
	case 'l':
		in = 'a' <= c && c <= 'z'
	case 'p':
		in = c > 32 && c < 127 && !isAlpha(c) && !isDigit(c)
	case 's':
		in = isSpace(c)
	case 'u':
		in = 'A' <= c && c <= 'Z'
	case 'w':
		in = isAlpha(c) || isDigit(c)
	case 'x':
		in = isDigit(c) || 'a' <= c|0x20 && c|0x20 <= 'f'
	case 'z':
		in = c == 0
	default:
		return class == c
	}
	if !isAlpha(class) {
		return class == c
	}
	return in == (class >= 'a')
}

func isAlpha(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }
func isDigit(c byte) bool { return '0' <= c && c <= '9' }
func isSpace(c byte) bool { return c == ' ' || '\t' <= c && c <= '\r' }

func (m *matcher) balance(at, p int) int {
	if p+1 >= len(m.pat) {
		m.fail("unbalanced pattern")
	}
	if at >= len(m.src) || m.src[at] != m.pat[p] {
		return -1
	}
	open, shut, depth := m.pat[p], m.pat[p+1], 1
	for i := at + 1; i < len(m.src); i++ {
		switch m.src[i] {
		case shut:
			if depth--; depth == 0 {
				return i + 1
			}
		case open:
			depth++
		}
	}
	return -1
}

func (m *matcher) most(at, p, end int) int {
	n := 0
	for at+n < len(m.src) && m.single(at+n, p, end) {
		n++
	}
	for ; n >= 0; n-- {
		m.step()
		if r := m.match(at+n, end+1); r >= 0 {
			return r
		}
	}
	return -1
}

func (m *matcher) least(at, p, end int) int {
	for {
		m.step()
		if r := m.match(at, end+1); r >= 0 {
			return r
		}
		if at >= len(m.src) || !m.single(at, p, end) {
			return -1
		}
		at++
	}
}

func (m *matcher) open(at, p, what int) int {
	if m.level >= maxCaptures {
		m.fail("too many captures")
	}
	m.captures[m.level] = capture{at, what}
	m.level++
	r := m.match(at, p)
	if r < 0 {
		m.level--
	}
	return r
}

func (m *matcher) close(at, p int) int {
	l := -1
	for i := m.level - 1; i >= 0; i-- {
		if m.captures[i].len == capUnfinished {
			l = i
			break
		}
	}
	if l < 0 {
		m.fail("invalid pattern capture")
	}
	m.captures[l].len = at - m.captures[l].start
	r := m.match(at, p)
	if r < 0 {
		m.captures[l].len = capUnfinished
	}
	return r
}

func (m *matcher) backReference(at int, c byte) int {
	l := int(c) - '1'
	if l < 0 || l >= m.level || m.captures[l].len == capUnfinished {
		m.fail("invalid capture index")
	}
	n := max(m.captures[l].len, 0)
	sub := m.src[m.captures[l].start : m.captures[l].start+n]
	if len(m.src)-at >= n && m.src[at:at+n] == sub {
		return at + n
	}
	return -1
}
