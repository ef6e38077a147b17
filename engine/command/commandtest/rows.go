package commandtest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// Redis keeps MayReplicate to itself.
var flagNames = []struct {
	flag command.Flags
	name string
}{
	{command.Write, "write"}, {command.ReadOnly, "readonly"}, {command.DenyOOM, "denyoom"}, {command.Admin, "admin"},
	{command.PubSub, "pubsub"}, {command.NoScript, "noscript"}, {command.Blocking, "blocking"}, {command.Loading, "loading"},
	{command.Stale, "stale"}, {command.SkipMonitor, "skip_monitor"}, {command.SkipSlowlog, "skip_slowlog"},
	{command.Fast, "fast"}, {command.NoAuth, "no_auth"}, {command.NoMulti, "no_multi"},
	{command.MovableKeys, "movablekeys"}, {command.AllowBusy, "allow_busy"}, {command.NoAsyncLoading, "no_async_loading"},
	{command.NoMandatoryKeys, "no_mandatory_keys"},
}

var keyFlagNames = []struct {
	flag command.KeyFlags
	name string
}{
	{command.KeyRW, "RW"}, {command.KeyRO, "RO"}, {command.KeyOW, "OW"}, {command.KeyRM, "RM"},
	{command.KeyAccess, "access"}, {command.KeyUpdate, "update"}, {command.KeyInsert, "insert"}, {command.KeyDelete, "delete"},
	{command.KeyNotKey, "not_key"}, {command.KeyIncomplete, "incomplete"}, {command.KeyVariable, "variable_flags"},
}

// CompareRows compares arity, flags, key specifications, hints, group and
// version of rows and their sub-commands with redis-server's COMMAND INFO and
// COMMAND DOCS, and checks that every row is documented. Rows named in ours are
// not in Redis. It skips the comparison when there is no redis-server.
func CompareRows(t *testing.T, rows []command.Spec, ours ...string) {
	t.Helper()
	for i := range rows {
		documented(t, rows[i].Name, &rows[i])
	}
	redis := StartRedis(t, true)
	for i := range rows {
		if slices.Contains(ours, rows[i].Name) {
			continue
		}
		compareRow(t, redis, rows[i].Name, &rows[i], rows[i].Group)
	}
}

func documented(t *testing.T, name string, row *command.Spec) {
	t.Helper()
	if row.Summary == "" || row.Since == "" || row.Complexity == "" && row.Run != nil {
		t.Errorf("%s: the row has no summary, complexity or version", name)
	}
	if row.Arity != 1 && row.Syntax == "" && row.Run != nil && !strings.Contains(name, "|") {
		t.Errorf("%s: the row has no syntax", name)
	}
	for i := range row.Sub {
		documented(t, name+"|"+row.Sub[i].Name, &row.Sub[i])
	}
}

func compareRow(t *testing.T, redis *Redis, name string, row *command.Spec, group command.Group) {
	t.Helper()
	infos := redis.Do("COMMAND", "INFO", name).Elems
	if len(infos) != 1 || len(infos[0].Elems) < 10 {
		t.Errorf("%s: redis-server does not know it", name)
		return
	}
	info := infos[0].Elems
	check := func(what, got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("%s: %s\n got %s\nwant %s", name, what, got, want)
		}
	}
	check("arity", strconv.Itoa(row.Arity), strconv.FormatInt(info[1].Int, 10))
	var flags, hints []string
	for _, f := range flagNames {
		if row.Is(f.flag) {
			flags = append(flags, f.name)
		}
	}
	check("flags", joined(flags), joined(texts(info[2])))
	hints = append(hints, row.Hints...)
	check("hints", joined(hints), joined(texts(info[7])))
	for _, c := range row.ACL {
		if !slices.Contains(texts(info[6]), "@"+strings.TrimPrefix(c, "@")) {
			t.Errorf("%s: it is not in category %s", name, c)
		}
	}
	compareKeys(t, name, row, info[8].Elems)
	docs := fields(redis.Do("COMMAND", "DOCS", name).Elems[1])
	check("group", string(group), string(docs["group"].Str))
	check("since", row.Since, string(docs["since"].Str))
	if want := len(info[9].Elems); want != len(row.Sub) {
		t.Errorf("%s: %d sub-commands, not %d", name, len(row.Sub), want)
	}
	for i := range row.Sub {
		compareRow(t, redis, name+"|"+row.Sub[i].Name, &row.Sub[i], group)
	}
}

func compareKeys(t *testing.T, name string, row *command.Spec, specs []wire.Value) {
	t.Helper()
	if len(specs) != len(row.Keys) {
		t.Errorf("%s: %d key specifications, not %d", name, len(row.Keys), len(specs))
		return
	}
	for i := range specs {
		want, got := redisKeys(specs[i]), ourKeys(&row.Keys[i])
		if unknown := strings.Index(want, "unknown"); unknown >= 0 && row.Keys[i].Keyword != "" {
			want, got = want[:unknown], got[:min(unknown, len(got))] // where Redis says nothing, we may know more
		}
		if got != want {
			t.Errorf("%s: key specification %d\n got %s\nwant %s", name, i, got, want)
		}
	}
}

func redisKeys(v wire.Value) string {
	spec := fields(v)
	flags := texts(spec["flags"])
	begin, find := fields(spec["begin_search"]), fields(spec["find_keys"])
	b, f := fields(begin["spec"]), fields(find["spec"])
	s := joined(flags) + ": "
	switch kind := string(begin["type"].Str); kind {
	case "index":
		s += fmt.Sprintf("index %d", b["index"].Int)
	case "keyword":
		s += fmt.Sprintf("keyword %s from %d", b["keyword"].Str, b["startfrom"].Int)
	default:
		return s + kind
	}
	switch kind := string(find["type"].Str); kind {
	case "range":
		return s + fmt.Sprintf(", range %d %d %d", f["lastkey"].Int, f["keystep"].Int, f["limit"].Int)
	case "keynum":
		return s + fmt.Sprintf(", keynum %d %d %d", f["keynumidx"].Int, f["firstkey"].Int, f["keystep"].Int)
	default:
		return s + ", " + kind
	}
}

func ourKeys(k *command.KeySpec) string {
	var flags []string
	for _, f := range keyFlagNames {
		if k.Flags&f.flag != 0 {
			flags = append(flags, f.name)
		}
	}
	s := joined(flags) + ": "
	switch {
	case k.Index > 0:
		s += fmt.Sprintf("index %d", k.Index)
	case k.Keyword != "":
		s += fmt.Sprintf("keyword %s from %d", k.Keyword, k.StartFrom)
	default:
		return s + "unknown"
	}
	if k.KeyNum > 0 {
		return s + fmt.Sprintf(", keynum %d %d %d", k.KeyNum-1, k.First, max(k.Step, 1))
	}
	return s + fmt.Sprintf(", range %d %d %d", k.Last, max(k.Step, 1), k.Limit)
}

func fields(v wire.Value) map[string]wire.Value {
	m := map[string]wire.Value{}
	for i := 0; i+1 < len(v.Elems); i += 2 {
		m[string(v.Elems[i].Str)] = v.Elems[i+1]
	}
	return m
}

func texts(v wire.Value) (s []string) {
	for _, e := range v.Elems {
		s = append(s, string(e.Str))
	}
	return s
}

func joined(s []string) string {
	slices.Sort(s)
	return strings.Join(s, " ")
}
