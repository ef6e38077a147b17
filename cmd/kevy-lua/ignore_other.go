//go:build !unix

package main

// ignoreSignals: there is no signal of files that are too large.
func ignoreSignals() {}
