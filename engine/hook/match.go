package hook

// match reports whether s fits the glob pattern: * any run, ? any byte, [a-c]
// and [^a] classes, \ escapes. It is iterative, so that a hostile pattern costs
// at most len(pattern) × len(s) steps. Patterns without a meaning (an unclosed
// class) match as Redis' do: the class ends with the pattern.
func match(pattern, s string) bool {
	p, i := 0, 0
	star, mark := -1, 0
	for i < len(s) {
		if p < len(pattern) && pattern[p] == '*' {
			star, mark = p, i
			p++
			continue
		}
		if p < len(pattern) {
			if n, ok := matchOne(pattern[p:], s[i]); ok {
				p += n
				i++
				continue
			}
		}
		if star < 0 {
			return false
		}
		mark++
		p, i = star+1, mark
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}

// matchOne holds c against the first element of a pattern and returns the
// element's length.
func matchOne(p string, c byte) (n int, ok bool) {
	switch p[0] {
	case '?':
		return 1, true
	case '\\':
		if len(p) > 1 {
			return 2, p[1] == c
		}
	case '[':
		return matchClass(p, c)
	}
	return 1, p[0] == c
}

func matchClass(p string, c byte) (n int, ok bool) {
	i, negate := 1, false
	if i < len(p) && p[i] == '^' {
		negate = true
		i++
	}
	for i < len(p) && p[i] != ']' {
		lo := p[i]
		if lo == '\\' && i+1 < len(p) {
			i++
			lo = p[i]
		}
		hi := lo
		if i+2 < len(p) && p[i+1] == '-' {
			hi = p[i+2]
			i += 2
		}
		if lo > hi {
			lo, hi = hi, lo
		}
		ok = ok || lo <= c && c <= hi
		i++
	}
	return min(i+1, len(p)), ok != negate
}
