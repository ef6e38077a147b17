package geo_test

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/kevy-lua/kevy-lua/engine/command/commandtest"
	"github.com/kevy-lua/kevy-lua/engine/command/geo"
)

const sicily = "GEOADD g 13.361389 38.115556 Palermo 15.087269 37.502669 Catania"

func TestRows(t *testing.T) { commandtest.CompareRows(t, geo.Table()) }

func TestEffects(t *testing.T) {
	none := commandtest.None
	setup := []string{sicily}
	commandtest.RunCases(t, rows(), []commandtest.Case{
		{Line: sicily, Want: "(integer) 2", Log: []string{"ZADD g 3479099956230698 Palermo 3479447370796909 Catania"}, Events: []string{"z:zadd g"}},
		{Line: "GEOADD g NX CH 1 1 a", Want: "(integer) 1", Log: []string{"ZADD g NX 3377822707026402 a"}},
		{Line: "GEOADD g XX 1 1 a", Want: "(integer) 0", Log: none, Events: none},
		{Setup: setup, Line: sicily, Want: "(integer) 0", Log: none, Events: none},
		{Setup: setup, Line: "GEOADD g CH XX 1 1 Palermo", Want: "(integer) 1", Log: []string{"ZADD g XX 3377822707026402 Palermo"}, Events: []string{"z:zadd g"}},
		{Setup: setup, Line: "GEOSEARCHSTORE d g FROMLONLAT 15 37 BYRADIUS 200 km ASC", Want: "(integer) 2",
			Log: []string{"DEL d", "ZADD d 3479447370796909 Catania 3479099956230698 Palermo"}, Events: []string{"z:geosearchstore d"}},
		{Setup: append([]string{"SET d x"}, setup...), Line: "GEOSEARCHSTORE d g FROMLONLAT 15 37 BYRADIUS 1 km", Want: "(integer) 0",
			Log: []string{"DEL d"}, Events: []string{"g:del d"}},
		{Line: "GEOSEARCHSTORE d g FROMLONLAT 15 37 BYRADIUS 1 km", Want: "(integer) 0", Log: none, Events: none},
		{Setup: setup, Line: "GEORADIUS g 15 37 200 km STORE g COUNT 1", Want: "(integer) 1",
			Log: []string{"DEL g", "ZADD g 3479447370796909 Catania"}, Events: []string{"z:georadiusstore g"}},
		{Setup: setup, Line: "GEORADIUS g 15 37 200 km STORE a STORE b", Want: "(error) ERR syntax error", Log: none},
	})
}

