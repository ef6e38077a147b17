package engine

import (
	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

const errNoCluster wire.Error = "ERR This instance has cluster support disabled"

func noCluster(*command.Call) error { return errNoCluster }

// clusterRows exist because cluster clients ask them first: they must hear that
// this server is no cluster, rather than that it knows no such command.
var clusterRows = []command.Spec{
	{Name: "readonly", Arity: 1, Group: clusterGroup, Since: "3.0.0", Complexity: "O(1)", ACL: connectionACL,
		Flags: command.Loading | command.Stale | command.Fast | command.NoUnit, Summary: "Is for clusters only", Run: noCluster},
	{Name: "readwrite", Arity: 1, Group: clusterGroup, Since: "3.0.0", Complexity: "O(1)", ACL: connectionACL,
		Flags: command.Loading | command.Stale | command.Fast | command.NoUnit, Summary: "Is for clusters only", Run: noCluster},
	{Name: "asking", Arity: 1, Group: clusterGroup, Since: "3.0.0", Complexity: "O(1)", ACL: connectionACL,
		Flags: command.Fast | command.NoUnit, Summary: "Is for clusters only", Run: noCluster},
	{Name: "cluster", Arity: -2, Group: clusterGroup, Since: "3.0.0", Complexity: "Depends on the sub-command",
		Summary: "A container for commands of clusters, which this server is not part of", Sub: clusterSubs()},
}

const clusterGroup command.Group = "cluster"

func clusterSubs() []command.Spec {
	const (
		read  = command.Stale | command.NoUnit
		admin = command.Admin | command.Stale | command.NoAsyncLoading | command.NoUnit
		view  = command.Admin | command.Stale | command.NoUnit
	)
	varied := []string{"nondeterministic_output"}
	rows := []command.Spec{
		{Name: "addslots", Arity: -3, Flags: admin, Syntax: "slot [slot ...]"},
		{Name: "addslotsrange", Arity: -4, Flags: admin, Since: "7.0.0", Syntax: "start-slot end-slot [start-slot end-slot ...]"},
		{Name: "bumpepoch", Arity: 2, Flags: admin, Hints: varied},
		{Name: "count-failure-reports", Arity: 3, Flags: view, Hints: varied, Syntax: "node-id"},
		{Name: "countkeysinslot", Arity: 3, Flags: read, Syntax: "slot"},
		{Name: "delslots", Arity: -3, Flags: admin, Syntax: "slot [slot ...]"},
		{Name: "delslotsrange", Arity: -4, Flags: admin, Since: "7.0.0", Syntax: "start-slot end-slot [start-slot end-slot ...]"},
		{Name: "failover", Arity: -2, Flags: admin, Syntax: "[FORCE|TAKEOVER]"},
		{Name: "flushslots", Arity: 2, Flags: admin},
		{Name: "forget", Arity: 3, Flags: admin, Syntax: "node-id"},
		{Name: "getkeysinslot", Arity: 4, Flags: read, Hints: varied, Syntax: "slot count"},
		{Name: "info", Arity: 2, Flags: read, Hints: varied},
		{Name: "keyslot", Arity: 3, Flags: read, Syntax: "key"},
		{Name: "links", Arity: 2, Flags: read, Since: "7.0.0", Hints: varied},
		{Name: "meet", Arity: -4, Flags: admin, Syntax: "ip port [cluster-bus-port]"},
		{Name: "myid", Arity: 2, Flags: read},
		{Name: "nodes", Arity: 2, Flags: read, Hints: varied},
		{Name: "replicas", Arity: 3, Flags: view, Since: "5.0.0", Hints: varied, Syntax: "node-id"},
		{Name: "replicate", Arity: 3, Flags: admin, Syntax: "node-id"},
		{Name: "reset", Arity: -2, Flags: command.Admin | command.NoScript | command.Stale | command.NoUnit, Syntax: "[HARD|SOFT]"},
		{Name: "saveconfig", Arity: 2, Flags: admin},
		{Name: "set-config-epoch", Arity: 3, Flags: admin, Syntax: "config-epoch"},
		{Name: "setslot", Arity: -4, Flags: admin, Syntax: "slot <IMPORTING node-id|MIGRATING node-id|NODE node-id|STABLE>"},
		{Name: "shards", Arity: 2, Flags: read, Since: "7.0.0", Hints: varied},
		{Name: "slaves", Arity: 3, Flags: view, Hints: varied, Syntax: "node-id"},
		{Name: "slots", Arity: 2, Flags: read, Hints: varied},
		{Name: "help", Arity: 2, Flags: command.Loading | command.Stale | command.NoUnit, Since: "5.0.0"},
	}
	for i := range rows {
		r := &rows[i]
		r.Complexity, r.Summary, r.Run = "O(1)", "Is for clusters only", noCluster
		if r.Since == "" {
			r.Since = "3.0.0"
		}
	}
	return rows
}
