//go:build linux

package main

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var testSuite = &suite{name: "test", metrics: []metric{
	{name: "ops", unit: perSecond, higher: true, ratio: true},
	{name: "late", unit: seconds},
	{name: "never", unit: count},
}}

// testSamples are three rounds of one scenario; the second had foreign CPU.
func testSamples() (out []sample) {
	for round, ops := range [][2]float64{{100_000, 150_000}, {100_000, 10_000}, {200_000, 400_000}} {
		for i, server := range []string{"redis", "kevy"} {
			out = append(out, sample{Suite: "test", Scenario: "SET", Server: server, Round: round, Flagged: round == 1,
				Foreign: 0.01 + float64(round%2)/2, Values: values{"ops": ops[i], "late": 0.0025}})
		}
	}
	return out
}

func TestSummarise(t *testing.T) {
	rows := summarise(testSuite, testSamples(), false)
	if len(rows) != 1 {
		t.Fatalf("%d rows", len(rows))
	}
	r := rows[0]
	if r.Rounds != 3 || r.Flagged != 1 || r.Dropped != 0 || *r.Metrics["ops"].Gain != (spread{Median: 1.5, Min: 0.1, Max: 2}) {
		t.Errorf("%+v", r)
	}
	r = summarise(testSuite, testSamples(), true)[0]
	if r.Rounds != 2 || r.Flagged != 0 || r.Dropped != 1 || *r.Metrics["ops"].Gain != (spread{Median: 1.75, Min: 1.5, Max: 2}) {
		t.Errorf("without the flagged round: %+v", r)
	}
	if rows := summarise(testSuite, testSamples()[2:4], true); rows[0].Rounds != 1 || rows[0].Flagged != 1 {
		t.Errorf("where every round is flagged they count: %+v", rows[0])
	}
	if rows := summarise(fsyncSuite, testSamples(), false); rows != nil {
		t.Errorf("samples of another suite: %+v", rows)
	}
}

func TestWriteTable(t *testing.T) {
	var b strings.Builder
	writeTable(&b, testSuite, summarise(testSuite, testSamples(), false))
	want := `
test   ops                            late          rounds  foreign
     redis  kevy       x [min-max]   redis     kevy             max
SET   100k  150k  1.50 [0.10-2.00]  2.50 ms  2.50 ms  3 (1!)     0.51
`
	squeeze := func(s string) string { return strings.Join(strings.Fields(s), " ") }
	if squeeze(b.String()) != squeeze(want) {
		t.Errorf("\n%s", b.String())
	}
}

func TestWriteJSON(t *testing.T) {
	name := filepath.Join(t.TempDir(), "out.json")
	rows := summarise(testSuite, testSamples(), false)
	if err := writeJSON(name, machine{Command: "kevy-bench test"}, rows, testSamples(), []error{errors.New("one failed")}); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Rows     []row
		Samples  []sample
		Failures []string
	}
	if err := json.Unmarshal(text, &got); err != nil || len(got.Rows) != 1 || len(got.Samples) != 6 || len(got.Failures) != 1 {
		t.Errorf("%v: %s", err, text)
	}
}

func TestParseProc(t *testing.T) {
	p, err := parseStat([]byte("42 (a) b) c) S 7 1 1 0 -1 4194560 1 2 3 4 150 50 20 10 20 0 1 0 100 1 1"))
	if want := (process{parent: 7, cpu: 2 * time.Second, ended: 300 * time.Millisecond}); err != nil || p != want {
		t.Errorf("%+v, %v", p, err)
	}
	d, err := parseMachine("cpu  100 10 90 5000 30 7 8 5 0 0\ncpu0 1 1 1 1\n")
	if err != nil || d != 2050*time.Millisecond {
		t.Errorf("%s, %v", d, err)
	}
	n, err := parseKilobytes("VmSize:  9 kB\nVmRSS:\t  12 kB\nOther: 5\n", "VmRSS")
	if err != nil || n != 12*1024 {
		t.Errorf("%g, %v", n, err)
	}
	for name, err := range map[string]error{
		"stat":    second(parseStat([]byte("42 S 7"))),
		"machine": second(parseMachine("intr 1 2 3")),
		"status":  second(parseKilobytes("VmRSS: 1 kB", "VmSwap")),
	} {
		if err == nil {
			t.Errorf("%s: read from other text", name)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestSideArguments(t *testing.T) {
	settings := []setting{{"save", ""}, {"appendonly", "no"}}
	tests := []struct {
		command string
		want    []string
		bySet   bool
	}{
		{redisCommand, []string{"redis-server", "--port", "7", "--bind", "127.0.0.1", "--dir", "/d", "--daemonize", "no", "--save", "", "--appendonly", "no"}, false},
		{kevyCommand, []string{"/k", "serve", "--port", "7", "--bind", "127.0.0.1", "--dir", "/d", "--set", "save=", "--set", "appendonly=no"}, false},
		{"other -p {port}", []string{"other", "-p", "7"}, true},
	}
	for _, test := range tests {
		got, bySet := side{command: test.command, binary: "/k"}.arguments(7, "/d", settings)
		if strings.Join(got, "|") != strings.Join(test.want, "|") || bySet != test.bySet {
			t.Errorf("%s: %q, %v", test.command, got, bySet)
		}
	}
}
