package memfs

import (
	"math/rand"
	"sort"
	"strings"
)

// Crash returns the file system as a power cut at this moment would leave it; the original is not
// touched. seed decides what of the unsynced work survives:
//
//   - of the writes to a file since its last Sync, a prefix, the last of them possibly in part and
//     possibly followed by a run of zeros (a size that reached the disk before its data);
//   - of the changed directory entries, any subset: file systems that order them exist, and so do
//     others. One rename survives whole or not at all.
//
// Seed 0 is the kindest case (everything survives), seed 1 the harshest (nothing unsynced does).
// Locks are gone, as they are with the process.
func (m *FS) Crash(seed int64) *FS {
	m.mu.Lock()
	defer m.mu.Unlock()
	rng := rand.New(rand.NewSource(seed))
	survives := func() bool {
		switch seed {
		case 0:
			return true
		case 1:
			return false
		}
		return rng.Intn(2) == 0
	}

	entries := map[string]*node{}
	for key, n := range m.durable {
		entries[key] = n
	}
	for _, op := range m.pending {
		if survives() {
			op.apply(entries)
		}
	}

	after := New(m.now)
	contents := map[*node]*node{} // two names of one node stay one node
	for _, key := range sortedKeys(entries) {
		if key == "" || !reachable(entries, key) {
			continue
		}
		old := entries[key]
		n, ok := contents[old]
		if !ok {
			n = &node{dir: old.dir, modified: old.modified}
			n.data = old.afterCrash(seed, rng)
			n.synced = append([]byte(nil), n.data...)
			contents[old] = n
		}
		after.entries[key] = n
		after.durable[key] = n
	}
	return after
}

// reachable says whether each directory above key survived, too.
func reachable(entries map[string]*node, key string) bool {
	for i, c := range key {
		if c != '/' {
			continue
		}
		if n, ok := entries[key[:i]]; !ok || !n.dir {
			return false
		}
	}
	return !strings.HasSuffix(key, "/")
}

func (n *node) afterCrash(seed int64, rng *rand.Rand) []byte {
	data := append([]byte(nil), n.synced...)
	keep, part := len(n.writes), false
	switch seed {
	case 0:
	case 1:
		keep = 0
	default:
		keep, part = rng.Intn(len(n.writes)+1), rng.Intn(2) == 0
	}
	for _, op := range n.writes[:keep] {
		data = op.apply(data)
	}
	if !part || keep == len(n.writes) || n.writes[keep].data == nil {
		return data
	}
	torn := n.writes[keep]
	cut := rng.Intn(len(torn.data) + 1)
	rest := len(torn.data) - cut
	data = writeOp{offset: torn.offset, data: torn.data[:cut:cut]}.apply(data)
	if rng.Intn(4) == 0 && torn.offset+int64(cut) == int64(len(data)) {
		data = append(data, make([]byte, rng.Intn(rest+1))...)
	}
	return data
}

func sortedKeys(entries map[string]*node) []string {
	keys := make([]string, 0, len(entries))
	for key := range entries {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys
}
