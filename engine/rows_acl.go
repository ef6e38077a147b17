package engine

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

const aclOpen = command.NoScript | command.Loading | command.Stale | command.NoUnit

// aclRow is about the one user that there is: default, who may do everything
// and has requirepass as password.
var aclRow = command.Spec{
	Name: "acl", Arity: -2, Group: command.GroupServer, Since: "6.0.0", Complexity: "Depends on the sub-command",
	Summary: "A container for commands about users and what they may do", Sub: []command.Spec{
		{Name: "cat", Arity: -2, Since: "6.0.0", Complexity: "O(N) with N commands", Flags: aclOpen, Syntax: "[category]",
			Summary: "Lists the categories, or the commands in one", Run: aclCat},
		{Name: "deluser", Arity: -3, Since: "6.0.0", Complexity: "O(N) with N users", Flags: operator, Syntax: "username [username ...]",
			Summary: "Removes users; there are none but default, which stays", Run: aclDelUser},
		{Name: "dryrun", Arity: -4, Since: "7.0.0", Complexity: "O(1)", Flags: operator, Syntax: "username command [arg [arg ...]]",
			Summary: "Says whether a user may run a command, without running it", Run: aclDryRun},
		{Name: "genpass", Arity: -2, Since: "6.0.0", Complexity: "O(1)", Flags: aclOpen, Syntax: "[bits]",
			Summary: "Makes a random password", Run: aclGenPass},
		{Name: "getuser", Arity: 3, Since: "6.0.0", Complexity: "O(1)", Flags: operator, Syntax: "username", Summary: "Describes a user", Run: aclGetUser},
		{Name: "list", Arity: 2, Since: "6.0.0", Complexity: "O(N) with N users", Flags: operator, Summary: "Lists the users and their rules", Run: aclList},
		{Name: "load", Arity: 2, Since: "6.0.0", Complexity: "O(1)", Flags: operator, Summary: "Is an error: there is no file of users", Run: aclNoFile},
		{Name: "log", Arity: -2, Since: "6.0.0", Complexity: "O(N) with N entries", Flags: operator, Syntax: "[count|RESET]",
			Summary: "Answers the latest refused authentications", Run: aclLogCommand},
		{Name: "save", Arity: 2, Since: "6.0.0", Complexity: "O(1)", Flags: operator, Summary: "Is an error: there is no file of users", Run: aclNoFile},
		{Name: "setuser", Arity: -3, Since: "6.0.0", Complexity: "O(1)", Flags: operator, Syntax: "username [rule [rule ...]]",
			Summary: "Is an error: there is one user, default, with requirepass as password", Run: aclSetUser},
		{Name: "users", Arity: 2, Since: "6.0.0", Complexity: "O(N) with N users", Flags: operator, Summary: "Lists the users' names", Run: aclUsers},
		{Name: "whoami", Arity: 2, Since: "6.0.0", Complexity: "O(1)", Flags: aclOpen, Summary: "Answers the connection's user", Run: aclWhoAmI},
		help("acl", "6.0.0",
			"CAT [<category>]", "    Lists the categories, or the commands in one.",
			"DELUSER <username> [<username> ...]", "    Removes users; default stays.",
			"DRYRUN <username> <command> [<arg> ...]", "    Says whether a user may run a command.",
			"GENPASS [<bits>]", "    Makes a random password, of 256 bits unless told.",
			"GETUSER <username>", "    Describes a user.",
			"LIST", "    Lists the users and their rules.",
			"LOG [<count> | RESET]", "    Answers the latest refused authentications.",
			"USERS", "    Lists the users' names.",
			"WHOAMI", "    Answers the connection's user.",
			"SETUSER, LOAD, SAVE", "    Are errors: there is one user, default, with requirepass as password."),
	},
}

func aclCat(c *command.Call) error {
	switch len(c.Args) {
	case 2:
		c.Reply.Array(len(categories))
		for _, name := range categories {
			c.Reply.BulkString(name)
		}
		return nil
	case 3:
		category := strings.ToLower(string(c.Args[2]))
		if !slices.Contains(categories, category) {
			return wire.Errorf("ERR Unknown category '%s'", c.Args[2])
		}
		engineOf(c).replyNames(c.Reply, func(s *command.Spec) bool { return slices.Contains(categoriesOf(s), category) })
		return nil
	}
	return badSub(c)
}

func aclDelUser(c *command.Call) error {
	for _, name := range c.Args[2:] {
		if string(name) == "default" {
			return wire.Error("ERR The 'default' user cannot be removed")
		}
	}
	c.Reply.Int(0)
	return nil
}

func aclDryRun(c *command.Call) error {
	if string(c.Args[2]) != "default" {
		return wire.Errorf("ERR User '%s' not found", c.Args[2])
	}
	e := engineOf(c)
	if _, ok := e.table.Lookup(c.Args[3]); !ok {
		return wire.Errorf("ERR Command '%s' not found", c.Args[3])
	}
	if _, err := e.table.Resolve(c.Args[3:]); err != nil {
		return err
	}
	c.Reply.Status("OK")
	return nil
}

