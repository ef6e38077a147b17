package geo

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestCellsHoldTheirPlaces(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	for range 5000 {
		p := place{lon: (r.Float64()*2 - 1) * maxLon, lat: (r.Float64()*2 - 1) * maxLat}
		score := scoreOf(p)
		if back := placeOf(score); math.Abs(back.lon-p.lon) > 3e-6 || math.Abs(back.lat-p.lat) > 2e-6 {
			t.Fatalf("%v is stored as %v", p, back)
		}
		if c := cellAt(uint64(score)); c.bits() != uint64(score) {
			t.Fatalf("the cell of %v has other bits", p)
		}
		for step := 1; step <= maxStep; step++ {
			c := cellOf(p, step)
			a := c.area()
			if p.lon < a.west || p.lon > a.east || p.lat < a.south || p.lat > a.north {
				t.Fatalf("step %d: %v is outside %v", step, p, a)
			}
			if from, to := c.scores(); score < from || score >= to {
				t.Fatalf("step %d: the score of %v is outside [%v, %v)", step, p, from, to)
			}
			if back := c.neighbour(1, -1).neighbour(-1, 1); back != c {
				t.Fatalf("step %d: the way back from a neighbour of %v leads to %v", step, c, back)
			}
		}
	}
}

// TestCoverIsComplete looks for every place inside a shape in its cells.
func TestCoverIsComplete(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	for range 3000 {
		s := shape{center: place{(r.Float64()*2 - 1) * 180, (r.Float64()*2 - 1) * 60}, unit: 1000, radius: math.Exp(r.Float64() * 8)}
		if r.IntN(2) == 0 {
			s.box, s.width, s.height = true, math.Exp(r.Float64()*8), math.Exp(r.Float64()*8)
		}
		b, cells := s.bounds(), s.cover()
		for range 20 {
			p := place{b.west + r.Float64()*(b.east-b.west), b.south + r.Float64()*(b.north-b.south)}
			if p.lon = math.Remainder(p.lon, 360); math.Abs(p.lat) > maxLat {
				continue
			}
			score := scoreOf(p)
			if _, inside := s.holds(placeOf(score)); !inside {
				continue
			}
			found := false
			for _, c := range cells {
				from, to := c.scores()
				found = found || from <= score && score < to
			}
			if !found {
				t.Fatalf("%+v: %v is in none of %d cells", s, p, len(cells))
			}
		}
	}
}
