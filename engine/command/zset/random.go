package zset

import (
	"math"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

const (
	errCountRange wire.Error = "ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807"
	errCountHuge  wire.Error = "ERR value is out of range"
)

func zrandmember(c *command.Call) error {
	if len(c.Args) >= 3 {
		return zrandmemberCount(c)
	}
	z, err := c.ZSet(c.Args[1])
	if err != nil {
		return err
	}
	if z.Len() == 0 {
		c.Reply.Null()
		return nil
	}
	m, _ := z.Random()
	c.Reply.Bulk(m)
	return nil
}

func zrandmemberCount(c *command.Call) error {
	count, err := c.Int(2)
	if err != nil {
		return err
	}
	if count == math.MinInt64 {
		return errCountRange
	}
	withScores := false
	if len(c.Args) > 3 {
		if len(c.Args) > 4 || !c.Is(3, "withscores") {
			return wire.ErrSyntax
		}
		if withScores = true; count < -math.MaxInt64/2 || count > math.MaxInt64/2 {
			return errCountHuge
		}
	}
	if count < -math.MaxInt32 {
		return errCountHuge // a reply that could not be held in memory; Redis tries
	}
	z, err := c.ZSet(c.Args[1])
	if err != nil {
		return err
	}
	randomMembers(&z, count, pairs{c.Reply, withScores})
	return nil
}

// randomMembers writes count different members, for a negative count that many
// draws that may repeat.
func randomMembers(z *handle, count int64, out pairs) {
	length := int64(z.Len())
	switch {
	case count == 0 || length == 0:
		out.begin(0)
	case count < 0:
		out.begin(int(-count))
		for ; count < 0; count++ {
			out.add(z.Random())
		}
	case count >= length:
		out.begin(int(length))
		z.Range(0, int(length), out.add)
	case count <= length/2:
		out.begin(int(count))
		for m, score := range draw(z, int(count)) {
			out.add([]byte(m), score)
		}
	default:
		left := draw(z, int(length-count))
		out.begin(int(count))
		z.Range(0, int(length), func(m []byte, score float64) bool {
			if _, ok := left[string(m)]; !ok {
				out.add(m, score)
			}
			return true
		})
	}
}

// draw returns n different members. n is at most half of them, so that every
// second draw at least is a new one.
func draw(z *handle, n int) map[string]float64 {
	drawn := make(map[string]float64, n)
	for len(drawn) < n {
		m, score := z.Random()
		drawn[string(m)] = score
	}
	return drawn
}
