package config

import "strings"

// Events is the set of keyspace events that are published: the letters of notify-keyspace-events.
type Events uint16

// The classes, and where they are published. The letters are Redis'.
const (
	EventKeyspace Events = 1 << iota // K: published as __keyspace@<db>__:<key>
	EventKeyevent                    // E: published as __keyevent@<db>__:<event>
	EventGeneric                     // g: DEL, EXPIRE, RENAME, …
	EventString                      // $
	EventList                        // l
	EventSetType                     // s
	EventHash                        // h
	EventZset                        // z
	EventExpired                     // x
	EventEvicted                     // e
	EventStream                      // t
	EventModule                      // d: value types of plugins
	EventNew                         // n: a key came into being
	EventMiss                        // m: a key was asked for and is not there

	// EventAll is the letter A: every class but new and miss.
	EventAll = EventGeneric | EventString | EventList | EventSetType | EventHash | EventZset |
		EventExpired | EventEvicted | EventStream | EventModule
)

const eventLetters = "Ag$lshzxeKEtmdn"

// eventOrder is the order in which Redis prints.
var eventOrder = []struct {
	letter byte
	class  Events
}{
	{'A', EventAll}, {'g', EventGeneric}, {'$', EventString}, {'l', EventList}, {'s', EventSetType},
	{'h', EventHash}, {'z', EventZset}, {'x', EventExpired}, {'e', EventEvicted}, {'t', EventStream},
	{'d', EventModule}, {'n', EventNew}, {'K', EventKeyspace}, {'E', EventKeyevent}, {'m', EventMiss},
}

// ParseEvents reads letters in any order. The error's text is Redis'.
func ParseEvents(text string) (Events, error) {
	var events Events
next:
	for i := range len(text) {
		for _, e := range eventOrder {
			if e.letter == text[i] {
				events |= e.class
				continue next
			}
		}
		return 0, errEvents
	}
	return events, nil
}

// String writes the letters in Redis' order, all ten common classes as A. Beside A, Redis 7.0 leaves
// out n, so that what it prints is not what it does; here n is printed.
func (e Events) String() string {
	var out strings.Builder
	for _, next := range eventOrder {
		if e&next.class == next.class {
			out.WriteByte(next.letter)
			e &^= next.class
		}
	}
	return out.String()
}
