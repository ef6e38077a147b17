package config

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
)

// Checks of String rows. Each returns the canonical text, or an error as CONFIG SET shows it.

// checkSave takes pairs of seconds and changes, as Redis' save does.
func checkSave(text string) (string, error) {
	if text == "" {
		return "", nil
	}
	words := strings.Split(text, " ")
	if len(words)%2 != 0 {
		return "", errSave
	}
	for i, word := range words {
		n, err := strconv.ParseInt(word, 10, 32)
		if err != nil || (i%2 == 0 && n < 1) || n < 0 {
			return "", errSave
		}
		words[i] = strconv.FormatInt(n, 10)
	}
	return strings.Join(words, " "), nil
}

// checkPercentiles takes numbers from 0 to 100 and prints them without needless zeros.
func checkPercentiles(text string) (string, error) {
	if text == "" {
		return "", nil
	}
	words := strings.Split(text, " ")
	for i, word := range words {
		f, err := strconv.ParseFloat(word, 64)
		if err != nil || f != f {
			return "", errPercentile
		}
		if f < 0 || f > 100 {
			return "", errPercentiles
		}
		short := strings.TrimRight(strconv.FormatFloat(f, 'f', 6, 64), "0")
		words[i] = strings.TrimSuffix(short, ".")
	}
	return strings.Join(words, " "), nil
}

// checkBaseName takes a file name without a folder. Name and what are those of Redis' message.
func checkBaseName(name, what string, mayBeEmpty bool) func(string) (string, error) {
	return func(text string) (string, error) {
		if text == "" && !mayBeEmpty {
			return "", fmt.Errorf("%s can't be empty", name)
		}
		if strings.ContainsAny(text, `/\`) || text == "." || text == ".." {
			return "", fmt.Errorf("%s can't be a path, just a %s", name, what)
		}
		return text, nil
	}
}

// checkHostPort takes host:port, with a port that is a number.
func checkHostPort(text string) (string, error) {
	_, port, err := net.SplitHostPort(text)
	if err != nil {
		return "", errors.New("argument must be a host and a port, such as 127.0.0.1:9121")
	}
	if n, err := parseInt(port); err != nil || n < 0 || n > 65535 {
		return "", errors.New("argument must end in a port between 0 and 65535")
	}
	return text, nil
}

// checkURLPath takes the path of a URL.
func checkURLPath(text string) (string, error) {
	if !strings.HasPrefix(text, "/") || strings.ContainsAny(text, " ?#{}") {
		return "", errors.New("argument must be the path of a URL, such as /metrics")
	}
	return text, nil
}

// checkOOMScores takes three integers from -2000 to 2000.
func checkOOMScores(text string) (string, error) {
	words := strings.Split(text, " ")
	if len(words) != 3 {
		return "", errCount
	}
	for i, word := range words {
		n, err := strconv.ParseInt(word, 10, 64)
		if err != nil || n < -2000 || n > 2000 {
			return "", errOOMScore
		}
		words[i] = strconv.FormatInt(n, 10)
	}
	return strings.Join(words, " "), nil
}

// checkSizeOrPercent takes a size or, with a percent sign, 0 to 100.
func checkSizeOrPercent(text string) (string, error) {
	if n, err := ParseSize(text); err == nil {
		return strconv.FormatInt(n, 10), nil
	}
	n, err := parseInt(strings.TrimSuffix(text, "%"))
	if err != nil || n < 0 || !strings.HasSuffix(text, "%") {
		return "", errSizeOrPercent
	}
	if n > 100 {
		return "", errPercent
	}
	if n == 0 {
		return "0", nil
	}
	return text, nil
}

// shutdownFlags in the order in which they are printed.
var shutdownFlags = []string{"default", "save", "nosave", "now", "force"}

// checkShutdown takes flags of SHUTDOWN and prints them in one order.
func checkShutdown(text string) (string, error) {
	var given [5]bool
	for word := range strings.SplitSeq(text, " ") {
		at := slices.Index(shutdownFlags, strings.ToLower(word))
		if at < 0 {
			return "", errors.New("argument(s) must be one of the following: " + strings.Join(shutdownFlags, ", "))
		}
		given[at] = true
	}
	if given[1] && given[2] {
		return "", errShutdown
	}
	var out []string
	for i, flag := range shutdownFlags {
		if i > 0 && given[i] {
			out = append(out, flag)
		}
	}
	if out == nil {
		return "default", nil
	}
	return strings.Join(out, " "), nil
}

// checkOnly refuses every value but one: accepting another would promise what is not there.
func checkOnly(allowed, why string) func(string) (string, error) {
	return func(text string) (string, error) {
		if !strings.EqualFold(text, allowed) {
			return "", errors.New(why)
		}
		return allowed, nil
	}
}
