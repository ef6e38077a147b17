package engine

import (
	"strconv"
	"strings"
	"time"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/glob"
	"github.com/kevy-lua/kevy-lua/engine/hook"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// debugRow holds all locks, as everything in Redis stands still during a DEBUG.
// Its sub-commands are no rows of their own there either.
var debugRow = command.Spec{
	Name: "debug", Arity: -2, Group: command.GroupServer, Since: "1.0.0", Complexity: "Depends on the sub-command",
	Flags:   command.Admin | command.NoScript | command.Loading | command.Stale | command.AllShards,
	Syntax:  "subcommand [arg [arg ...]]",
	Summary: "A container for commands that tests of the server use", Run: runDebug,
}

// debugCommand is a sub-command of DEBUG: how many arguments it takes behind
// its name at least and at most (negative: any number), and what it does.
type debugCommand struct {
	name     string
	min, max int
	run      command.Handler
	help     [2]string
}

// debugCommands is filled by init, since HELP lists it.
var debugCommands []debugCommand

func init() {
	debugCommands = []debugCommand{
		{"change-repl-id", 0, 0, debugOK, [2]string{"CHANGE-REPL-ID", "Is accepted: there is no replication."}},
		{"config-rewrite-force-all", 0, 0, configRewrite, [2]string{"CONFIG-REWRITE-FORCE-ALL", "Is an error, as CONFIG REWRITE is."}},
		{"digest", 0, 0, debugDigest, [2]string{"DIGEST", "Answers a digest of all data."}},
		{"digest-value", 1, -1, debugDigestValue, [2]string{"DIGEST-VALUE <key> [<key> ...]", "Answers digests of values."}},
		{"error", 1, 1, debugError, [2]string{"ERROR <string>", "Answers an error with that text."}},
		{"listpack", 1, 1, debugListpack, [2]string{"LISTPACK <key>", "Says whether the value is a small collection."}},
		{"loadaof", 0, 0, debugReload, [2]string{"LOADAOF", "The same as RELOAD."}},
		{"log", 1, 1, debugLog, [2]string{"LOG <message>", "Writes a message to the server's log."}},
		{"object", 1, 2, debugObject, [2]string{"OBJECT <key>", "Describes a key's value."}},
		{"pause-cron", 1, 1, debugOK, [2]string{"PAUSE-CRON <0|1>", "Is accepted: no work here waits for a periodic job."}},
		{"populate", 1, 3, debugPopulate, [2]string{"POPULATE <count> [<prefix>] [<size>]", "Makes strings key:0 and so on, where there are none."}},
		{"protocol", 1, 1, debugProtocol, [2]string{"PROTOCOL <type>", "Answers a value of the type, to test clients."}},
		{"quicklist-packed-threshold", 1, 1, debugThreshold, [2]string{"QUICKLIST-PACKED-THRESHOLD <size>", "Is accepted: lists are laid out differently here."}},
		{"reload", 0, -1, debugReload, [2]string{"RELOAD [NOSAVE] [NOFLUSH] [MERGE]", "Dumps the data as a rewrite does, empties the keyspace and loads the dump."}},
		{"set-active-expire", 1, 1, debugActiveExpire, [2]string{"SET-ACTIVE-EXPIRE <0|1>", "With 0, due keys stay until they are accessed."}},
		{"set-disable-deny-scripts", 1, 1, debugDenyScripts, [2]string{"SET-DISABLE-DENY-SCRIPTS <0|1>", "With 1, scripts may run every command."}},
		{"sleep", 1, 1, debugSleep, [2]string{"SLEEP <seconds>", "Holds everything up for that long."}},
		{"stringmatch-len", 2, 2, debugStringMatch, [2]string{"STRINGMATCH-LEN <length> <pattern>", "Matches a pattern against a text of that length."}},
		{"help", 0, 0, debugHelp, [2]string{"HELP", "Prints this help."}},
	}
}

const errDebugRefused wire.Error = `ERR DEBUG command not allowed. If the enable-debug-command option is set to "local", ` +
	`you can run it from a local connection, otherwise you need to set this option in the configuration file, and then restart the server.`

func runDebug(c *command.Call) error {
	if allowed := c.Config.Security.EnableDebugCommand; allowed != "yes" && (allowed != "local" || !isLocal(c)) {
		return errDebugRefused
	}
	n := len(c.Args) - 2
	for i := range debugCommands {
		d := &debugCommands[i]
		if c.Is(1, d.name) && n >= d.min && (d.max < 0 || n <= d.max) {
			return d.run(c)
		}
	}
	return wire.Errorf("ERR unknown subcommand or wrong number of arguments for '%.128s'. Try DEBUG HELP.", c.Args[1])
}

func debugHelp(c *command.Call) error {
	c.Reply.Array(1 + 2*len(debugCommands))
	c.Reply.Status("DEBUG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:")
	for i := range debugCommands {
		c.Reply.Status(debugCommands[i].help[0])
		c.Reply.Status("    " + debugCommands[i].help[1])
	}
	return nil
}

func debugOK(c *command.Call) error {
	c.Reply.Status("OK")
	return nil
}

func debugError(c *command.Call) error { return wire.Error(c.Args[2]) }

func debugLog(c *command.Call) error {
	engineOf(c).log.Warn("DEBUG LOG", "message", string(c.Args[2]))
	return debugOK(c)
}

func debugDenyScripts(c *command.Call) error {
	n, err := c.Int(2)
	if err != nil {
		return err
	}
	engineOf(c).anyInScripts.Store(n == 1)
	return debugOK(c)
}

func debugThreshold(c *command.Call) error {
	n, ok := parseSize(c.Args[2])
	if !ok || n < 0 || n > 1<<32 {
		return wire.Error("ERR argument must be a memory value bigger than 1 and smaller than 4gb")
	}
	return debugOK(c)
}

// parseSize reads bytes with one of Redis' suffixes.
func parseSize(b []byte) (int64, bool) {
	text := strings.ToLower(string(b))
	digits := strings.TrimRight(text, "kmgb")
	unit, known := map[string]int64{
		"": 1, "b": 1, "k": 1000, "kb": 1 << 10, "m": 1_000_000, "mb": 1 << 20, "g": 1_000_000_000, "gb": 1 << 30,
	}[text[len(digits):]]
	n, err := strconv.ParseInt(digits, 10, 32)
	return n * unit, err == nil && known
}

func debugActiveExpire(c *command.Call) error {
	n, err := c.Int(2)
	if err != nil {
		return err
	}
	engineOf(c).passive.Store(n == 0)
	return debugOK(c)
}

// debugSleep holds the unit's locks, which are all locks. What ends the client
// or the engine ends the sleep.
func debugSleep(c *command.Call) error {
	f, _ := command.ParseFloat(c.Args[2]) // Redis, too, takes what is no number for 0
	t := time.NewTimer(time.Duration(min(max(f, 0), 1e6) * float64(time.Second)))
	defer t.Stop()
	select {
	case <-t.C:
	case <-c.Context.Done():
	}
	return debugOK(c)
}

func debugStringMatch(c *command.Call) error {
	n, err := c.Int(2)
	if err != nil {
		return err
	}
	if n < 0 || n > 1<<20 {
		return wire.ErrOutOfRange
	}
	c.Reply.Bool(glob.Match(c.Args[3], []byte(strings.Repeat("a", int(n))), false))
	return nil
}

func debugObject(c *command.Call) error {
	e := engineOf(c)
	e.eachHeld(c.Unit, func(s *shard) { s.SetNow(0) }) // what is due is shown as long as it is there
	defer e.eachHeld(c.Unit, func(s *shard) { s.SetNow(c.Unit.NowMs) })
	key := c.Args[2]
	d := c.In(key)
	if !d.Exists(key) {
		return wire.ErrNoSuchKey
	}
	idle, _ := d.Idle(key)
	c.Reply.Status("Value at:0x0 refcount:1 encoding:" + d.Encoding(key) + " serializedlength:" + strconv.FormatInt(d.Memory(key), 10) +
		" lru:0 lru_seconds_idle:" + strconv.FormatInt(idle, 10))
	return nil
}

func debugListpack(c *command.Call) error {
	key := c.Args[2]
	d := c.In(key)
	if !d.Exists(key) {
		return wire.ErrNoSuchKey
	}
	if d.Encoding(key) != "listpack" {
		return wire.Error("ERR Not a listpack encoded object.")
	}
	c.Reply.Status("Its elements stand packed in the key's record")
	return nil
}

// debugPopulate makes strings. Unlike in Redis they are logged, as all that
// clients see is.
func debugPopulate(c *command.Call) error {
	n, err := c.Int(2)
	if err != nil || n < 0 {
		return wire.Error("ERR value is out of range, must be positive")
	}
	prefix, size := "key", int64(0)
	if len(c.Args) > 3 {
		prefix = string(c.Args[3])
	}
	if len(c.Args) > 4 {
		if size, err = c.Int(4); err != nil || size < 0 || size > c.Config.Server.ProtoMaxBulkLen {
			return wire.Error("ERR value is out of range, must be positive")
		}
	}
	for i := range n {
		key := []byte(prefix + ":" + strconv.FormatInt(i, 10))
		d := c.In(key)
		if d.Exists(key) {
			continue
		}
		value := []byte("value:" + strconv.FormatInt(i, 10))
		if size > 0 {
			sized := make([]byte, size)
			copy(sized, value)
			value = sized
		}
		d.SetString(key, value, 0)
		c.Changed(key, hook.New, "")
		c.Log([]byte("SET"), key, value)
	}
	return debugOK(c)
}

func debugProtocol(c *command.Call) error {
	r := c.Reply
	switch strings.ToLower(string(c.Args[2])) {
	case "string":
		r.BulkString("Hello World")
	case "integer":
		r.Int(12345)
	case "double":
		r.Double(3.141)
	case "null":
		r.Null()
	case "array", "set", "map":
		debugAggregate(r, c.Is(2, "set"), c.Is(2, "map"))
	case "attrib":
		if w, ok := r.(*wire.Writer); ok && w.RESP3 {
			w.Buf = append(w.Buf, "|1\r\n"...)
			w.BulkString("key-popularity")
			w.Array(2)
			w.BulkString("key:123")
			w.Int(90)
		}
		r.BulkString("Some real reply following the attribute")
	case "push":
		if r.Proto() == 2 {
			return wire.Error("ERR RESP2 is not supported by this command")
		}
		r.Push(2)
		r.BulkString("server-cpu-usage")
		r.Int(42)
		r.BulkString("Some real reply following the push reply")
	case "verbatim":
		r.Verbatim("txt", "This is a verbatim\nstring")
	case "true", "false":
		r.Bool(c.Is(2, "true"))
	case "bignum":
		r.BigNumber("1234567999999999999999999999999999999")
	default:
		return wire.Error("ERR Wrong protocol type name. Please use one of the following: " +
			"string|integer|double|bignum|null|array|set|map|attrib|push|verbatim|true|false")
	}
	return nil
}

func debugAggregate(r wire.Reply, set, pairs bool) {
	switch {
	case pairs:
		r.Map(3)
		for i := range 3 {
			r.Int(int64(i))
			r.Bool(i == 1)
		}
		return
	case set:
		r.Set(3)
	default:
		r.Array(3)
	}
	for i := range 3 {
		r.Int(int64(i))
	}
}
