// Package plugins is how Go code extends the engine: a registry of plugins by
// name, the Host through which a plugin reaches the engine, and the life of a
// set of plugins.
//
// A plugin is a package that calls Register in init and is imported, blank, by
// main. It has one mandatory method, Provision, and optional ones that are
// found by type assertion. This package knows commands, hooks and configuration
// values; it must not know the Engine's type (Core is what it needs of it), nor
// the network.
package plugins
