// Package command says what a command is: a row (Spec) in a table, and what
// its handler is given (Call) inside the unit of execution it is part of (Unit).
//
// It knows the keyspace, replies, events and configuration values. It must not
// know the Engine, the network, files or Lua. Groups of commands are packages
// below this one, each a table of rows followed by their handlers.
package command