func aclGenPass(c *command.Call) error {
	bits := int64(256)
	switch len(c.Args) {
	case 2:
	case 3:
		var err error
		if bits, err = c.Int(2); err != nil {
			return err
		}
		if bits <= 0 || bits > 4096 {
			return wire.Error("ERR ACL GENPASS argument must be the number of bits for the output password, a positive number up to 4096")
		}
	default:
		return badSub(c)
	}
	digits := int(bits+3) / 4
	b := make([]byte, (digits+1)/2)
	rand.Read(b) // never fails
	c.Reply.BulkString(hex.EncodeToString(b)[:digits])
	return nil
}

// passwords are the hashes of the default user's passwords: one or none.
func passwords(c *command.Call) []string {
	if c.Config.Security.RequirePass == "" {
		return nil
	}
	sum := sha256.Sum256([]byte(c.Config.Security.RequirePass))
	return []string{hex.EncodeToString(sum[:])}
}

func aclGetUser(c *command.Call) error {
	if string(c.Args[2]) != "default" {
		c.Reply.Null()
		return nil
	}
	pass, r := passwords(c), c.Reply
	flags := []string{"on"}
	if pass == nil {
		flags = append(flags, "nopass")
	}
	r.Map(6)
	r.BulkString("flags")
	r.Set(len(flags))
	for _, f := range flags {
		r.BulkString(f)
	}
	r.BulkString("passwords")
	r.Array(len(pass))
	for _, p := range pass {
		r.BulkString(p)
	}
	for _, rule := range [][2]string{{"commands", "+@all"}, {"keys", "~*"}, {"channels", "&*"}} {
		r.BulkString(rule[0])
		r.BulkString(rule[1])
	}
	r.BulkString("selectors")
	r.Array(0)
	return nil
}

func aclList(c *command.Call) error {
	secret := "nopass"
	if pass := passwords(c); pass != nil {
		secret = "#" + pass[0]
	}
	c.Reply.Array(1)
	c.Reply.BulkString("user default on " + secret + " ~* &* +@all")
	return nil
}

func aclUsers(c *command.Call) error {
	c.Reply.Array(1)
	c.Reply.BulkString("default")
	return nil
}

func aclWhoAmI(c *command.Call) error {
	c.Reply.BulkString(c.Client.User())
	return nil
}

func aclNoFile(*command.Call) error {
	return wire.Error("ERR This Redis instance is not configured to use an ACL file. There is one user, default; its password is requirepass.")
}

func aclSetUser(*command.Call) error {
	return wire.Error("ERR users other than default are not supported yet: set its password with CONFIG SET requirepass")
}

// aclLog holds the latest refused authentications, the newest first.
type aclLog struct {
	mu      sync.Mutex
	entries []aclEntry
	next    int64
}

type aclEntry struct {
	id, count  int64
	user       string
	client     string
	first, upd time.Time
}

// maxACLLog is how many entries are kept, as acllog-max-len is by default.
const maxACLLog = 128

// aclGrouping is how long refusals of one user are counted in one entry.
const aclGrouping = time.Minute

// refused notes a refused authentication.
func (l *aclLog) refused(user, client string, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range l.entries {
		if en := &l.entries[i]; en.user == user && now.Sub(en.first) < aclGrouping {
			en.count++
			en.upd, en.client = now, client
			return
		}
	}
	l.entries = slices.Insert(l.entries, 0, aclEntry{id: l.next, count: 1, user: user, client: client, first: now, upd: now})
	l.next++
	l.entries = l.entries[:min(len(l.entries), maxACLLog)]
}

func aclLogCommand(c *command.Call) error {
	l, n := &engineOf(c).acl, int64(10)
	switch {
	case len(c.Args) > 3:
		return badSub(c)
	case c.Is(2, "reset"):
		l.mu.Lock()
		defer l.mu.Unlock()
		l.entries = nil
		c.Reply.Status("OK")
		return nil
	case len(c.Args) == 3:
		var err error
		if n, err = c.Int(2); err != nil {
			return err
		}
	}
	l.mu.Lock()
	entries := slices.Clone(l.entries[:max(0, min(n, int64(len(l.entries))))])
	l.mu.Unlock()
	now, r := engineOf(c).now(), c.Reply
	r.Array(len(entries))
	for _, en := range entries {
		r.Map(10)
		r.BulkString("count")
		r.Int(en.count)
		for _, f := range [][2]string{{"reason", "auth"}, {"context", "toplevel"}, {"object", "AUTH"}, {"username", en.user}} {
			r.BulkString(f[0])
			r.BulkString(f[1])
		}
		r.BulkString("age-seconds")
		r.BulkString(strconv.FormatFloat(now.Sub(en.first).Seconds(), 'f', 3, 64))
		r.BulkString("client-info")
		r.BulkString(en.client)
		r.BulkString("entry-id")
		r.Int(en.id)
		r.BulkString("timestamp-created")
		r.Int(en.first.UnixMilli())
		r.BulkString("timestamp-last-updated")
		r.Int(en.upd.UnixMilli())
	}
	return nil
}
