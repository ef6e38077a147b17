package engine

import (
	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// commandDocs documents all commands or those named; unknown names are passed over.
func commandDocs(c *command.Call) error {
	e := engineOf(c)
	found := e.table.All()
	if len(c.Args) > 2 {
		found = found[:0:0]
		for _, name := range c.Args[2:] {
			if s, ok := e.specByName(name); ok {
				found = append(found, s)
			}
		}
	}
	c.Reply.Map(len(found))
	for _, s := range found {
		c.Reply.BulkString(s.FullName())
		replyDocs(c.Reply, s)
	}
	return nil
}

func replyDocs(r wire.Reply, s *command.Spec) {
	args := docsOf(s)
	n := 0
	texts := [][2]string{{"summary", s.Summary}, {"since", s.Since}, {"group", string(s.Group)}, {"complexity", s.Complexity}}
	for _, t := range texts {
		if t[1] != "" {
			n++
		}
	}
	if len(args) > 0 {
		n++
	}
	if len(s.Sub) > 0 {
		n++
	}
	r.Map(n)
	for _, t := range texts {
		if t[1] != "" {
			r.BulkString(t[0])
			r.BulkString(t[1])
		}
	}
	if len(args) > 0 {
		r.BulkString("arguments")
		replyDocArgs(r, args)
	}
	if len(s.Sub) > 0 {
		r.BulkString("subcommands")
		r.Map(len(s.Sub))
		for i := range s.Sub {
			r.BulkString(s.Sub[i].FullName())
			replyDocs(r, &s.Sub[i])
		}
	}
}

func replyDocArgs(r wire.Reply, args []docArg) {
	r.Array(len(args))
	for i := range args {
		args[i].reply(r)
	}
}

func (a *docArg) reply(r wire.Reply) {
	var flags []string
	for _, f := range []struct {
		on   bool
		name string
	}{{a.Optional, "optional"}, {a.Multiple, "multiple"}, {a.MultipleToken, "multiple_token"}} {
		if f.on {
			flags = append(flags, f.name)
		}
	}
	n := 2
	for _, more := range []bool{a.KeySpec >= 0, a.Token != "", len(flags) > 0, len(a.Args) > 0} {
		if more {
			n++
		}
	}
	r.Map(n)
	r.BulkString("name")
	r.BulkString(a.Name)
	r.BulkString("type")
	r.BulkString(a.Type)
	if a.KeySpec >= 0 {
		r.BulkString("key_spec_index")
		r.Int(int64(a.KeySpec))
	}
	if a.Token != "" {
		r.BulkString("token")
		r.BulkString(a.Token)
	}
	if len(flags) > 0 {
		r.BulkString("flags")
		replyStatuses(r, "", flags)
	}
	if len(a.Args) > 0 {
		r.BulkString("arguments")
		replyDocArgs(r, a.Args)
	}
}
