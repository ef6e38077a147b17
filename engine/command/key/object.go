package key

import (
	"math"
	"strings"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/keyspace"
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
	d := c.In(key)
	switch {
	case !d.Exists(key):
		c.Reply.Null()
	case isSharedInt(c, d, key):
		c.Reply.Int(math.MaxInt32)
	default:
		c.Reply.Int(1)
	}
	return nil
}

// isSharedInt reports whether Redis would keep the value as one of its shared
// objects, the integers below 10,000; with a limit of memory and a policy that
// needs access times of each key, it has none.
func isSharedInt(c *command.Call, d *keyspace.DB, key []byte) bool {
	m := &c.Config.Memory
	if m.MaxMemory > 0 && (strings.Contains(m.MaxMemoryPolicy, "lru") || strings.Contains(m.MaxMemoryPolicy, "lfu")) {
		return false
	}
	if d.Type(key) != keyspace.String || d.Encoding(key) != "int" {
		return false
	}
	val, _, _ := d.String(key)
	n, ok := command.ParseInt(val)
	return ok && n >= 0 && n < 10_000
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
