package engine

import (
	"slices"
	"strings"

	"github.com/kevy-lua/kevy-lua/engine/command"
)

// ownRows are the commands that belong to the engine itself: they are about
// sessions, channels, transactions and the server, not about values.
func (e *Engine) ownRows() [][]command.Spec {
	return [][]command.Spec{
		slices.Clone(connectionRows), {clientRow}, slices.Clone(transactionRows), slices.Clone(pubsubRows),
		slices.Clone(serverRows), slices.Clone(syncRows), slices.Clone(clusterRows),
		{
			aclRow, commandRow, configRow, debugRow, hookRow, infoRow, latencyRow, memoryRow, migrateRow, moduleRow, slowlogRow,
		},
	}
}

func upper(s string) string { return strings.ToUpper(s) }
