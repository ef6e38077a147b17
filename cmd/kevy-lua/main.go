// Command kevy-lua is the server and its tools, with the plugins that ship.
// Other programs can be the same with plugins of theirs.
package main

import (
	"github.com/kevy-lua/kevy-lua/cmd/kevy-lua/app"

	_ "github.com/kevy-lua/kevy-lua/plugins/audit"
	_ "github.com/kevy-lua/kevy-lua/plugins/metrics"
)

func main() { app.Main() }
