//go:build !unix

package app

// ignoreSignals: there is no signal of files that are too large.
func ignoreSignals() {}
