// Package config is the one table of parameters, the typed Config built from it, and the live value
// that CONFIG GET and CONFIG SET read and change.
//
// Every parameter is one row (Param). The row drives the default, the annotated sample file, the
// decoding of files, environment variables and flags, validation, CONFIG GET and SET, and the
// reference page; a field of Config is tied to its row by its mapstructure tag, and start-up fails
// when one exists without the other. To add a parameter, add a row and a field.
//
// The package knows names, kinds, ranges and texts. It must not know viper, files, the environment,
// connections, or what a parameter does to the engine: who needs to act on a change registers with
// Live.OnApply (may refuse) or Live.OnChange (is told).
//
// Where a parameter exists in Redis it has Redis' name, values and error texts, those of 7.0.15.
package config
