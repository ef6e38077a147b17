package hook

import "strings"

// Class is a set of keyspace event classes, with the letters of Redis'
// notify-keyspace-events parameter.
type Class uint32

// The classes, in the order in which Redis prints their letters.
const (
	Generic  Class = 1 << iota // g: DEL, EXPIRE, RENAME, …
	String                     // $
	List                       // l
	Set                        // s
	Hash                       // h
	ZSet                       // z
	Expiry                     // x: every time a key expires
	Eviction                   // e
	Stream                     // t
	Module                     // d: key types of plugins
	New                        // n: a key came into being
	Miss                       // m: a key was looked for in vain
	Keyspace                   // K: publish to __keyspace@<db>__:<key>
	Keyevent                   // E: publish to __keyevent@<db>__:<event>
)

// All is what the letter A stands for: every class but New and Miss.
const All = Generic | String | List | Set | Hash | ZSet | Expiry | Eviction | Stream | Module

// named are the classes outside All that have one event each, by its name.
var named = map[string]Class{"new": New, "keymiss": Miss}

// Letters are all that notify-keyspace-events may hold; A stands for All.
const Letters = "A" + letters

const letters = "g$lshzxetdnmKE"

// ParseClass reads a notify-keyspace-events value. ok is false when it holds a
// letter that Redis does not know.
func ParseClass(s string) (c Class, ok bool) {
	for _, r := range s {
		if r == 'A' {
			c |= All
			continue
		}
		i := strings.IndexRune(letters, r)
		if i < 0 {
			return 0, false
		}
		c |= 1 << i
	}
	return c, true
}

// String prints the set as CONFIG GET notify-keyspace-events does, but that
// Redis 7.0 leaves out n beside A.
func (c Class) String() string {
	var b strings.Builder
	rest := c
	if c&All == All {
		b.WriteByte('A')
		rest &^= All
	}
	for _, r := range "g$lshzxetdnKEm" {
		if rest&(1<<strings.IndexRune(letters, r)) != 0 {
			b.WriteRune(r)
		}
	}
	return b.String()
}
