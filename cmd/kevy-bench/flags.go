package main

import (
	"fmt"
	"strconv"
	"strings"
)

// or returns v, or otherwise if v was not given.
func or[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

// numbers reads a list such as 1,16,100 or 300k,5M.
func numbers(flag, text string) (out []uint64, err error) {
	for word := range strings.SplitSeq(text, ",") {
		n, err := number(strings.TrimSpace(word))
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w", flag, text, err)
		}
		out = append(out, n)
	}
	return out, nil
}

// number reads a positive number, with k or M for thousands and millions.
func number(text string) (uint64, error) {
	factor := uint64(1)
	switch {
	case strings.HasSuffix(text, "k"):
		factor = 1000
	case strings.HasSuffix(text, "M"):
		factor = 1_000_000
	}
	digits := strings.TrimRight(text, "kM")
	n, err := strconv.ParseUint(digits, 10, 32)
	if err != nil || n == 0 || len(text)-len(digits) > 1 {
		return 0, fmt.Errorf("%q is not a positive number", text)
	}
	return n * factor, nil
}

// quantity is a flag's number, written like those of a list.
type quantity uint64

func (q *quantity) String() string { return short(uint64(*q)) }

func (q *quantity) Set(text string) error {
	n, err := number(text)
	*q = quantity(n)
	return err
}

// short writes a round number as 300k or 5M.
func short(n uint64) string {
	switch {
	case n > 0 && n%1_000_000 == 0:
		return fmt.Sprintf("%dM", n/1_000_000)
	case n > 0 && n%1000 == 0:
		return fmt.Sprintf("%dk", n/1000)
	}
	return strconv.FormatUint(n, 10)
}

// positive refuses a flag's value that is not above zero.
func positive[T ~int | ~int64](flag string, v T) error {
	if v <= 0 {
		return fmt.Errorf("%s %v: must be above zero", flag, v)
	}
	return nil
}
