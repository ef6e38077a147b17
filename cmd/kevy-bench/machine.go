//go:build linux

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// machine describes where a run took place.
type machine struct {
	Date    string `json:"date"`
	System  string `json:"system"`
	CPU     string `json:"cpu"`
	Cores   int    `json:"cores"`
	Go      string `json:"go"`
	Redis   string `json:"redis"`
	Kevy    string `json:"kevy"`
	Command string `json:"command"`
}

func describe(args []string, sides [2]side) machine {
	m := machine{Date: time.Now().UTC().Format(time.RFC3339), Cores: runtime.NumCPU(), Go: runtime.Version(),
		Redis: sides[0].version(), Kevy: sides[1].version(), Command: "kevy-bench " + strings.Join(args, " ")}
	if release, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		m.System = "Linux " + strings.TrimSpace(string(release)) + " " + runtime.GOARCH
	}
	info, err := os.ReadFile("/proc/cpuinfo")
	if err == nil {
		for line := range strings.Lines(string(info)) {
			if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
				m.CPU = strings.TrimSpace(value)
				break
			}
		}
	}
	return m
}

// version is the first line of what the side's program says with --version.
func (s side) version() string {
	args, _ := s.arguments(0, "", nil)
	if len(args) == 0 {
		return ""
	}
	out, err := exec.Command(args[0], "--version").Output()
	if err != nil {
		return ""
	}
	first, _, _ := strings.Cut(string(out), "\n")
	return first
}

// writeJSON writes everything that was measured to a file.
func writeJSON(name string, m machine, rows []row, samples []sample, failures []error) error {
	texts := []string{}
	for _, e := range failures {
		texts = append(texts, e.Error())
	}
	out, err := json.MarshalIndent(struct {
		Machine  machine  `json:"machine"`
		Rows     []row    `json:"rows"`
		Samples  []sample `json:"samples"`
		Failures []string `json:"failures"`
	}{m, rows, samples, texts}, "", " ")
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	if err := os.WriteFile(name, append(out, '\n'), 0o644); err != nil {
		return fmt.Errorf("write the figures: %w", err)
	}
	return nil
}
