// Package spec is the specification that can be run: the layers and owners of
// the code, the *.spec files with what every command answers, and the story of
// the server as a whole. The pages (*.md) beside it are the normative text.
//
// It has tests only. A *.spec file reads without knowing Go:
//
//	# a comment; a line that begins with "# only: kevy" leaves redis-server out
//	== a title: begins a test, with an empty store
//	> SET greeting hello          a command, as one types it in redis-cli
//	OK                            what it answers, as redis-cli prints it
//	b> BLPOP queue 0              the same on a second connection, named b; it may block
//	> RPUSH queue x
//	(integer) 1
//	b<                            what b gets now
//	1) "queue"
//	2) "x"
//
// All specs run against this engine. Where redis-server is installed they run
// against it too, for whoever claims compatibility must let the original judge;
// "go test ./spec -record" writes its answers into the files.
package spec
