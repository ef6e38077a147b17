//go:build linux

package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestUsage(t *testing.T) {
	tests := []struct {
		name string
		args []string
		want error
		says string
	}{
		{"nothing", nil, errUsage, "usage: kevy-bench"},
		{"help", []string{"-h"}, flag.ErrHelp, "usage: kevy-bench"},
		{"no such suite", []string{"speed"}, errUsage, `no suite "speed"`},
		{"help of a suite", []string{"fsync", "-h"}, flag.ErrHelp, "-appendfsync"},
		{"no such flag", []string{"fsync", "-fast"}, errUsage, "-fast"},
		{"flags of one suite", []string{"all", "-appendfsync", "no"}, errUsage, "-appendfsync"},
		{"an argument too many", []string{"fsync", "now"}, errUsage, `unexpected "now"`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var out strings.Builder
			if err := run(context.Background(), test.args, io.Discard, &out); !errors.Is(err, test.want) || !strings.Contains(out.String(), test.says) {
				t.Errorf("%v: %s", err, out.String())
			}
		})
	}
}

// kevy builds the server that the smoke runs measure.
func kevy(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "kevy-lua")
	if out, err := exec.Command("go", "build", "-o", path, "../kevy-lua").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return path
}

// TestSuites runs each suite, as small as it goes: what it prints is checked to be
// there, not to be fast. Without redis-server, ours stands on both sides.
func TestSuites(t *testing.T) {
	if testing.Short() {
		t.Skip("starts servers for about half a minute")
	}
	common := []string{"-short", "-quiet", "-rounds", "1", "-kevy", kevy(t), "-dir", t.TempDir()}
	if _, err := exec.LookPath("redis-server"); err != nil {
		common = append(common, "-redis-cmd", kevyCommand)
	}
	tests := []struct {
		suite string
		flags string
		rows  []string
	}{
		{"throughput", "-c 3 -P 1,4 -keys 1k -time 50ms", []string{"1k keys -P 1 SET", "1k keys -P 4 ZADD"}},
		{"throughput", "-c 3 -P 4 -keys 1k -time 20ms -commands PING,MSET,RPUSH,LPOP,RPOP,LRANGE_100,SPOP,ZPOPMIN", []string{"-P 4 PING", "-P 4 ZPOPMIN"}},
		{"eval", "-c 3 -P 4 -keys 1k -time 50ms", []string{"-P 4 return 1", "-P 4 set if equal"}},
		{"fsync", "-c 3 -P 1 -keys 1k -time 100ms", []string{"everysec -c 3 -P 1 SET", "always -c 3 -P 1 SET"}},
		{"expiry", "-c 3 -n 1k -due 20 -wave 1k", []string{"20 due beside 1k", "1k due at once"}},
		{"rewrite", "-c 3 -n 10k -P 4 -time 100ms", []string{"10k keys -P 4 SET"}},
		{"load", "-n 6k", []string{"6k keys, SET of 64 bytes", "6k keys, mixed types"}},
		{"memory", "-n 1k -elements 1k -only list,stream", []string{"list of 1k", "stream of 1k"}},
	}
	for _, test := range tests {
		t.Run(test.suite, func(t *testing.T) {
			var out, log bytes.Buffer
			args := append(append([]string{test.suite}, common...), strings.Fields(test.flags)...)
			if err := run(context.Background(), args, &out, &log); err != nil {
				t.Fatalf("%v\n%s", err, log.String())
			}
			for _, row := range test.rows {
				if !strings.Contains(out.String(), row) {
					t.Errorf("no row %q in\n%s", row, out.String())
				}
			}
		})
	}
}

// TestServerThatDoesNotStart: what it printed is in the error.
func TestServerThatDoesNotStart(t *testing.T) {
	err := run(context.Background(), []string{"fsync", "-quiet", "-redis-cmd", "ls /nowhere-{port}", "-kevy-cmd", "ls {port}", "-dir", t.TempDir()}, io.Discard, io.Discard)
	if err == nil || !strings.Contains(err.Error(), "redis ended at its start") || !strings.Contains(err.Error(), "nowhere") {
		t.Errorf("%v", err)
	}
}
