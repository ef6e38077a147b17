package cli

import (
	"bufio"
	"strings"
	"testing"

	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// The texts were asked from redis-cli 7.0.15, but for the big number, which it cannot print.
var formats = []struct{ name, resp, people, raw string }{
	{"status", "+OK\r\n", "OK\n", "OK"},
	{"error", "-ERR no\r\n", "(error) ERR no\n", "ERR no\n"},
	{"integer", ":12345\r\n", "(integer) 12345\n", "12345"},
	{"bulk", "$11\r\nHello World\r\n", "\"Hello World\"\n", "Hello World"},
	{"escapes", "$13\r\na\"b\\c\n\t\r\a\b\x01\xff \r\n", `"a\"b\\c\n\t\r\a\b\x01\xff "` + "\n", "a\"b\\c\n\t\r\a\b\x01\xff "},
	{"null", "_\r\n", "(nil)\n", ""},
	{"null bulk", "$-1\r\n", "(nil)\n", ""},
	{"null array", "*-1\r\n", "(nil)\n", ""},
	{"double", ",3.141\r\n", "(double) 3.141\n", "3.141"},
	{"true", "#t\r\n", "(true)\n", "(true)"},
	{"false", "#f\r\n", "(false)\n", "(false)"},
	{"big number", "(123\r\n", "(big number) 123\n", "123"},
	{"verbatim", "=10\r\ntxt:two\nli\r\n", "two\nli\n", "two\nli"},
	{"empty array", "*0\r\n", "(empty array)\n", ""},
	{"empty map", "%0\r\n", "(empty hash)\n", ""},
	{"empty set", "~0\r\n", "(empty set)\n", ""},
	{"set", "~2\r\n:0\r\n:1\r\n", "1~ (integer) 0\n2~ (integer) 1\n", "0\n1"},
	{"map", "%2\r\n:0\r\n#f\r\n:1\r\n#t\r\n", "1# (integer) 0 => (false)\n2# (integer) 1 => (true)\n", "0 (false)\n1 (true)"},
	{"nested", "*4\r\n:1\r\n*3\r\n:2\r\n*2\r\n$1\r\na\r\n*0\r\n:3\r\n$1\r\nx\r\n$-1\r\n",
		"1) (integer) 1\n2) 1) (integer) 2\n   2) 1) \"a\"\n      2) (empty array)\n   3) (integer) 3\n3) \"x\"\n4) (nil)\n", "1\n2\na\n\n3\nx\n"},
	{"numbers in line", "*10\r\n" + strings.Repeat(":1\r\n", 10),
		strings.Join([]string{" 1", " 2", " 3", " 4", " 5", " 6", " 7", " 8", " 9", "10"}, ") (integer) 1\n") + ") (integer) 1\n",
		strings.TrimSuffix(strings.Repeat("1\n", 10), "\n")},
}

func TestFormat(t *testing.T) {
	for _, test := range formats {
		v, err := wire.ReadValue(bufio.NewReader(strings.NewReader(test.resp)))
		if err != nil {
			t.Fatalf("%s: %v", test.name, err)
		}
		if got := Format(v); got != test.people {
			t.Errorf("%s:\n%s\nwant\n%s", test.name, got, test.people)
		}
		if got := formatRaw(v); got != test.raw {
			t.Errorf("%s raw:\n%q\nwant\n%q", test.name, got, test.raw)
		}
	}
}

func TestIsReport(t *testing.T) {
	for line, want := range map[string]bool{"INFO": true, "info all": true, "CLIENT LIST": true, "client": false, "client id": false, "GET info": false} {
		if got := isReport(strings.Fields(line)); got != want {
			t.Errorf("%s: %v", line, got)
		}
	}
}
