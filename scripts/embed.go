// Package scripts holds the Lua that ships with kevy-lua: libraries of hooks,
// libraries of functions, and scripts for EVAL. It knows nothing else; each file
// has a test in Lua in tests, or one of package scripting.
package scripts

import "embed"

// Files are the scripts: hooks/*.lua, functions/*.lua, examples/*.lua.
//
//go:embed hooks/*.lua functions/*.lua examples/*.lua
var Files embed.FS
