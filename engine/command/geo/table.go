// Package geo is the group of commands on places: members of a sorted set whose
// scores are geohashes.
//
// It knows the keyspace's sorted sets, the arithmetic of geohashes on the
// sphere, and what Redis 7.0 answers. It must not know other groups or the engine.
package geo

import "github.com/kevy-lua/kevy-lua/engine/command"

const (
	readKey  = command.KeyRO | command.KeyAccess
	storeKey = command.KeyOW | command.KeyUpdate

	perMember  = "O(1) for each member"
	searchCost = "O(N + log M) for M members, N of them in the cells around the shape"

	units   = "<M|KM|FT|MI>"
	from    = "<FROMMEMBER member|FROMLONLAT longitude latitude>"
	by      = "<BYRADIUS radius " + units + "|BYBOX width height " + units + ">"
	order   = "[ASC|DESC] [COUNT count [ANY]]"
	with    = "[WITHCOORD] [WITHDIST] [WITHHASH]"
	radius  = "radius " + units + " " + with + " [COUNT count [ANY]] [ASC|DESC]"
	storing = " [STORE key|STOREDIST key]"
)

// Table returns the group's rows. The caller owns them.
func Table() []command.Spec {
	return append(places(), searches()...)
}

func places() []command.Spec {
	return []command.Spec{
		{Name: "geoadd", Arity: -5, Flags: command.Write | command.DenyOOM, Group: command.GroupGeo, Since: "3.2.0",
			Keys:    []command.KeySpec{command.Key(1, command.KeyRW|command.KeyUpdate)},
			Summary: "Adds members at places, or moves them", Complexity: "O(log N) for each member",
			Syntax: "key [NX|XX] [CH] longitude latitude member [longitude latitude member ...]", Run: geoadd},
		{Name: "geodist", Arity: -4, Flags: command.ReadOnly, Group: command.GroupGeo, Since: "3.2.0",
			Keys:    []command.KeySpec{command.Key(1, readKey)},
			Summary: "Returns the distance between two members", Complexity: "O(1)",
			Syntax: "key member1 member2 [M|KM|FT|MI]", Run: geodist},
		{Name: "geohash", Arity: -2, Flags: command.ReadOnly, Group: command.GroupGeo, Since: "3.2.0",
			Keys:    []command.KeySpec{command.Key(1, readKey)},
			Summary: "Returns the places of members as standard geohash texts", Complexity: perMember,
			Syntax: "key [member [member ...]]", Run: geohash},
		{Name: "geopos", Arity: -2, Flags: command.ReadOnly, Group: command.GroupGeo, Since: "3.2.0",
			Keys:    []command.KeySpec{command.Key(1, readKey)},
			Summary: "Returns the longitudes and latitudes of members", Complexity: perMember,
			Syntax: "key [member [member ...]]", Run: geopos},
	}
}

func searches() []command.Spec {
	return []command.Spec{
		{Name: "geosearch", Arity: -7, Flags: command.ReadOnly, Group: command.GroupGeo, Since: "6.2.0",
			Keys:    []command.KeySpec{command.Key(1, readKey)},
			Summary: "Returns the members inside a circle or a box", Complexity: searchCost,
			Syntax: "key " + from + " " + by + " " + order + " " + with, Run: geosearch},
		{Name: "geosearchstore", Arity: -8, Flags: command.Write | command.DenyOOM, Group: command.GroupGeo, Since: "6.2.0",
			Keys:    []command.KeySpec{command.Key(1, storeKey), command.Key(2, readKey)},
			Summary: "Stores the members inside a circle or a box", Complexity: searchCost,
			Syntax: "destination source " + from + " " + by + " " + order + " [STOREDIST]", Run: geosearchstore},
		{Name: "georadius", Arity: -6, Flags: command.Write | command.DenyOOM | command.MovableKeys, Group: command.GroupGeo, Since: "3.2.0",
			Keys:    radiusKeys(6),
			Summary: "Returns or stores the members inside a circle around a place", Complexity: searchCost,
			Syntax: "key longitude latitude " + radius + storing, Run: georadius},
		{Name: "georadius_ro", Arity: -6, Flags: command.ReadOnly, Group: command.GroupGeo, Since: "3.2.10",
			Keys:    []command.KeySpec{command.Key(1, readKey)},
			Summary: "Returns the members inside a circle around a place", Complexity: searchCost,
			Syntax: "key longitude latitude " + radius, Run: georadiusRO},
		{Name: "georadiusbymember", Arity: -5, Flags: command.Write | command.DenyOOM | command.MovableKeys, Group: command.GroupGeo, Since: "3.2.0",
			Keys:    radiusKeys(5),
			Summary: "Returns or stores the members inside a circle around a member", Complexity: searchCost,
			Syntax: "key member " + radius + storing, Run: georadiusbymember},
		{Name: "georadiusbymember_ro", Arity: -5, Flags: command.ReadOnly, Group: command.GroupGeo, Since: "3.2.10",
			Keys:    []command.KeySpec{command.Key(1, readKey)},
			Summary: "Returns the members inside a circle around a member", Complexity: searchCost,
			Syntax: "key member " + radius, Run: georadiusbymemberRO},
	}
}

// radiusKeys is the source, and the destination behind one of two words that
// are looked for from argument i on.
func radiusKeys(i int) []command.KeySpec {
	return []command.KeySpec{
		command.Key(1, readKey),
		{Flags: storeKey, Keyword: "STORE", StartFrom: i, Step: 1},
		{Flags: storeKey, Keyword: "STOREDIST", StartFrom: i, Step: 1},
	}
}
