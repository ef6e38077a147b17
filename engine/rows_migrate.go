package engine

import (
	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// migrateRow answers as Redis does when there is nothing to move. Moving a key means
// waiting for another server while the key stands still, which no unit may do.
var migrateRow = command.Spec{
	Name: "migrate", Arity: -6, Group: command.GroupGeneric, Since: "2.6.0", Complexity: "O(N) with N keys",
	ACL: []string{"keyspace", "dangerous"}, Flags: command.Write | command.MovableKeys, Hints: []string{"nondeterministic_output"},
	Keys: []command.KeySpec{
		command.Key(3, movedKey),
		{Flags: movedKey | command.KeyIncomplete, Keyword: "KEYS", StartFrom: -2, Last: -1, Step: 1},
	},
	Syntax:  `host port key|"" destination-db timeout [COPY] [REPLACE] [AUTH password|AUTH2 username password] [KEYS key [key ...]]`,
	Summary: "Answers NOKEY when there is none of the keys; to move keys take DUMP and RESTORE", Run: runMigrate,
}

const movedKey = command.KeyRW | command.KeyAccess | command.KeyDelete

const (
	errMigrate     wire.Error = "ERR MIGRATE is not supported by this server: take DUMP here and RESTORE there"
	errMigrateKeys wire.Error = "ERR When using MIGRATE KEYS option, the key argument must be set to the empty string"
)

func runMigrate(c *command.Call) error {
	keys := c.Args[3:4]
options:
	for i := 6; i < len(c.Args); i++ {
		more := len(c.Args) - i - 1
		switch {
		case c.Is(i, "copy"), c.Is(i, "replace"):
		case c.Is(i, "auth"):
			if more < 1 {
				return wire.ErrSyntax
			}
			i++
		case c.Is(i, "auth2"):
			if more < 2 {
				return wire.ErrSyntax
			}
			i += 2
		case c.Is(i, "keys"):
			if len(c.Args[3]) > 0 {
				return errMigrateKeys
			}
			keys = c.Args[i+1:]
			break options
		default:
			return wire.ErrSyntax
		}
	}
	for _, i := range []int{5, 4} { // in the order in which Redis looks at them
		if _, err := c.Int(i); err != nil {
			return err
		}
	}
	for _, key := range keys {
		if c.In(key).Exists(key) {
			return errMigrate
		}
	}
	c.Reply.Status("NOKEY")
	return nil
}

// migrateSecrets are the arguments that hold a password.
func migrateSecrets(args [][]byte) (secret []int) {
	for i := 6; i < len(args); i++ {
		n := 0
		switch {
		case command.EqualFold(args[i], "auth"):
			n = 1
		case command.EqualFold(args[i], "auth2"):
			n = 2
		case command.EqualFold(args[i], "keys"):
			return secret
		}
		for ; n > 0 && i+1 < len(args); n-- {
			i++
			secret = append(secret, i)
		}
	}
	return secret
}
