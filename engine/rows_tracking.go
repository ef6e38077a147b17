package engine

import (
	"slices"
	"strings"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// Errors of CLIENT TRACKING and CLIENT CACHING.
const (
	errRedirectTwice  wire.Error = "ERR A client can only redirect to a single other client"
	errRedirectNobody wire.Error = "ERR The client ID you want redirect to does not exist"
	errPrefixNoBcast  wire.Error = "ERR PREFIX option requires BCAST mode to be enabled"
	errSwitchBcast    wire.Error = "ERR You can't switch BCAST mode on/off before disabling tracking for this client, and then re-enabling it with a different mode."
	errBcastOpt       wire.Error = "ERR OPTIN and OPTOUT are not compatible with BCAST"
	errOptBoth        wire.Error = "ERR You can't specify both OPTIN mode and OPTOUT mode"
	errSwitchOpt      wire.Error = "ERR You can't switch OPTIN/OPTOUT mode before disabling tracking for this client, and then re-enabling it with a different mode."
	errCachingMode    wire.Error = "ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode enabled"
	errCachingYes     wire.Error = "ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode."
	errCachingNo      wire.Error = "ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode."
)

func clientTracking(c *command.Call) error {
	s := c.Client.(*Session)
	t, err := s.parseTracking(c)
	if err != nil {
		return err
	}
	switch {
	case c.Is(2, "off"):
		s.engine.track(s, nil)
	case c.Is(2, "on"):
		if err := t.follow(s.tracking.Load()); err != nil {
			return err
		}
		s.engine.track(s, t)
	default:
		return wire.ErrSyntax
	}
	c.Reply.Status("OK")
	return nil
}

// parseTracking reads the options.
func (s *Session) parseTracking(c *command.Call) (*tracking, error) {
	t := &tracking{}
	for i := 3; i < len(c.Args); i++ {
		more := i+1 < len(c.Args)
		switch {
		case c.Is(i, "redirect") && more:
			if t.redirect != 0 {
				return nil, errRedirectTwice
			}
			i++
			id, err := c.Int(i)
			if err != nil {
				return nil, err
			}
			if s.engine.sessions.find(id) == nil {
				return nil, errRedirectNobody
			}
			t.redirect = id
		case c.Is(i, "prefix") && more:
			i++
			t.prefixes = append(t.prefixes, string(c.Args[i]))
		case c.Is(i, "bcast"):
			t.bcast = true
		case c.Is(i, "optin"):
			t.optin = true
		case c.Is(i, "optout"):
			t.optout = true
		case c.Is(i, "noloop"):
			t.noloop = true
		default:
			return nil, wire.ErrSyntax
		}
	}
	return t, nil
}

// follow checks that t can take the place of what the client tracks now, and
// takes over its prefixes.
func (t *tracking) follow(old *tracking) error {
	switch {
	case len(t.prefixes) > 0 && !t.bcast:
		return errPrefixNoBcast
	case old != nil && old.bcast != t.bcast:
		return errSwitchBcast
	case t.bcast && (t.optin || t.optout):
		return errBcastOpt
	case t.optin && t.optout:
		return errOptBoth
	case old != nil && (t.optin && old.optout || t.optout && old.optin):
		return errSwitchOpt
	case !t.bcast:
		return nil
	}
	var before []string
	if old != nil {
		before = old.prefixes
	}
	if err := overlap(before, t.prefixes); err != nil {
		return err
	}
	if len(t.prefixes) == 0 {
		t.prefixes = []string{""} // every key
	}
	t.prefixes = distinct(append(slices.Clone(before), t.prefixes...))
	return nil
}

// overlap refuses a prefix that begins like another one of the same client.
func overlap(before, added []string) error {
	const text = "ERR Prefix '%s' overlaps with %s prefix '%s'. Prefixes for a single client must not overlap."
	both := func(a, b string) bool { return strings.HasPrefix(a, b) || strings.HasPrefix(b, a) }
	for i, p := range added {
		for _, other := range before {
			if both(p, other) {
				return wire.Errorf(text, p, "an existing", other)
			}
		}
		for _, other := range added[i+1:] {
			if both(p, other) {
				return wire.Errorf(text, p, "another provided", other)
			}
		}
	}
	return nil
}

func clientCaching(c *command.Call) error {
	s := c.Client.(*Session)
	t := s.tracking.Load()
	switch {
	case t == nil:
		return errCachingMode
	case c.Is(2, "yes"):
		if !t.optin {
			return errCachingYes
		}
	case c.Is(2, "no"):
		if !t.optout {
			return errCachingNo
		}
	default:
		return wire.ErrSyntax
	}
	s.caching = true
	c.Reply.Status("OK")
	return nil
}

// ofClient reports whether a command is one of CLIENT's: they leave it to the
// next command to use up a CLIENT CACHING.
func ofClient(spec *command.Spec) bool {
	return spec != nil && (spec.Name == "client" || spec.Parent() != nil && spec.Parent().Name == "client")
}

// noteScriptRead says that the script which calls c has read a key: then all
// keys that it has declared are tracked.
func noteScriptRead(c *command.Call) {
	if s, ok := c.Client.(*Session); ok {
		s.scriptRead = true
	}
}

// target is the client that messages are redirected to: 0 for none, -1 without tracking.
func (t *tracking) target() int64 {
	if t == nil {
		return -1
	}
	return t.redirect
}

func clientGetRedir(c *command.Call) error {
	c.Reply.Int(c.Client.(*Session).tracking.Load().target())
	return nil
}

func clientTrackingInfo(c *command.Call) error {
	s := c.Client.(*Session)
	t, r := s.tracking.Load(), c.Reply
	flags, prefixes := []string{"off"}, []string(nil)
	if t != nil {
		flags, prefixes = t.flags(s.caching), t.prefixes
	}
	r.Map(3)
	r.BulkString("flags")
	r.Set(len(flags))
	for _, f := range flags {
		r.BulkString(f)
	}
	r.BulkString("redirect")
	r.Int(t.target())
	r.BulkString("prefixes")
	r.Array(len(prefixes))
	for _, p := range prefixes {
		r.BulkString(p)
	}
	return nil
}

// flags are the words of CLIENT TRACKINGINFO.
func (t *tracking) flags(caching bool) []string {
	flags := []string{"on"}
	for _, f := range []struct {
		name string
		on   bool
	}{
		{"bcast", t.bcast}, {"optin", t.optin}, {"caching-yes", t.optin && caching},
		{"optout", t.optout}, {"caching-no", t.optout && caching},
		{"noloop", t.noloop}, {"broken_redirect", t.broken.Load()},
	} {
		if f.on {
			flags = append(flags, f.name)
		}
	}
	return flags
}
