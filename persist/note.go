package persist

import (
	"fmt"
	"strconv"
	"strings"
)

// Increments carry notes, which redis-server skips like every line that starts with #.
//
// An increment begins with what the one before it must hold:
//
//	#KEVY:prev <seq> <size in bytes>
//
// so that a power cut that takes the end of an increment, but not the beginning of the next one, is
// found even if it cuts between two records: without it, the log would load with a hole. The switch
// from one increment to the next need therefore not wait for an fsync. Once the fsync is through,
//
//	#KEVY:synced <seq>
//
// is appended: from then on a missing tail is no power cut's doing, but damage.

const notePrefix = "KEVY:"

// prevNote is what an increment says about the one before it.
type prevNote struct {
	seq, size int64
}

func appendPrevNote(b []byte, seq, size int64) []byte {
	return fmt.Appendf(b, "#%sprev %d %d\r\n", notePrefix, seq, size)
}

func appendSyncedNote(b []byte, seq int64) []byte {
	return fmt.Appendf(b, "#%ssynced %d\r\n", notePrefix, seq)
}

func appendTimestamp(b []byte, unix int64) []byte {
	return fmt.Appendf(b, "#TS:%d\r\n", unix)
}

// parseNote reads an annotation; both results are nil or zero for one that is not ours.
func parseNote(note []byte) (prev *prevNote, syncedSeq int64) {
	text, ok := strings.CutPrefix(string(note), notePrefix)
	if !ok {
		return nil, 0
	}
	words := strings.Fields(text)
	var nums []int64
	for _, w := range words[min(1, len(words)):] {
		n, err := strconv.ParseInt(w, 10, 64)
		if err != nil {
			return nil, 0
		}
		nums = append(nums, n)
	}
	switch {
	case len(words) == 3 && words[0] == "prev":
		return &prevNote{seq: nums[0], size: nums[1]}, 0
	case len(words) == 2 && words[0] == "synced":
		return nil, nums[0]
	}
	return nil, 0
}
