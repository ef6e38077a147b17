// Command kevy-bench compares kevy-lua with redis-server.
//
// It starts both on ports of 127.0.0.1, drives them in turn from one process, in
// several rounds, and prints for each figure both medians and the ratio of the
// rounds with its spread. A ratio above 1 is in our favour, whether more or less
// of the figure is better. It notes the CPU time that other processes took while
// it measured, and flags rounds with too much of it: they say little.
//
// It measures from outside: through sockets, INFO and /proc. It knows nothing of
// the engine, so that what it says holds for any server that -kevy-cmd starts.
package main
