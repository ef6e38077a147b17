package stream

import (
	"strings"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/hook"
	"github.com/kevy-lua/kevy-lua/engine/keyspace"
	"github.com/kevy-lua/kevy-lua/engine/keyspace/stream"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

const (
	errGroupNeedsKey wire.Error = "ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM option to create an empty stream automatically."
	errBusyGroup     wire.Error = "BUSYGROUP Consumer Group name already exists"
	errEntriesRead   wire.Error = "ERR value for ENTRIESREAD must be positive or -1"
)

func noGroup(key, group []byte) error {
	return wire.Errorf("NOGROUP No such consumer group '%s' for key name '%s'", group, key)
}

// subSyntax is Redis' answer to wrong arguments of a sub-command.
func subSyntax(c *command.Call) error {
	return wire.Errorf("ERR unknown subcommand or wrong number of arguments for '%.128s'. Try %s HELP.",
		c.Args[1], strings.ToUpper(c.Spec.Parent().Name))
}

// groupOptions are those of XGROUP CREATE and SETID.
type groupOptions struct {
	create bool
	read   int64
}

func parseGroupOptions(c *command.Call, canCreate bool) (o groupOptions, err error) {
	o.read = -1
	for i := 5; i < len(c.Args); i++ {
		switch {
		case canCreate && c.Is(i, "mkstream"):
			o.create = true
		case c.Is(i, "entriesread") && i+1 < len(c.Args):
			i++
			if o.read, err = c.Int(i); err != nil {
				return o, err
			}
			if o.read < -1 {
				return o, errEntriesRead
			}
		default:
			return o, subSyntax(c)
		}
	}
	return o, nil
}

// target returns the stream of an XGROUP command.
func target(c *command.Call, create bool) (keyspace.StreamHandle, error) {
	h, err := c.Stream(c.Args[2])
	if err == nil && !h.Exists() && !create {
		err = errGroupNeedsKey
	}
	return h, err
}

// existing is target, and makes sure that the group exists.
func existing(c *command.Call) (keyspace.StreamHandle, error) {
	h, err := target(c, false)
	if err != nil {
		return h, err
	}
	if _, ok := h.Read().Group(c.Args[3]); !ok {
		err = noGroup(c.Args[2], c.Args[3])
	}
	return h, err
}

// position reads the ID up to which a group has read; "$" is the stream's last.
func position(b []byte, s *stream.Content) (stream.ID, error) {
	if string(b) == "$" {
		return s.Last(), nil
	}
	return parseID(b, 0)
}

// anyPosition is position, and takes "-" and "+" for the first and the last ID
// that there can be, as SETID does and CREATE does not.
func anyPosition(b []byte, s *stream.Content) (stream.ID, error) {
	switch string(b) {
	case "-":
		return stream.ID{}, nil
	case "+":
		return stream.MaxID, nil
	}
	return position(b, s)
}

func groupCreate(c *command.Call) error {
	o, err := parseGroupOptions(c, true)
	if err != nil {
		return err
	}
	h, err := target(c, o.create)
	if err != nil {
		return err
	}
	id, err := position(c.Args[4], h.Read())
	if err != nil {
		return err
	}
	if _, had := h.Read().Group(c.Args[3]); had {
		return errBusyGroup
	}
	h.Write(func(s *stream.Stream) { s.CreateGroup(c.Args[3], id, o.read) })
	c.Changed(c.Args[2], hook.Stream, "xgroup-create")
	c.Reply.Status("OK")
	return nil
}

func groupSetID(c *command.Call) error {
	o, err := parseGroupOptions(c, false)
	if err != nil {
		return err
	}
	h, err := existing(c)
	if err != nil {
		return err
	}
	id, err := anyPosition(c.Args[4], h.Read())
	if err != nil {
		return err
	}
	h.Write(func(s *stream.Stream) { s.SetGroup(c.Args[3], id, o.read) })
	c.Changed(c.Args[2], hook.Stream, "xgroup-setid")
	c.Reply.Status("OK")
	return nil
}

func groupDestroy(c *command.Call) error {
	h, err := target(c, false)
	if err != nil {
		return err
	}
	if _, ok := h.Read().Group(c.Args[3]); !ok {
		c.Reply.Int(0)
		return nil
	}
	h.Write(func(s *stream.Stream) { s.DestroyGroup(c.Args[3]) })
	c.Changed(c.Args[2], hook.Stream, "xgroup-destroy")
	c.Reply.Int(1)
	return nil
}

func groupCreateConsumer(c *command.Call) error {
	h, err := existing(c)
	if err != nil {
		return err
	}
	g, _ := h.Read().Group(c.Args[3])
	if _, had := g.Consumer(c.Args[4]); had {
		c.Reply.Int(0)
		return nil
	}
	m := member{c, &h, c.Args[2], c.Args[3], c.Args[4]}
	m.create()
	c.Reply.Int(1)
	return nil
}

func groupDelConsumer(c *command.Call) error {
	h, err := existing(c)
	if err != nil {
		return err
	}
	g, _ := h.Read().Group(c.Args[3])
	if _, ok := g.Consumer(c.Args[4]); !ok {
		c.Reply.Int(0)
		return nil
	}
	pending := 0
	h.Write(func(s *stream.Stream) { pending, _ = s.DeleteConsumer(c.Args[3], c.Args[4]) })
	c.Changed(c.Args[2], hook.Stream, "xgroup-delconsumer")
	c.Reply.Int(int64(pending))
	return nil
}

func groupHelp(c *command.Call) error {
	return help(c, "XGROUP <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
		"CREATE <key> <groupname> <id|$> [option]",
		"    Adds a group that begins behind an ID. The options:",
		"    * MKSTREAM",
		"      Makes an empty stream of a missing key.",
		"    * ENTRIESREAD entries_read",
		"      How many entries lie up to the ID.",
		"CREATECONSUMER <key> <groupname> <consumer>",
		"    Adds a consumer to a group.",
		"DELCONSUMER <key> <groupname> <consumer>",
		"    Removes a consumer and what is pending for it.",
		"DESTROY <key> <groupname>",
		"    Removes a group.",
		"SETID <key> <groupname> <id|$> [ENTRIESREAD entries_read]",
		"    Lets a group go on behind another ID.",
		"HELP",
		"    This text.")
}

func help(c *command.Call, lines ...string) error {
	c.Reply.Array(len(lines))
	for _, line := range lines {
		c.Reply.Status(line)
	}
	return nil
}
