package engine

import (
	"strconv"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/hook"
)

// tellChanges publishes what a unit changed as keyspace notifications and as events
// for hooks. The latter go into keys, or are handed over at once where it is nil.
func (e *Engine) tellChanges(out *outcome, keys *hook.Keys, from hook.Giver) {
	classes := e.bus.KeyClasses()
	gathered := keys
	for i := range out.changes {
		ch := &out.changes[i]
		if ch.Key == nil || ch.Event == "" {
			continue
		}
		if classes&ch.Class != 0 {
			if gathered == nil {
				gathered = e.bus.Gather()
			}
			gathered.Add(&hook.Key{
				Origin: hook.Origin{DB: ch.DB, Nest: ch.Depth, AtMs: out.atMs}, Key: ch.Key, Name: ch.Event, Class: ch.Class,
			}, from)
		}
		e.notifyChange(ch)
	}
	if gathered != keys {
		gathered.Publish(from)
	}
}

// notifyChange publishes a change as keyspace notifications.
func (e *Engine) notifyChange(ch *command.Change) {
	want := hook.Class(e.notify.Load())
	if want&ch.Class == 0 {
		return
	}
	db := strconv.Itoa(ch.DB)
	if want&hook.Keyspace != 0 {
		e.hub.publish(nil, []byte("__keyspace@"+db+"__:"+string(ch.Key)), []byte(ch.Event))
	}
	if want&hook.Keyevent != 0 {
		e.hub.publish(nil, []byte("__keyevent@"+db+"__:"+ch.Event), ch.Key)
	}
}
