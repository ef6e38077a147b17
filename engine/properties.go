package engine

import (
	"slices"

	"github.com/kevy-lua/kevy-lua/engine/command"
)

// named is a bit with the name that COMMAND INFO prints for it.
type named[T ~uint16 | ~uint32] struct {
	bit  T
	name string
}

// flagNames are in the order in which Redis prints them. It keeps MayReplicate to itself.
var flagNames = []named[command.Flags]{
	{command.Write, "write"}, {command.ReadOnly, "readonly"}, {command.DenyOOM, "denyoom"}, {command.Admin, "admin"},
	{command.PubSub, "pubsub"}, {command.NoScript, "noscript"}, {command.Blocking, "blocking"}, {command.Loading, "loading"},
	{command.Stale, "stale"}, {command.SkipMonitor, "skip_monitor"}, {command.SkipSlowlog, "skip_slowlog"},
	{command.Fast, "fast"}, {command.NoAuth, "no_auth"},
	{command.NoMandatoryKeys, "no_mandatory_keys"}, {command.NoAsyncLoading, "no_async_loading"},
	{command.NoMulti, "no_multi"}, {command.MovableKeys, "movablekeys"}, {command.AllowBusy, "allow_busy"},
}

var keyFlagNames = []named[command.KeyFlags]{
	{command.KeyRO, "RO"}, {command.KeyRW, "RW"}, {command.KeyOW, "OW"}, {command.KeyRM, "RM"},
	{command.KeyAccess, "access"}, {command.KeyUpdate, "update"}, {command.KeyInsert, "insert"}, {command.KeyDelete, "delete"},
	{command.KeyNotKey, "not_key"}, {command.KeyIncomplete, "incomplete"}, {command.KeyVariable, "variable_flags"},
}

// names lists the names of the bits that are set.
func names[T ~uint16 | ~uint32](set T, all []named[T]) []string {
	var out []string
	for _, n := range all {
		if set&n.bit != 0 {
			out = append(out, n.name)
		}
	}
	return out
}

// categories are the ACL categories, in the order in which Redis prints them.
var categories = []string{
	"keyspace", "read", "write", "set", "sortedset", "list", "hash", "string", "bitmap", "hyperloglog", "geo", "stream",
	"pubsub", "admin", "fast", "slow", "blocking", "dangerous", "connection", "transaction", "scripting",
}

// groupCategories are the categories that a group implies.
var groupCategories = map[command.Group]string{
	command.GroupString: "string", command.GroupHash: "hash", command.GroupList: "list", command.GroupSet: "set",
	command.GroupZSet: "sortedset", command.GroupStream: "stream", command.GroupBitmap: "bitmap",
	command.GroupHyperLogLog: "hyperloglog", command.GroupGeo: "geo", command.GroupGeneric: "keyspace",
	command.GroupConnection: "connection", command.GroupTransactions: "transaction", command.GroupScripting: "scripting",
}

// categoriesOf derives a row's ACL categories from its flags, its group and
// what it lists itself. A container that cannot be called belongs to none but
// its speed's; the category of group generic, whose commands are of all kinds,
// gives way to what the row lists, danger aside.
func categoriesOf(s *command.Spec) []string {
	set := map[string]bool{"fast": s.Is(command.Fast), "slow": !s.Is(command.Fast)}
	for _, c := range s.ACL {
		set[c] = true
	}
	if own := groupCategories[s.Group]; own != "" && s.Run != nil && (s.Group != command.GroupGeneric || !about(s.ACL)) {
		set[own] = true
	}
	for flag, category := range map[command.Flags]string{
		command.Write: "write", command.Admin: "admin", command.PubSub: "pubsub", command.Blocking: "blocking",
	} {
		if s.Is(flag) {
			set[category] = true
		}
	}
	if s.Is(command.ReadOnly) && !set["scripting"] {
		set["read"] = true
	}
	if s.Is(command.Admin) {
		set["dangerous"] = true
	}
	return slices.DeleteFunc(slices.Clone(categories), func(c string) bool { return !set[c] })
}

// about reports whether categories say what a command is about.
func about(acl []string) bool {
	return slices.ContainsFunc(acl, func(c string) bool { return c != "dangerous" })
}

// keyRange is a row's keys in the old form: the first, the last (negative: from
// the end) and the step. Keys that this form cannot express are left out.
func keyRange(keys []command.KeySpec) (first, last, step int) {
	isRange := func(k *command.KeySpec) bool { return k.Index > 0 && k.KeyNum == 0 }
	if len(keys) == 1 && isRange(&keys[0]) {
		k := &keys[0]
		if last = k.Last; last >= 0 {
			last += k.Index
		}
		return k.Index, last, max(k.Step, 1)
	}
	end := 0
	for i := range keys {
		k := &keys[i]
		if !isRange(k) || max(k.Step, 1) != 1 || end != 0 && end != k.Index-1 {
			continue
		}
		if first == 0 {
			first = k.Index
		}
		if end = k.Last; end >= 0 {
			end += k.Index
		}
		if last = max(last, end); end < 0 {
			last = end
		}
		step = 1
	}
	return first, last, step
}

// eachSpec calls fn with every row, each followed by its sub-commands.
func (e *Engine) eachSpec(fn func(*command.Spec)) {
	for _, s := range e.table.All() {
		fn(s)
		for i := range s.Sub {
			fn(&s.Sub[i])
		}
	}
}

// specByName finds a row by the name that Spec.FullName prints, in any case.
func (e *Engine) specByName(name []byte) (*command.Spec, bool) {
	container, sub, nested := cut(name, '|')
	s, ok := e.table.Lookup(container)
	if !ok || !nested {
		return s, ok
	}
	for i := range s.Sub {
		if command.EqualFold(sub, s.Sub[i].Name) {
			return &s.Sub[i], true
		}
	}
	return nil, false
}

func cut(b []byte, sep byte) (before, after []byte, found bool) {
	if i := slices.Index(b, sep); i >= 0 {
		return b[:i], b[i+1:], true
	}
	return b, nil, false
}
