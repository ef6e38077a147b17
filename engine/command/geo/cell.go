package geo

import "math"

// A cell is a rectangle of longitudes and latitudes: each step halves both, and
// its bits name the halves, longitude and latitude in turn. A place is stored
// as the cell of 26 steps that holds it: 52 bits, which a score holds exactly.
// Cells that are neighbours on the map have few bits in common at times, but
// all that is inside a cell lies in one range of scores.

const (
	maxStep = 26

	minLon, maxLon = -180.0, 180.0
	// Beyond these latitudes the projection that cells are made on ends.
	minLat, maxLat = -85.05112878, 85.05112878
)

// place is a point on the sphere, in degrees.
type place struct{ lon, lat float64 }

// cell is a rectangle of the grid of 2^step by 2^step.
type cell struct {
	x, y uint32 // columns from the west, rows from the south
	step int
}

// area is what a cell covers, in degrees.
type area struct{ west, east, south, north float64 }

// cellOf returns the cell that holds p, whose coordinates are in range.
func cellOf(p place, step int) cell {
	return cell{x: slot(p.lon, minLon, maxLon, step), y: slot(p.lat, minLat, maxLat, step), step: step}
}

// slot divides low to high into 2^step parts and returns the one v is in. As in
// Redis, high itself is in a part of its own behind the last one: such a place
// is stored exactly, but no search from elsewhere looks there.
func slot(v, low, high float64, step int) uint32 {
	return uint32((v - low) / (high - low) * float64(uint64(1)<<step))
}

// cellAt returns the cell whose name is bits.
func cellAt(bits uint64) cell {
	return cell{x: every2nd(bits >> 1), y: every2nd(bits), step: maxStep}
}

// bits is the cell's name, of twice as many bits as it has steps.
func (c cell) bits() uint64 { return spread(c.x)<<1 | spread(c.y) }

// scores returns the range of scores inside the cell, the upper one excluded.
func (c cell) scores() (from, to float64) {
	shift := 2 * (maxStep - c.step)
	return float64(c.bits() << shift), float64((c.bits() + 1) << shift)
}

// neighbour returns the cell dx columns to the east and dy rows to the north,
// around the edges of the map.
func (c cell) neighbour(dx, dy int) cell {
	mask := uint32(1)<<c.step - 1
	if dx != 0 {
		c.x = (c.x + uint32(dx)) & mask
	}
	if dy != 0 {
		c.y = (c.y + uint32(dy)) & mask
	}
	return c
}

func (c cell) area() area {
	size := float64(uint64(1) << c.step)
	edge := func(i uint32, low, high float64) float64 { return low + float64(i)/size*(high-low) }
	return area{
		west: edge(c.x, minLon, maxLon), east: edge(c.x+1, minLon, maxLon),
		south: edge(c.y, minLat, maxLat), north: edge(c.y+1, minLat, maxLat),
	}
}

// placeOf returns the middle of the cell that a score stands for. A score that no
// GEOADD makes, because 64 bits do not hold it, counts as 0, as it does on a PC in C.
func placeOf(score float64) place {
	if score >= 1<<64 {
		score = 0
	}
	a := cellAt(uint64(score)).area()
	return place{
		lon: min(max((a.west+a.east)/2, minLon), maxLon),
		lat: min(max((a.south+a.north)/2, minLat), maxLat),
	}
}

// scoreOf returns the score under which p is stored.
func scoreOf(p place) float64 { return float64(cellOf(p, maxStep).bits()) }

// spread puts a zero before each bit of v.
func spread(v uint32) uint64 {
	x := uint64(v)
	x = (x | x<<16) & 0x0000ffff0000ffff
	x = (x | x<<8) & 0x00ff00ff00ff00ff
	x = (x | x<<4) & 0x0f0f0f0f0f0f0f0f
	x = (x | x<<2) & 0x3333333333333333
	return (x | x<<1) & 0x5555555555555555
}

// every2nd is the reverse of spread; the other bits of x are ignored.
func every2nd(x uint64) uint32 {
	x &= 0x5555555555555555
	x = (x | x>>1) & 0x3333333333333333
	x = (x | x>>2) & 0x0f0f0f0f0f0f0f0f
	x = (x | x>>4) & 0x00ff00ff00ff00ff
	x = (x | x>>8) & 0x0000ffff0000ffff
	return uint32(x | x>>16)
}

const alphabet = "0123456789bcdefghjkmnpqrstuvwxyz"

// text returns the standard geohash of p, whose grid reaches to the poles. The
// last of its eleven letters would need more bits than are stored: it is '0'.
func (p place) text() string {
	bits := cell{x: slot(p.lon, minLon, maxLon, maxStep), y: slot(p.lat, -90, 90, maxStep), step: maxStep}.bits()
	var b [11]byte
	for i := range b[:10] {
		b[i] = alphabet[bits>>(2*maxStep-5*(i+1))&31]
	}
	b[10] = alphabet[0]
	return string(b[:])
}

// earthRadius in meters, as Redis has it.
const earthRadius = 6372797.560856

func radians(degrees float64) float64 { return degrees * (math.Pi / 180) }
func degrees(radians float64) float64 { return radians / (math.Pi / 180) }

// distance in meters along the surface, by the haversine formula.
func distance(a, b place) float64 {
	v := math.Sin((radians(b.lon) - radians(a.lon)) / 2)
	if v == 0 {
		return latDistance(a.lat, b.lat)
	}
	lat1, lat2 := radians(a.lat), radians(b.lat)
	u := math.Sin((lat2 - lat1) / 2)
	return 2 * earthRadius * math.Asin(math.Sqrt(u*u+math.Cos(lat1)*math.Cos(lat2)*v*v))
}

// latDistance is the distance of two places of the same longitude.
func latDistance(lat1, lat2 float64) float64 {
	return earthRadius * math.Abs(radians(lat2)-radians(lat1))
}
