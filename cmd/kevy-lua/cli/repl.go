package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/ergochat/readline"

	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// lines is where commands come from: a terminal with editing and history, or a
// stream.
type lines interface {
	next(prompt string) (string, error)
	remember(line string)
	clear()
	close()
}

// interact reads and executes lines until the input ends.
func (c *client) interact() int {
	var source lines = &plainLines{r: bufio.NewReader(c.in)}
	if isTerminal(c.in) {
		editor, err := newEditor(c)
		if err != nil {
			fmt.Fprintf(c.err, "Could not open the terminal: %v\n", err)
			return exitFailure
		}
		source, c.terminal = editor, true
		if err := c.connect(); err != nil {
			c.complain(err)
		}
	}
	defer source.close()
	code := 0
	for {
		line, err := source.next(c.prompt())
		switch {
		case errors.Is(err, readline.ErrInterrupt):
			continue // the line is given up; Ctrl-D leaves
		case errors.Is(err, io.EOF):
			return code
		case err != nil:
			fmt.Fprintf(c.err, "Could not read: %v\n", err)
			return exitFailure
		}
		args, ok := split(line)
		switch {
		case !ok:
			fmt.Fprintln(c.out, "Invalid argument(s)")
			continue
		case len(args) == 0:
			continue
		}
		if !secret(args) {
			source.remember(line)
		}
		if c.builtin(args, source) {
			continue
		}
		if len(args) == 1 && (strings.EqualFold(args[0], "quit") || strings.EqualFold(args[0], "exit")) {
			return code
		}
		if code = c.repeat(args); code != 0 && c.o.failOnError {
			return code
		}
	}
}

// prompt shows where commands go, the database, and an open transaction.
func (c *client) prompt() string {
	if c.link == nil {
		return "not connected> "
	}
	text := c.o.target()
	if c.db != 0 {
		text += "[" + strconv.Itoa(c.db) + "]"
	}
	if c.tx {
		text += "(TX)"
	}
	return text + "> "
}

// split cuts a line into words by the rules of inline commands.
func split(line string) (args []string, ok bool) {
	words, ok := wire.SplitArgs(nil, []byte(line))
	for _, w := range words {
		args = append(args, string(w))
	}
	return args, ok
}

// repeat executes a command, as often as a number in front of it says.
func (c *client) repeat(args []string) (code int) {
	times := 1
	if n, err := strconv.Atoi(args[0]); err == nil && n > 0 && len(args) > 1 {
		times, args = n, args[1:]
	}
	for range times {
		switch err := c.execute(args); {
		case errors.Is(err, errRefused):
			return exitFailure
		case err != nil:
			c.complain(err)
			return exitFailure
		}
	}
	return 0
}

// builtin executes what is the client's own.
func (c *client) builtin(args []string, source lines) bool {
	switch name := strings.ToLower(args[0]); {
	case name == "clear" && len(args) == 1:
		source.clear()
	case name == "connect" && len(args) == 3:
		port, err := strconv.Atoi(args[2])
		if err != nil || port < 1 || port > 65535 {
			fmt.Fprintln(c.out, "Invalid argument(s)")
			return true
		}
		c.close()
		c.o.host, c.o.port, c.o.socket, c.db = args[1], port, "", 0
		if err := c.connect(); err != nil {
			c.close()
			c.complain(err)
		}
	case name == "help" || name == "?":
		c.help(args[1:])
	default:
		return false
	}
	return true
}

// secret recognises lines that must not get into the history.
func secret(args []string) bool {
	words := make([]string, len(args))
	for i, a := range args {
		words[i] = strings.ToLower(a)
	}
	if _, err := strconv.Atoi(words[0]); err == nil && len(words) > 1 {
		words = words[1:]
	}
	has := func(word string) bool {
		for _, w := range words[1:] {
			if w == word {
				return true
			}
		}
		return false
	}
	switch words[0] {
	case "auth":
		return true
	case "hello", "migrate":
		return has("auth") || has("auth2")
	case "acl":
		return has("setuser")
	case "config":
		return has("set") && (has("requirepass") || has("masterauth") || has("masteruser"))
	}
	return false
}

// plainLines reads from a stream that is no terminal.
type plainLines struct{ r *bufio.Reader }

func (p *plainLines) next(string) (string, error) {
	line, err := p.r.ReadString('\n')
	if err != nil && line == "" {
		return "", err
	}
	return strings.TrimRight(line, "\r\n"), nil
}

func (p *plainLines) remember(string) {}
func (p *plainLines) clear()          {}
func (p *plainLines) close()          {}

// editor reads from a terminal.
type editor struct{ *readline.Instance }

func newEditor(c *client) (*editor, error) {
	cfg := &readline.Config{
		HistoryFile: historyFile(), HistoryLimit: 1000, DisableAutoSaveHistory: true,
		AutoComplete: &completer{client: c}, InterruptPrompt: "^C", Undo: true,
	}
	in, err := readline.NewFromConfig(cfg)
	if err != nil && cfg.HistoryFile != "" { // a home that cannot be written to
		cfg.HistoryFile = ""
		in, err = readline.NewFromConfig(cfg)
	}
	if err != nil {
		return nil, err
	}
	return &editor{in}, nil
}

func (e *editor) next(prompt string) (string, error) {
	e.SetPrompt(prompt)
	return e.ReadLine()
}

func (e *editor) remember(line string) { e.SaveToHistory(line) }
func (e *editor) clear()               { e.ClearScreen() }
func (e *editor) close()               { e.Close() }

// historyFile returns where the history is kept, "" for nowhere.
func historyFile() string {
	if path, ok := os.LookupEnv("KEVYCLI_HISTFILE"); ok {
		if path == os.DevNull {
			return ""
		}
		return path
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	return filepath.Join(home, ".kevylua_history")
}
