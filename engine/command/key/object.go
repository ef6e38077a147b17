package key

import (
	"strings"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

const (
	errNoLFU wire.Error = "ERR An LFU maxmemory policy is not selected, access frequency not tracked. " +
		"Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust."
	errLFU wire.Error = "ERR An LFU maxmemory policy is selected, idle time not tracked. " +
		"Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust."
)

func objectEncoding(c *command.Call) error {
	key := c.Args[2]
	if encoding := c.In(key).Encoding(key); encoding != "" {
		c.Reply.BulkString(encoding)
	} else {
		c.Reply.Null()
	}
	return nil
}

// countsFrequency reports whether keys keep a counter of their uses in the
// place of the time of the last one.
func countsFrequency(c *command.Call) bool {
	return strings.Contains(c.Config.Memory.MaxMemoryPolicy, "lfu")
}

func objectFreq(c *command.Call) error {
	key := c.Args[2]
	freq, exists := c.In(key).Freq(key)
	switch {
	case !exists:
		c.Reply.Null()
	case !countsFrequency(c):
		return errNoLFU
	default:
		c.Reply.Int(int64(freq))
	}
	return nil
}

func objectIdletime(c *command.Call) error {
	key := c.Args[2]
	seconds, exists := c.In(key).Idle(key)
	switch {
	case !exists:
		c.Reply.Null()
	case countsFrequency(c):
		return errLFU
	default:
		c.Reply.Int(seconds)
	}
	return nil
}

func objectRefcount(c *command.Call) error {
	key := c.Args[2]
	if c.In(key).Exists(key) {
		c.Reply.Int(1)
	} else {
		c.Reply.Null()
	}
	return nil
}

func objectHelp(c *command.Call) error {
	lines := []string{
		"OBJECT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
		"ENCODING <key>",
		"    The name of the form in which Redis would keep the value.",
		"FREQ <key>",
		"    How often the key is used, on a logarithmic scale. Needs an LFU maxmemory-policy.",
		"IDLETIME <key>",
		"    The seconds since the key was used. Needs a maxmemory-policy other than LFU.",
		"REFCOUNT <key>",
		"    The number of references to the value: always 1.",
		"HELP",
		"    This text.",
	}
	c.Reply.Array(len(lines))
	for _, line := range lines {
		c.Reply.Status(line)
	}
	return nil
}
