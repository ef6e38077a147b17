//go:build !linux

package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "kevy-bench: needs Linux: it reads /proc and drives its connections with epoll")
	os.Exit(1)
}
