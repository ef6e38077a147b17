package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kevy-lua/kevy-lua/engine/wire"
)

const replHelp = `Type a command and its arguments, as in SET key "a value". Besides the server's commands there are:
  help <command>       what the server says about a command
  <number> <command>   run a command several times
  connect <host> <port>
  clear                clear the screen
  quit, exit           leave; so does Ctrl-D
Ctrl-C gives up a line, and ends SUBSCRIBE and MONITOR.
`

// help shows the client's own help, or the server's documentation of commands.
func (c *client) help(words []string) {
	if len(words) == 0 {
		fmt.Fprint(c.out, replHelp)
		return
	}
	name := strings.ToLower(strings.Join(words, "|"))
	if err := c.connect(); err != nil {
		c.close()
		c.complain(err)
		return
	}
	v, err := c.ask("COMMAND", "DOCS", name)
	switch {
	case err != nil:
		c.close()
		c.complain(err)
	case v.Err() != nil:
		fmt.Fprintf(c.out, "(error) %s\n", v.Str)
	case len(v.Elems) < 2:
		fmt.Fprintf(c.out, "The server has no documentation of %s.\n", strings.ToUpper(strings.Join(words, " ")))
	default:
		c.printDocs(v)
	}
}

// printDocs prints what COMMAND DOCS says: names, each with a map of facts.
func (c *client) printDocs(v wire.Value) {
	for i := 0; i+1 < len(v.Elems); i += 2 {
		fmt.Fprintf(c.out, "\n  %s\n", strings.ToUpper(strings.ReplaceAll(string(v.Elems[i].Str), "|", " ")))
		facts := v.Elems[i+1].Elems
		for j := 0; j+1 < len(facts); j += 2 {
			switch fact := string(facts[j].Str); fact {
			case "summary", "since", "group", "complexity":
				fmt.Fprintf(c.out, "  %s: %s\n", fact, facts[j+1].Str)
			case "subcommands":
				for k := 0; k+1 < len(facts[j+1].Elems); k += 2 {
					fmt.Fprintf(c.out, "    %s\n", strings.ToUpper(strings.ReplaceAll(string(facts[j+1].Elems[k].Str), "|", " ")))
				}
			}
		}
	}
	fmt.Fprintln(c.out)
}

// completer completes the names of commands, which it asks the server for once.
type completer struct {
	client *client
	names  []string
	asked  bool
}

// Do implements readline.AutoCompleter.
func (c *completer) Do(line []rune, pos int) (more [][]rune, shared int) {
	typed := string(line[:pos])
	if strings.ContainsAny(typed, " \t\"'") || typed == "" {
		return nil, 0
	}
	for _, name := range c.commands() {
		if !strings.HasPrefix(name, strings.ToLower(typed)) {
			continue
		}
		rest := name[len(typed):]
		if typed == strings.ToUpper(typed) {
			rest = strings.ToUpper(rest)
		}
		more = append(more, []rune(rest+" "))
	}
	return more, len([]rune(typed))
}

func (c *completer) commands() []string {
	cl := c.client
	if c.asked || cl.link == nil || cl.tx || cl.silent {
		return c.names
	}
	c.asked = true
	v, err := cl.ask("COMMAND", "LIST")
	if err != nil {
		cl.close()
		return nil
	}
	for _, e := range v.Elems {
		if name := string(e.Str); !strings.Contains(name, "|") {
			c.names = append(c.names, name)
		}
	}
	slices.Sort(c.names)
	return c.names
}
