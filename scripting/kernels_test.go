package scripting_test

import (
	"context"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// kernels are Lua that calls no commands: what the machine itself does.
var kernels = []struct{ name, body string }{
	{"numbers", "local x = 0 for i = 1, 10000 do x = x + i % 7 end return x"},
	{"calls", "local function fib(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end return fib(16)"},
	{"sieve", "local p, n = {}, 0 for i = 2, 2000 do if not p[i] then n = n + 1 for j = i * i, 2000, i do p[j] = true end end end return n"},
	{"list", "local t, s = {}, 0 for i = 1, 1000 do t[#t + 1] = i end for _, v in ipairs(t) do s = s + v end return s"},
	{"fields", "local s = 0 for i = 1, 500 do local p = {x = i, y = 2, name = 'n'} s = s + p.x * p.y end return s"},
	{"sort", "local t, x = {}, 1 for i = 1, 500 do x = x * 16807 % 2147483647 t[i] = x end table.sort(t) return t[250]"},
	{"text", "local t = {} for i = 1, 200 do t[#t + 1] = 'item:' .. i end return #table.concat(t, ',')"},
	{"gsub", "return #string.gsub(string.rep('hello world ', 50), '%w+', '<%0>')"},
	{"closures", "local s = 0 for i = 1, 500 do local function add(n) s = s + n + i end add(1) end return s"},
}

// BenchmarkKernels runs each kernel by EVAL, and beside it in lua5.1 where that is
// installed: x is how many times longer it takes here.
func BenchmarkKernels(b *testing.B) {
	for _, k := range kernels {
		b.Run(k.name, func(b *testing.B) {
			r := newRig(b)
			r.journal.off = true
			args := byteArgs([]string{"EVAL", k.body, "0"})
			var c wire.Collector
			for b.Loop() {
				c.Reset()
				if err := r.Do(context.Background(), 0, args, &c); err != nil {
					b.Fatal(err)
				}
			}
			if theirs := lua51(b, k.body); theirs > 0 {
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/theirs, "x")
			}
		})
	}
}

// lua51 is how many nanoseconds lua5.1 needs for body, 0 where there is none.
func lua51(b *testing.B, body string) float64 {
	if _, err := exec.LookPath("lua5.1"); err != nil {
		return 0
	}
	const script = `local f, n, c = function() %s end, 0, os.clock() repeat f() n = n + 1 until os.clock() - c > 0.2 io.write((os.clock() - c) / n * 1e9)`
	out, err := exec.Command("lua5.1", "-e", fmt.Sprintf(script, body)).Output()
	if err != nil {
		b.Fatal(err)
	}
	ns, err := strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
	if err != nil {
		b.Fatal(err)
	}
	return ns
}
