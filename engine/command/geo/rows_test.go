package geo_test

import (
	"slices"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/command/geo"
	"github.com/kevy-lua/kevy-lua/engine/command/key"
	"github.com/kevy-lua/kevy-lua/engine/command/str"
	"github.com/kevy-lua/kevy-lua/engine/command/zset"
)

// rows is the group with those that its tests need besides.
func rows() []command.Spec {
	return slices.Concat(geo.Table(), zset.Table(), str.Table(), key.Table())
}
