package geo

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/hook"
	"github.com/kevy-lua/kevy-lua/engine/keyspace"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// handle is access to one sorted set, valid while its shard is locked.
type handle = keyspace.ZSetHandle

const errUnit wire.Error = "ERR unsupported unit provided. please use M, KM, FT, MI"

// placeAt reads a longitude and a latitude from argument i on.
func placeAt(c *command.Call, i int) (p place, err error) {
	if p.lon, err = c.Float(i); err != nil {
		return p, err
	}
	if p.lat, err = c.Float(i + 1); err != nil {
		return p, err
	}
	if p.lon < minLon || p.lon > maxLon || p.lat < minLat || p.lat > maxLat {
		return p, wire.Errorf("ERR invalid longitude,latitude pair %s,%s", plain(p.lon), plain(p.lat))
	}
	return p, nil
}

// plain is a number as C's %f prints it.
func plain(f float64) string {
	return strings.ToLower(strings.TrimPrefix(strconv.FormatFloat(f, 'f', 6, 64), "+"))
}

// unitAt reads a unit from argument i and returns it in meters.
func unitAt(c *command.Call, i int) (meters float64, err error) {
	switch {
	case c.Is(i, "m"):
		return 1, nil
	case c.Is(i, "km"):
		return 1000, nil
	case c.Is(i, "ft"):
		return 0.3048, nil
	case c.Is(i, "mi"):
		return 1609.34, nil
	}
	return 0, errUnit
}

// The parts of the command as which GEOADD and the stores are logged.
var (
	delName  = []byte("DEL")
	zaddName = []byte("ZADD")
	nxWord   = []byte("NX")
	xxWord   = []byte("XX")
)

// addition holds the options of GEOADD.
type addition struct{ nx, xx, ch bool }

// additionArgs reads the options and returns where the places begin.
func additionArgs(c *command.Call) (a addition, first int, err error) {
	first = 2
options:
	for ; first < len(c.Args); first++ {
		switch {
		case c.Is(first, "nx"):
			a.nx = true
		case c.Is(first, "xx"):
			a.xx = true
		case c.Is(first, "ch"):
			a.ch = true
		default:
			break options
		}
	}
	if triples := len(c.Args) - first; triples == 0 || triples%3 != 0 || a.nx && a.xx {
		return a, 0, wire.ErrSyntax
	}
	return a, first, nil
}

// geoadd is logged as the ZADD that it comes down to.
func geoadd(c *command.Call) error {
	a, first, err := additionArgs(c)
	if err != nil {
		return err
	}
	key := c.Args[1]
	record := [][]byte{zaddName, key}
	switch {
	case a.nx:
		record = append(record, nxWord)
	case a.xx:
		record = append(record, xxWord)
	}
	scores := make([]float64, 0, (len(c.Args)-first)/3)
	for i := first; i < len(c.Args); i += 3 {
		p, err := placeAt(c, i)
		if err != nil {
			return err
		}
		score := scoreOf(p)
		scores = append(scores, score)
		record = append(record, strconv.AppendUint(nil, uint64(score), 10), c.Args[i+2])
	}
	z, err := c.ZSet(key)
	if err != nil {
		return err
	}
	added, updated := 0, 0
	for i, score := range scores {
		m := c.Args[first+3*i+2]
		switch old, exists := z.Score(m); {
		case exists && !a.nx && old != score:
			z.Set(m, score)
			updated++
		case !exists && !a.xx:
			z.Set(m, score)
			added++
		}
	}
	if added+updated > 0 {
		c.Changed(key, hook.ZSet, "zadd")
		c.Log(record...)
	}
	if a.ch {
		added += updated
	}
	c.Reply.Int(int64(added))
	return nil
}

func geodist(c *command.Call) error {
	unit := 1.0
	if len(c.Args) > 5 {
		return wire.ErrSyntax
	}
	if len(c.Args) == 5 {
		var err error
		if unit, err = unitAt(c, 4); err != nil {
			return err
		}
	}
	z, err := c.ZSet(c.Args[1])
	if err != nil {
		return err
	}
	a, ok1 := z.Score(c.Args[2])
	b, ok2 := z.Score(c.Args[3])
	if !ok1 || !ok2 {
		c.Reply.Null()
		return nil
	}
	replyDistance(c.Reply, distance(placeOf(a), placeOf(b))/unit)
	return nil
}

// replyDistance writes a distance as Redis does: a string with four decimals.
func replyDistance(r wire.Reply, d float64) {
	var text [32]byte
	r.Bulk(strconv.AppendFloat(text[:0], d, 'f', 4, 64))
}

func geohash(c *command.Call) error {
	z, err := c.ZSet(c.Args[1])
	if err != nil {
		return err
	}
	c.Reply.Array(len(c.Args) - 2)
	for _, m := range c.Args[2:] {
		score, ok := z.Score(m)
		if !ok {
			c.Reply.Null()
			continue
		}
		c.Reply.BulkString(placeOf(score).text())
	}
	return nil
}

func geopos(c *command.Call) error {
	z, err := c.ZSet(c.Args[1])
	if err != nil {
		return err
	}
	c.Reply.Array(len(c.Args) - 2)
	for _, m := range c.Args[2:] {
		score, ok := z.Score(m)
		if !ok {
			c.Reply.NullArray()
			continue
		}
		replyPlace(c.Reply, placeOf(score))
	}
	return nil
}

func replyPlace(r wire.Reply, p place) {
	r.Array(2)
	replyDegrees(r, p.lon)
	replyDegrees(r, p.lat)
}

// replyDegrees writes a double as Redis writes coordinates: with up to seventeen
// decimals and no zeros at the end.
func replyDegrees(r wire.Reply, degrees float64) {
	var room [40]byte
	text := strconv.AppendFloat(room[:0], degrees, 'f', 17, 64)
	r.DoubleText(degrees, bytes.TrimRight(bytes.TrimRight(text, "0"), "."))
}