func TestOracle(t *testing.T) {
	commandtest.CompareScripts(t, rows(), []commandtest.Script{
		{Name: "add", Lines: []string{"SET s x", sicily, sicily, "GEOADD g NX 1 1 Palermo 2 2 new", "GEOADD g XX CH 1 1 Palermo 2 2 newer", "GEOADD g NX XX 1 1 a", "GEOADD g CH 1 1 Palermo 3 3 b 4 4 c",
			"GEOADD g 1 1", "GEOADD g 1 1 a 2", "GEOADD g NX CH XX", "GEOADD g x 1 a", "GEOADD g 1 x a", "GEOADD g 181 1 a", "GEOADD g 1 86 a", "GEOADD g -180.5 -86 a", "GEOADD g inf -inf a", "GEOADD s 1 1 a", "GEOADD s x 1 a", "GEOADD g FOO 1 1 a",
			"GEOADD g 180 85.05112878 ne -180 -85.05112878 sw 0 0 zero -0.0001 0.0001 near 179.999999 85.0511 nne", "GEOADD g 1e-300 1e-300 tiny"}},
		{Name: "read", Lines: []string{"SET s x", sicily, "GEOADD g 180 85.05112878 ne -180 -85.05112878 sw 0 0 zero 2.2945 48.8584 paris -0.0001 -0.0001 near",
			"GEODIST g Palermo Catania", "GEODIST g Palermo Catania km", "GEODIST g Palermo Catania FT", "GEODIST g Palermo Catania mi", "GEODIST g Palermo Catania m", "GEODIST g Palermo Catania parsec", "GEODIST g Palermo no",
			"GEODIST no a b", "GEODIST s a b", "GEODIST g a b km x", "GEODIST s a b parsec", "GEODIST g Palermo Palermo", "GEODIST g ne sw km", "GEODIST g zero near", "GEODIST g paris zero km",
			"GEOHASH g Palermo Catania no ne sw zero paris near", "GEOHASH g", "GEOHASH no a b", "GEOHASH s a", "GEOPOS g", "GEOPOS g Palermo zero paris near", "ZADD g inf far 1e22 farther", "GEOPOS g far farther", "GEOPOS no a", "GEOPOS s a", "GEOPOS g no"}},
		{Name: "search", Lines: []string{"SET s x", sicily, "GEOADD g 12.758489 38.788135 edge1 17.241510 38.788135 edge2",
			"GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 200 km", "GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 200 km ASC", "GEOSEARCH g FROMLONLAT 15 37 BYBOX 400 400 km ASC WITHDIST", "GEOSEARCH g FROMLONLAT 15 37 BYBOX 400 400 km DESC WITHHASH",
			"GEOSEARCH g FROMLONLAT 15 37 BYBOX 400 400 km COUNT 2", "GEOSEARCH g FROMLONLAT 15 37 BYBOX 400 400 km COUNT 1 ANY", "GEOSEARCH g FROMMEMBER Palermo BYRADIUS 200 km ASC WITHDIST", "GEOSEARCH g FROMMEMBER no BYRADIUS 200 km",
			"GEOSEARCH no FROMMEMBER no BYRADIUS 200 km", "GEOSEARCH s FROMMEMBER no BYRADIUS 200 km", "GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 0 m", "GEOSEARCH g FROMMEMBER Palermo BYRADIUS 0 m",
			"GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 200 km ANY", "GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 200 km COUNT 0", "GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 200 km COUNT x", "GEOSEARCH g FROMLONLAT 15 37 BYRADIUS x km",
			"GEOSEARCH g FROMLONLAT 15 37 BYRADIUS -1 km", "GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 1 foo", "GEOSEARCH g FROMLONLAT 15 37 BYBOX x 1 km", "GEOSEARCH g FROMLONLAT 15 37 BYBOX 1 x km",
			"GEOSEARCH g FROMLONLAT 15 37 BYBOX -1 1 km", "GEOSEARCH g FROMLONLAT 15 37 BYBOX 1 1 foo", "GEOSEARCH g FROMLONLAT 15 37 FROMMEMBER Palermo BYRADIUS 1 km", "GEOSEARCH g FROMMEMBER Palermo FROMLONLAT 15 37 BYRADIUS 1 km",
			"GEOSEARCH g BYRADIUS 200 km ASC COUNT 1", "geosearch g FROMLONLAT 15 37 ASC COUNT 1", "GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 1 km BYBOX 1 1 km", "GEOSEARCH g FROMLONLAT 15 37 BYBOX 1 1 km BYRADIUS 1 km",
			"GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 200 km STORE d", "GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 200 km STOREDIST", "GEOSEARCH g FROMLONLAT 200 37 BYRADIUS 200 km", "GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 200 km FOO",
			"GEOSEARCH no FROMLONLAT 15 37 BYRADIUS 200 km FOO", "GEOSEARCH no FROMLONLAT 15 37 BYRADIUS 200 km", "GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 200 km FROMLONLAT 1 1", "GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 20000 km ASC",
			"GEOADD g 180 0.5 line 180 85.05112878 ne -180 -85.05112878 sw 179.9999 0.4 west -179.9999 0.3 east", "GEOSEARCH g FROMMEMBER line BYRADIUS 100 km ASC", "GEOSEARCH g FROMMEMBER ne BYBOX 100 9000 km ASC",
			"GEOSEARCH g FROMMEMBER sw BYRADIUS 100 km ASC", "GEOSEARCH g FROMMEMBER west BYRADIUS 100 km ASC", "GEOSEARCH g FROMMEMBER east BYRADIUS 15000 km ASC", "GEOSEARCH g FROMLONLAT -180 0 BYBOX 2000 100 km DESC"}},
		{Name: "radius", Lines: []string{"SET s x", sicily, "GEORADIUS g 15 37 200 km", "GEORADIUS g 15 37 200 km WITHDIST ASC", "GEORADIUS g 15 37 200 km WITHHASH DESC COUNT 1", "GEORADIUS g 15 37 x km", "GEORADIUS g 15 37 -1 km",
			"GEORADIUS g 15 37 1 foo", "GEORADIUS g x 37 1 km", "GEORADIUS g 15 99 1 km", "GEORADIUS s 15 99 1 km", "GEORADIUS no 15 37 1 km", "GEORADIUS no 15 37 x km", "GEORADIUS no 15 37 1 km STORE d", "GEORADIUS g 15 37 200 km STORE",
			"GEORADIUS_RO g 15 37 200 km", "GEORADIUS_RO g 15 37 200 km STORE d", "GEORADIUS g 15 37 200 km STORE d WITHDIST", "GEORADIUS g 15 37 200 km STORE d", "GEORADIUS g 15 37 200 km STORE d COUNT 1", "GEORADIUS g 15 37 1 km STORE d",
			"GEORADIUSBYMEMBER g Palermo 200 km", "GEORADIUSBYMEMBER g no 200 km", "GEORADIUSBYMEMBER g Palermo x km", "GEORADIUSBYMEMBER no Palermo x km", "GEORADIUSBYMEMBER no Palermo 1 km foo", "GEORADIUSBYMEMBER g Palermo 200 km STORE d",
			"GEORADIUSBYMEMBER_RO g Palermo 200 km WITHDIST ASC", "GEORADIUSBYMEMBER_RO g Palermo 200 km STORE d", "GEORADIUSBYMEMBER g Palermo 200 km FROMLONLAT 1 1", "GEORADIUSBYMEMBER no a 1 km STORE d", "GEORADIUSBYMEMBER no a 1 km STORE d",
			"GEOSEARCHSTORE d g FROMLONLAT 15 37 BYRADIUS 200 km", "GEOSEARCHSTORE d g FROMLONLAT 15 37 BYRADIUS 200 km WITHDIST", "GEOSEARCHSTORE d g FROMLONLAT 15 37", "GEOSEARCHSTORE d no FROMLONLAT 15 37 BYRADIUS 1 m",
			"GEOSEARCHSTORE d no FROMLONLAT 15 37 BYRADIUS 1 m", "GEOSEARCHSTORE d s FROMLONLAT 15 37 BYRADIUS 1 m", "GEOSEARCHSTORE d g FROMLONLAT 15 37 BYRADIUS 1 m STORE e"}},
	})
}

