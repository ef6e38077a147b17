package geo

import "math"

// shape is a circle, or a box whose sides run along the compass. Its sizes are
// in units of unit meters.
type shape struct {
	center        place
	box           bool
	radius        float64
	width, height float64
	unit          float64
}

// holds returns how far p is from the center, and whether it is inside.
func (s *shape) holds(p place) (meters float64, inside bool) {
	if !s.box {
		meters = distance(s.center, p)
		return meters, meters <= s.radius*s.unit
	}
	if latDistance(p.lat, s.center.lat) > s.height*s.unit/2 ||
		distance(p, place{s.center.lon, p.lat}) > s.width*s.unit/2 {
		return 0, false
	}
	return distance(s.center, p), true
}

// bounds returns the rectangle of degrees around the shape.
func (s *shape) bounds() area {
	up, across := s.radius*s.unit, s.radius*s.unit
	if s.box {
		up, across = s.height*s.unit/2, s.width*s.unit/2
	}
	lat := degrees(up / earthRadius)
	top := degrees(across / earthRadius / math.Cos(radians(s.center.lat+lat)))
	bottom := degrees(across / earthRadius / math.Cos(radians(s.center.lat-lat)))
	lon := top
	if s.center.lat < 0 {
		lon = bottom // the side that is nearer to its pole is the wider one in degrees
	}
	return area{west: s.center.lon - lon, east: s.center.lon + lon, south: s.center.lat - lat, north: s.center.lat + lat}
}

// reach is the distance in meters from the center to the farthest point.
func (s *shape) reach() float64 {
	if s.box {
		return math.Sqrt(s.width*s.width/4+s.height*s.height/4) * s.unit
	}
	return s.radius * s.unit
}

// stepFor returns how small cells may be so that nine of them around one that
// holds the center reach that far.
func stepFor(meters, lat float64) int {
	const halfEquator = 20037726.37
	if meters == 0 {
		return maxStep
	}
	step := -1
	for ; meters < halfEquator && step < maxStep; step++ {
		meters *= 2
	}
	switch lat = math.Abs(lat); {
	case lat > 80: // cells are narrower there
		step -= 2
	case lat > 66:
		step--
	}
	return min(max(step, 1), maxStep)
}

// around are the places of a cell and its neighbours, columns and rows apart,
// in the order in which Redis looks into them.
var around = [9][2]int{{0, 0}, {0, 1}, {0, -1}, {1, 0}, {-1, 0}, {1, 1}, {-1, 1}, {1, -1}, {-1, -1}}

// cover returns cells that hold the whole shape: the one of the center and
// those of its neighbours that are needed.
func (s *shape) cover() []cell {
	b := s.bounds()
	step := stepFor(s.reach(), s.center.lat)
	middle := cellOf(s.center, step)
	if step > 1 && !middle.reaches(b) {
		step--
		middle = cellOf(s.center, step)
	}
	a := middle.area()
	cells := make([]cell, 0, len(around))
next:
	for _, d := range around {
		if step >= 2 && (d[1] < 0 && a.south < b.south || d[1] > 0 && a.north > b.north ||
			d[0] < 0 && a.west < b.west || d[0] > 0 && a.east > b.east) {
			continue // the shape ends before this side of the middle
		}
		n := middle.neighbour(d[0], d[1])
		for _, have := range cells {
			if have == n {
				continue next // the map is so small that neighbours meet behind it
			}
		}
		cells = append(cells, n)
	}
	return cells
}

// reaches reports whether c and its neighbours hold all of b.
func (c cell) reaches(b area) bool {
	return c.neighbour(0, 1).area().north >= b.north && c.neighbour(0, -1).area().south <= b.south &&
		c.neighbour(1, 0).area().east >= b.east && c.neighbour(-1, 0).area().west <= b.west
}
