package hook

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Mode says what a subscriber may rely on.
type Mode string

// The modes of delivery.
const (
	Observe Mode = "observe" // after the unit, outside all locks, at most once over a crash
	Outbox  Mode = "outbox"  // through a stream, at least once over crashes
	Atomic  Mode = "atomic"  // inside the unit, with it or not at all
)

// QueuePolicy says what a full queue does with a further event.
type QueuePolicy string

// The policies of a full queue.
const (
	Block      QueuePolicy = "block" // the publisher waits
	DropOldest QueuePolicy = "drop-oldest"
	DropNewest QueuePolicy = "drop-newest"
)

// Options describe a subscription. Zero values of its limits mean those of the
// bus, and follow them when they change.
type Options struct {
	Name  string // unique among its owner's hooks
	Owner string // the plugin or script library
	Kind  Kind
	Phase string   // command and rewrite events: only this phase; "" for all but Before
	Match string   // glob on Event.Subject; "" for all
	DB    int      // only events of this database; AnyDB for all
	Names []string // key events: only these Redis event names; nil for all
	Class Class    // key events: only these classes; 0 for All, and the classes of Names beside it
	Mode  Mode     // default Observe
	Keys  []string // atomic, key events: all keys that it touches beside that of its event; nil, or a glob among them, takes all locks

	Stream     string // outbox: the key of the stream, in DB or, for AnyDB, database 0
	DeadLetter string // outbox: the stream for events that are given up; default Stream + ":dead"
	Tries      int    // outbox: runs of an event that fail before it is given up; default Retries

	Queue     int           // events waiting at most
	Full      QueuePolicy   // what a full queue does
	Budget    time.Duration // wall clock of one run
	OnError   string        // atomic: continue or retry
	Retries   int           // atomic with retry: tries before it goes on without
	TripAfter int           // failures in a row that disable the hook; negative: never
	Rearm     time.Duration // pause after which a tripped hook is tried again; negative: never
	MaxDepth  int           // events caused by more hooks than this are dropped
	Share     int           // observers: percent of a core that it may take while its runs fail
}

// Defaults are the limits of subscriptions that have none of their own: the
// [hooks] section. Zero for TripAfter and Rearm means never.
type Defaults struct {
	Queue        int
	Full         QueuePolicy
	Budget       time.Duration
	AtomicBudget time.Duration // of hooks that run while a client waits
	OnError      string
	Retries      int
	TripAfter    int
	Rearm        time.Duration
	MaxDepth     int
	Share        int // 0 for no bound
}

// standard are the defaults of a bus until SetDefaults.
var standard = Defaults{
	Queue: 16384, Full: Block, Budget: time.Second, AtomicBudget: 50 * time.Millisecond,
	OnError: "continue", Retries: 5, TripAfter: 10, Rearm: time.Minute, MaxDepth: 4, Share: 10,
}

// AnyDB in Options.DB admits every database.
const AnyDB = -1

// check completes what identifies the subscription and refuses what is wrong.
func (o *Options) check() error {
	if o.Name == "" || o.Owner == "" || o.Kind == "" {
		return errors.New("hook: a subscription needs a name, an owner and an event")
	}
	if o.Class == 0 {
		o.Class = All
		for _, name := range o.Names {
			o.Class |= named[name]
		}
	}
	setDefault(&o.Mode, Observe)
	if o.Stream != "" {
		setDefault(&o.DeadLetter, o.Stream+":dead")
	}
	switch {
	case o.Mode != Observe && o.Mode != Atomic && o.Mode != Outbox:
		return fmt.Errorf("hook: %s: unknown mode %q (observe, outbox, atomic)", o.Name, o.Mode)
	case o.Full != "" && o.Full != Block && o.Full != DropOldest && o.Full != DropNewest:
		return fmt.Errorf("hook: %s: unknown queue policy %q (block, drop-oldest, drop-newest)", o.Name, o.Full)
	case o.OnError != "" && o.OnError != "continue" && o.OnError != "retry":
		return fmt.Errorf("hook: %s: unknown on-error policy %q (continue, retry)", o.Name, o.OnError)
	case o.Phase != "" && !slices.Contains(phases[o.Kind], o.Phase):
		return fmt.Errorf("hook: %s: %s events have no phase %q", o.Name, o.Kind, o.Phase)
	}
	return nil
}

// with returns the options with the limits they do not have themselves.
func (o Options) with(d *Defaults) Options {
	setDefault(&o.Queue, d.Queue)
	setDefault(&o.Full, d.Full)
	setDefault(&o.OnError, d.OnError)
	setDefault(&o.Retries, d.Retries)
	setDefault(&o.Tries, o.Retries)
	setDefault(&o.TripAfter, d.TripAfter)
	setDefault(&o.Rearm, d.Rearm)
	setDefault(&o.MaxDepth, d.MaxDepth)
	setDefault(&o.Share, d.Share)
	if o.inline() {
		setDefault(&o.Budget, d.AtomicBudget)
	} else {
		setDefault(&o.Budget, d.Budget)
	}
	return o
}

// inline is true of hooks that run while whoever caused the event waits.
func (o *Options) inline() bool {
	return o.Mode == Atomic || o.Phase == Before && o.Kind == KindCommand
}

func setDefault[T comparable](v *T, d T) {
	var zero T
	if *v == zero {
		*v = d
	}
}
