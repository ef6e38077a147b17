package list_test

import (
	"slices"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/command/key"
	"github.com/kevy-lua/kevy-lua/engine/command/list"
	"github.com/kevy-lua/kevy-lua/engine/command/str"
)

// rows is the group with those that its tests need besides.
func rows() []command.Spec {
	return slices.Concat(list.Table(), str.Table(), key.Table())
}
