package zset

import (
	"errors"
	"math"
	"strconv"
	"strings"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

const (
	errScoreBound wire.Error = "ERR min or max is not a float"
	errLexBound   wire.Error = "ERR min or max not valid string range item"
)

// order says what the bounds of a range are compared with.
type order uint8

const (
	byRank order = iota
	byScore
	byLex
)

// bounds is a range that finds its ranks in any sorted set.
type bounds interface {
	// ranks returns the first of n ranks; n is 0 when nothing is in the range.
	ranks(z *handle) (first, n int)
}

// bounds reads a range from its two ends, the lower one first.
func (by order) bounds(low, high []byte) (bounds, error) {
	switch by {
	case byScore:
		return scoreBounds(low, high)
	case byLex:
		return lexBounds(low, high)
	}
	start, ok1 := command.ParseInt(low)
	stop, ok2 := command.ParseInt(high)
	if !ok1 || !ok2 {
		return nil, wire.ErrNotInteger
	}
	return rankRange{start, stop}, nil
}

// rankRange is a range of ranks, both included, negative from the end.
type rankRange struct{ start, stop int64 }

func (r rankRange) ranks(z *handle) (first, n int) {
	length := int64(z.Len())
	start, stop := r.start, r.stop
	if start < 0 {
		start = max(start+length, 0)
	}
	if stop < 0 {
		stop += length
	}
	stop = min(stop, length-1)
	if start > stop {
		return 0, 0
	}
	return int(start), int(stop - start + 1)
}

// scoreEnd is one end of a range of scores.
type scoreEnd struct {
	score    float64
	excluded bool
}

type scoreRange struct{ low, high scoreEnd }

func scoreBounds(low, high []byte) (bounds, error) {
	l, ok1 := parseScoreEnd(low)
	h, ok2 := parseScoreEnd(high)
	if !ok1 || !ok2 {
		return nil, errScoreBound
	}
	return scoreRange{l, h}, nil
}

func (r scoreRange) ranks(z *handle) (first, n int) {
	if r.low.score > r.high.score {
		return 0, 0
	}
	return between(z.CountLess(r.low.score, r.low.excluded), z.CountLess(r.high.score, !r.high.excluded))
}

// between turns two counts from the beginning into a range.
func between(from, to int) (first, n int) {
	if from >= to {
		return 0, 0
	}
	return from, to - from
}

// parseScoreEnd reads "score" or "(score". Scores are read as C's strtod does:
// nothing is 0, spaces may stand before, what is too large is infinite, and a zero
// byte ends it.
func parseScoreEnd(b []byte) (e scoreEnd, ok bool) {
	s, _, _ := strings.Cut(string(b), "\x00")
	if strings.HasPrefix(s, "(") {
		e.excluded, s = true, s[1:]
	}
	if s == "" {
		return e, true
	}
	if s = strings.TrimLeft(s, " \t\n\v\f\r"); strings.Contains(s, "_") {
		return e, false // Go allows it in literals
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		n, hexErr := strconv.ParseFloat(s+"p0", 64) // C needs no exponent in hexadecimal
		if hexErr != nil {
			return e, false
		}
		f = n
	}
	e.score = f
	return e, !math.IsNaN(f)
}

// lexEnd is one end of a range of members: below all, above all, or a member.
type lexEnd struct {
	infinite int // -1, 1, or 0 for a member
	member   []byte
	excluded bool
}

type lexRange struct{ low, high lexEnd }

func lexBounds(low, high []byte) (bounds, error) {
	l, ok1 := parseLexEnd(low)
	h, ok2 := parseLexEnd(high)
	if !ok1 || !ok2 {
		return nil, errLexBound
	}
	return lexRange{l, h}, nil
}

func (r lexRange) ranks(z *handle) (first, n int) {
	return between(r.low.below(z, r.low.excluded), r.high.below(z, !r.high.excluded))
}

// mixed reports whether z has members of different scores. What a range by
// member finds in it is then undefined: it depends on how the sorted set grew,
// so that the log must hold the outcome instead of the command.
func mixed(z *handle) bool {
	n := z.Len()
	if n == 0 {
		return false
	}
	_, low := z.At(0)
	_, high := z.At(n - 1)
	return low != high
}

// below counts the members before the end, and itself when orEqual.
func (e lexEnd) below(z *handle, orEqual bool) int {
	switch e.infinite {
	case -1:
		return 0
	case 1:
		return z.Len()
	}
	return z.CountLexLess(e.member, orEqual)
}

// parseLexEnd reads "-", "+", "[member" or "(member".
func parseLexEnd(b []byte) (e lexEnd, ok bool) {
	if len(b) == 0 {
		return e, false
	}
	switch b[0] {
	case '-':
		return lexEnd{infinite: -1}, len(b) == 1
	case '+':
		return lexEnd{infinite: 1}, len(b) == 1
	case '[', '(':
		return lexEnd{member: b[1:], excluded: b[0] == '('}, true
	}
	return e, false
}
