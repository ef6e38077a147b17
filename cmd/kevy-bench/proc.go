//go:build linux

package main

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// ticksPerSecond is the unit of CPU times in /proc, fixed for user space.
const ticksPerSecond = 100

// process is what /proc/PID/stat says about a process.
type process struct {
	parent int
	cpu    time.Duration // its own, user and system
	ended  time.Duration // of children that it has waited for
}

// parseStat reads the text of /proc/PID/stat. The program's name, in
// parentheses, may itself contain any character.
func parseStat(text []byte) (process, error) {
	i := bytes.LastIndexByte(text, ')')
	f := bytes.Fields(text[i+1:])
	if i < 0 || len(f) < 15 {
		return process{}, fmt.Errorf("/proc stat: %q", text)
	}
	var v [5]int64
	for n, at := range []int{1, 11, 12, 13, 14} { // ppid, utime, stime, cutime, cstime
		x, err := strconv.ParseInt(string(f[at]), 10, 64)
		if err != nil {
			return process{}, fmt.Errorf("/proc stat: %w", err)
		}
		v[n] = x
	}
	tick := time.Second / ticksPerSecond
	return process{parent: int(v[0]), cpu: time.Duration(v[1]+v[2]) * tick, ended: time.Duration(v[3]+v[4]) * tick}, nil
}

// readProcess reads the figures of a process.
func readProcess(pid int) (process, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return process{}, err
	}
	return parseStat(text)
}

// children returns the processes whose parent is pid: redis-server forks one for
// its rewrite.
func children(pid int) map[int]process {
	dir, err := os.Open("/proc")
	if err != nil {
		return nil
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return nil
	}
	out := map[int]process{}
	for _, name := range names {
		id, err := strconv.Atoi(name)
		if err != nil {
			continue
		}
		if p, err := readProcess(id); err == nil && p.parent == pid {
			out[id] = p
		}
	}
	return out
}

// treeCPU returns the CPU time that a process and its children have used, those
// that ended included.
func treeCPU(pid int) (time.Duration, error) {
	p, err := readProcess(pid)
	if err != nil {
		return 0, err
	}
	sum := p.cpu + p.ended
	for _, c := range children(pid) {
		sum += c.cpu + c.ended
	}
	return sum, nil
}

// selfCPU returns the CPU time of this process and of the children that it has
// waited for, other than servers: those run on until nothing is measured.
func selfCPU() time.Duration {
	var sum time.Duration
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var u syscall.Rusage
		if syscall.Getrusage(who, &u) == nil {
			sum += time.Duration(u.Utime.Nano() + u.Stime.Nano())
		}
	}
	return sum
}

// parseMachine reads the first line of /proc/stat: the CPU time that was used for
// programs and the kernel, or that another virtual machine took away. Interrupt
// time is left out, for most of it is the loopback traffic measured here.
func parseMachine(text string) (time.Duration, error) {
	line, _, _ := strings.Cut(text, "\n")
	f := strings.Fields(line)
	if len(f) < 9 || f[0] != "cpu" {
		return 0, fmt.Errorf("/proc/stat: %q", line)
	}
	var ticks int64
	for _, at := range []int{1, 2, 3, 8} { // user, nice, system, steal
		n, err := strconv.ParseInt(f[at], 10, 64)
		if err != nil {
			return 0, fmt.Errorf("/proc/stat: %w", err)
		}
		ticks += n
	}
	return time.Duration(ticks) * (time.Second / ticksPerSecond), nil
}

// machineCPU returns the CPU time used on the whole machine.
func machineCPU() (time.Duration, error) {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, err
	}
	return parseMachine(string(text))
}

// kilobytes returns the sum in bytes of the named fields of a file such as
// /proc/PID/status.
func kilobytes(file string, names ...string) (float64, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	return parseKilobytes(string(text), names...)
}

func parseKilobytes(text string, names ...string) (sum float64, err error) {
	found := 0
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(line, ":")
		for _, want := range names {
			if name != want {
				continue
			}
			n, err := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(value), "kB")), 64)
			if err != nil {
				return 0, fmt.Errorf("/proc: %s: %w", name, err)
			}
			sum += n * 1024
			found++
		}
	}
	if found != len(names) {
		return 0, fmt.Errorf("/proc: %s: not found", strings.Join(names, ", "))
	}
	return sum, nil
}

// residentBytes returns the resident memory of a process.
func residentBytes(pid int) (float64, error) {
	return kilobytes(fmt.Sprintf("/proc/%d/status", pid), "VmRSS")
}

// privateBytes returns the memory that a process shares with no other. A forked
// child's private memory is what copy-on-write has duplicated.
func privateBytes(pid int) (float64, error) {
	return kilobytes(fmt.Sprintf("/proc/%d/smaps_rollup", pid), "Private_Clean", "Private_Dirty")
}