// TestCoordinates compares what RESP2 shows of places; RESP3's doubles have
// fewer digits here than redis-server 7.0's.
func TestCoordinates(t *testing.T) {
	redis := commandtest.StartRedis(t, true)
	s := commandtest.New(t, 1, rows())
	for _, line := range []string{sicily, "GEOADD g 0 0 zero 180 85.05112878 ne -180 -85.05112878 sw 1e-9 -1e-9 tiny", "GEOPOS g Palermo Catania zero ne sw tiny no",
		"GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 200 km ASC WITHCOORD WITHHASH WITHDIST", "ZADD g 1.5 half 4503599627370496 over 123456789 small", "GEOPOS g half over small", "GEOHASH g half over small"} {
		words := commandtest.Words(t, line)
		if got, want := s.Raw(words...), redis.Raw(words...); string(got) != string(want) {
			t.Errorf("%s\n got %q\nwant %q", line, got, want)
		}
	}
}

// TestRandomSearches compares random searches among random places, near the
// poles and the date line too, with redis-server.
func TestRandomSearches(t *testing.T) {
	redis := commandtest.StartRedis(t, true)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	s := commandtest.New(t, 1, rows())
	coordinate := func(limit float64) string {
		v := r.Float64() * limit
		switch r.IntN(12) {
		case 0:
			v = limit - 1e-5 - v/1000 // the date line, the poles
		case 1:
			v /= 1000
		}
		if r.IntN(2) == 0 {
			v = -v
		}
		return fmt.Sprintf("%.6f", v)
	}
	for i := range 2000 {
		words := []string{"GEOADD", "g", coordinate(180), coordinate(85), strconv.Itoa(i)}
		if got, want := s.Raw(words...), redis.Raw(words...); string(got) != string(want) {
			t.Fatalf("%q: %q, not %q", words, got, want)
		}
	}
	sizes := []string{"0.5", "3", "20", "150", "1000", "3000", "9000", "20000"}
	size := func() string { return sizes[r.IntN(len(sizes))] }
	for range 1500 {
		line := "GEOSEARCH g FROMLONLAT " + coordinate(180) + " " + coordinate(85)
		if r.IntN(3) == 0 {
			line = "GEOSEARCH g FROMMEMBER " + strconv.Itoa(r.IntN(2000))
		}
		if r.IntN(2) == 0 {
			line += " BYRADIUS " + size() + " km"
		} else {
			line += " BYBOX " + size() + " " + size() + " km"
		}
		line += []string{"", " ASC", " DESC", " COUNT 5", " COUNT 3 ANY", " ASC WITHDIST", " COUNT 7 DESC WITHHASH"}[r.IntN(7)]
		words := strings.Fields(line)
		if got, want := s.Raw(words...), redis.Raw(words...); string(got) != string(want) {
			t.Errorf("%s\n got %.200q\nwant %.200q", line, got, want)
		}
	}
}

func TestRandomStream(t *testing.T) {
	keys := []string{"a", "b", "c"}
	commandtest.Stream(t, rows(), 600, func(r *rand.Rand) []string {
		key := func() string { return keys[r.IntN(len(keys))] }
		coordinate := func() string { return fmt.Sprintf("%.4f", r.Float64()*10) }
		member := func() string { return "m" + strconv.Itoa(r.IntN(40)) }
		switch r.IntN(8) {
		case 0, 1, 2:
			return []string{"GEOADD", key(), []string{"NX", "XX", "CH"}[r.IntN(3)], coordinate(), coordinate(), member(), coordinate(), coordinate(), member()}
		case 3, 4:
			return []string{"GEOADD", key(), coordinate(), coordinate(), member()}
		case 5:
			words := []string{"GEOSEARCHSTORE", key(), key(), "FROMLONLAT", coordinate(), coordinate(), "BYBOX", "900", "500", "km"}
			if r.IntN(2) == 0 {
				words = append(words, "STOREDIST")
			}
			return words
		case 6:
			return []string{"GEORADIUSBYMEMBER", key(), member(), "400", "km", []string{"STORE", "STOREDIST"}[r.IntN(2)], key()}
		}
		if r.IntN(4) == 0 {
			return []string{"DEL", key()}
		}
		return nil
	})
}
