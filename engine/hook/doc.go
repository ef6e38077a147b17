// Package hook is the contract between the engine and the code that runs
// because something happened in it: typed events, subscriptions with their
// failure rules, and the bus that carries events to observers.
//
// It knows the globs of patterns and nothing else of ours. Observers run on the bus's goroutines, outside
// all locks. Atomic hooks are registered here too, so that they are counted,
// tripped and listed like the others, but the engine runs them itself, inside
// the unit that caused them.
package hook
