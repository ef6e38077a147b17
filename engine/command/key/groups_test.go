package key_test

import (
	"slices"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/command/hash"
	"github.com/kevy-lua/kevy-lua/engine/command/key"
	"github.com/kevy-lua/kevy-lua/engine/command/list"
	"github.com/kevy-lua/kevy-lua/engine/command/set"
	"github.com/kevy-lua/kevy-lua/engine/command/str"
	"github.com/kevy-lua/kevy-lua/engine/command/stream"
	"github.com/kevy-lua/kevy-lua/engine/command/zset"
)

// rows is the group with the groups that make values for it.
func rows() []command.Spec {
	return slices.Concat(key.Table(), str.Table(), hash.Table(), list.Table(), set.Table(), zset.Table(), stream.Table())
}
