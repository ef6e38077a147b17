package geo

import (
	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

const (
	errMember       wire.Error = "ERR could not decode requested zset member"
	errRadius       wire.Error = "ERR need numeric radius"
	errNegRadius    wire.Error = "ERR radius cannot be negative"
	errWidth        wire.Error = "ERR need numeric width"
	errHeight       wire.Error = "ERR need numeric height"
	errNegBox       wire.Error = "ERR height or width cannot be negative"
	errCount        wire.Error = "ERR COUNT must be > 0"
	errAny          wire.Error = "ERR the ANY argument requires COUNT argument"
	errStoreWith    wire.Error = "ERR STORE option in GEORADIUS is not compatible with WITHDIST, WITHHASH and WITHCOORD options"
	errSearchStored wire.Error = "ERR GEOSEARCHSTORE is not compatible with WITHDIST, WITHHASH and WITHCOORD options"
)

// search is one command of the GEOSEARCH and GEORADIUS families.
type search struct {
	c      *command.Call
	source handle
	exists bool // the source has members

	free     bool // GEOSEARCH: center and shape are options
	readOnly bool // STORE is no word of it

	shape                        shape
	centerAt, centerMember       bool // FROMLONLAT, FROMMEMBER were given
	byRadius, byBox              bool
	withDist, withHash, withCoor bool
	order                        int // 1 the nearest first, -1 the farthest first, 0 as found
	count                        int64
	any                          bool

	store     []byte // destination; nil: the reply
	storeDist bool
	event     string
}

func geosearch(c *command.Call) error {
	return (&search{c: c, free: true, readOnly: true}).run(1, 2)
}

func geosearchstore(c *command.Call) error {
	return (&search{c: c, free: true, store: c.Args[1], event: "geosearchstore"}).run(2, 3)
}

func georadius(c *command.Call) error   { return (&search{c: c, event: "georadiusstore"}).run(1, 6) }
func georadiusRO(c *command.Call) error { return (&search{c: c, readOnly: true}).run(1, 6) }

func georadiusbymember(c *command.Call) error {
	return (&search{c: c, event: "georadiusstore"}).run(1, 5)
}

func georadiusbymemberRO(c *command.Call) error {
	return (&search{c: c, readOnly: true}).run(1, 5)
}

// run executes the search in the sorted set at argument key; its options
// begin at argument i.
func (s *search) run(key, i int) (err error) {
	if s.source, err = s.c.ZSet(s.c.Args[key]); err != nil {
		return err
	}
	s.exists = s.source.Len() > 0
	switch {
	case s.free:
	case i == 6:
		if s.shape.center, err = placeAt(s.c, 2); err != nil {
			return err
		}
		err = s.readRadius(4)
	case s.exists:
		if err = s.readMember(2); err != nil {
			return err
		}
		err = s.readRadius(3)
	}
	if err != nil {
		return err
	}
	if err = s.readOptions(i); err != nil {
		return err
	}
	if err = s.check(); err != nil {
		return err
	}
	if s.store != nil {
		return s.storeFound()
	}
	s.replyFound()
	return nil
}

// readMember takes the center from the member at argument i.
func (s *search) readMember(i int) error {
	score, ok := s.source.Score(s.c.Args[i])
	if !ok {
		return errMember
	}
	s.shape.center = placeOf(score)
	return nil
}

func (s *search) readRadius(i int) (err error) {
	radius, ok := command.ParseFloat(s.c.Args[i])
	switch {
	case !ok:
		return errRadius
	case radius < 0:
		return errNegRadius
	}
	s.shape.radius, s.shape.box = radius, false
	s.shape.unit, err = unitAt(s.c, i+1)
	return err
}

func (s *search) readBox(i int) (err error) {
	width, ok := command.ParseFloat(s.c.Args[i])
	if !ok {
		return errWidth
	}
	height, ok := command.ParseFloat(s.c.Args[i+1])
	switch {
	case !ok:
		return errHeight
	case width < 0 || height < 0:
		return errNegBox
	}
	s.shape.width, s.shape.height, s.shape.box = width, height, true
	s.shape.unit, err = unitAt(s.c, i+2)
	return err
}

func (s *search) readOptions(i int) (err error) {
	for i < len(s.c.Args) {
		used := s.flag(i)
		if used == 0 {
			used, err = s.option(i, len(s.c.Args)-i-1)
		}
		switch {
		case err != nil:
			return err
		case used == 0:
			return wire.ErrSyntax
		}
		i += used
	}
	return nil
}

// flag reads a word that stands alone from argument i, and returns 1 when it
// is one.
func (s *search) flag(i int) (used int) {
	c := s.c
	switch {
	case c.Is(i, "withdist"):
		s.withDist = true
	case c.Is(i, "withhash"):
		s.withHash = true
	case c.Is(i, "withcoord"):
		s.withCoor = true
	case c.Is(i, "any"):
		s.any = true
	case c.Is(i, "asc"):
		s.order = 1
	case c.Is(i, "desc"):
		s.order = -1
	case s.free && s.store != nil && c.Is(i, "storedist"):
		s.storeDist = true
	default:
		return 0
	}
	return 1
}

// option reads a word with arguments, of which there are rest, and returns how
// many arguments it took: 0 when it is none that may stand here.
func (s *search) option(i, rest int) (used int, err error) {
	c := s.c
	switch {
	case rest > 0 && c.Is(i, "count"):
		if s.count, err = c.Int(i + 1); err == nil && s.count <= 0 {
			err = errCount
		}
		return 2, err
	case rest > 0 && !s.free && !s.readOnly && s.store == nil && (c.Is(i, "store") || c.Is(i, "storedist")):
		// Redis takes the last one of several; then the row would not declare its key.
		s.store, s.storeDist = c.Args[i+1], c.Is(i, "storedist")
		return 2, nil
	case !s.free:
		return 0, nil
	case rest > 0 && !s.centerAt && c.Is(i, "frommember"):
		s.centerMember = true
		if s.exists {
			err = s.readMember(i + 1)
		}
		return 2, err
	case rest > 1 && !s.centerMember && c.Is(i, "fromlonlat"):
		s.centerAt = true
		s.shape.center, err = placeAt(c, i+1)
		return 3, err
	case rest > 1 && !s.byBox && c.Is(i, "byradius"):
		s.byRadius = true
		return 3, s.readRadius(i + 1)
	case rest > 2 && !s.byRadius && c.Is(i, "bybox"):
		s.byBox = true
		return 4, s.readBox(i + 1)
	}
	return 0, nil
}

// check refuses combinations of options.
func (s *search) check() error {
	switch with := s.withDist || s.withHash || s.withCoor; {
	case s.store != nil && with && s.free:
		return errSearchStored
	case s.store != nil && with:
		return errStoreWith
	case s.free && !s.centerAt && !s.centerMember:
		return wire.Errorf("ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for %s", s.c.Args[0])
	case s.free && !s.byRadius && !s.byBox:
		return wire.Errorf("ERR exactly one of BYRADIUS and BYBOX can be specified for %s", s.c.Args[0])
	case s.any && s.count == 0:
		return errAny
	}
	if s.count > 0 && s.order == 0 && !s.any {
		s.order = 1 // the first count of them must be the nearest
	}
	return nil
}
