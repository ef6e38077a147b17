package config

import "strings"

// Suggest returns the entry of among that name most likely was meant to be, or "" when none is near:
// the least number of typing mistakes (a letter more, less, changed, or two swapped), then the only
// entry that contains name. Case, and dashes against underscores, do not count.
func Suggest(name string, among []string) string {
	name = fold(name)
	best, least := "", 1+len(name)/4
	for _, candidate := range among {
		if d := mistakes(name, fold(candidate)); d < least || (d == least && best == "") {
			best, least = candidate, d
		}
	}
	if best != "" || len(name) < 4 {
		return best
	}
	for _, candidate := range among {
		if strings.Contains(fold(candidate), name) {
			if best != "" {
				return ""
			}
			best = candidate
		}
	}
	return best
}

// mistakes is the optimal string alignment distance, over bytes.
func mistakes(a, b string) int {
	before, above, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range above {
		above[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(above[j]+1, row[j-1]+1, above[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, above, row = above, row, before
	}
	return above[len(b)]
}
