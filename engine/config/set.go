package config

import (
	"fmt"
	"strings"
)

// Pair is a name and a value as CONFIG SET takes and CONFIG GET gives them.
type Pair struct{ Name, Value string }

// SetError is why CONFIG SET was refused. Its text is Redis', without the code ERR in front.
type SetError struct {
	Name   string // the parameter
	Reason error  // nil: there is no such parameter
}

func (e *SetError) Error() string {
	if e.Reason == nil {
		return fmt.Sprintf("Unknown option or number of arguments for CONFIG SET - '%s'", e.Name)
	}
	return fmt.Sprintf("CONFIG SET failed (possibly related to argument '%s') - %s", e.Name, e.Reason)
}

func (e *SetError) Unwrap() error { return e.Reason }

// Set is CONFIG SET: it sets all pairs, or none and returns a *SetError. Names are Redis' names,
// aliases or paths. It returns what changed; setting a parameter to the value it has changes nothing.
// Protected parameters are refused unless enable-protected-configs is yes.
func (l *Live) Set(pairs []Pair, by string) ([]Change, error) { return l.set(pairs, by, false) }

// SetLocal is Set for a client on this machine: enable-protected-configs may also be local.
func (l *Live) SetLocal(pairs []Pair, by string) ([]Change, error) { return l.set(pairs, by, true) }

func (l *Live) set(pairs []Pair, by string, local bool) ([]Change, error) {
	l.mu.Lock()
	changes, err := l.setLocked(pairs, by, local)
	l.mu.Unlock()
	if err != nil {
		return nil, err
	}
	l.tell()
	return changes, nil
}

// setLocked goes over the pairs twice, as Redis does: first all names, then all values. So which of
// several mistakes is reported is the same.
func (l *Live) setLocked(pairs []Pair, by string, local bool) ([]Change, error) {
	now := l.Get()
	found := make([]named, len(pairs))
	seen := map[string]bool{}
	for i, pair := range pairs {
		var ok bool
		if found[i], ok = table().byName[strings.ToLower(pair.Name)]; !ok {
			if shownIndex(l.shown(), pair.Name) >= 0 {
				return nil, &SetError{Name: pair.Name, Reason: ErrImmutable}
			}
			return nil, &SetError{Name: pair.Name}
		}
		if err := l.mayName(now, found[i].row, local); err != nil {
			return nil, &SetError{Name: pair.Name, Reason: err}
		}
		if seen[found[i].name] {
			return nil, &SetError{Name: pair.Name, Reason: ErrDuplicate}
		}
		seen[found[i].name] = true
	}
	next := now.Clone()
	for i, pair := range pairs {
		p := found[i].row
		value, err := p.Parse(next, pair.Value)
		if err == nil && !l.canChange(p) && !same(value, now.value(p)) {
			err = ErrImmutable
		}
		if err != nil {
			return nil, &SetError{Name: found[i].name, Reason: err}
		}
		next.setValue(p, value)
	}
	return l.commit(now, next, by)
}

// mayName refuses rows that Redis refuses whatever the value. Rows that only we cannot change at run
// time may be set to the value they have: tools that read everything and write it back work then.
func (l *Live) mayName(now *Config, p *Param, local bool) error {
	if p.Mutable == Fixed && p.Name != "" {
		return ErrImmutable
	}
	if p.Protected {
		allowed := now.Security.EnableProtectedConfigs
		if allowed != "yes" && (allowed != "local" || !local) {
			return ErrProtected
		}
	}
	return nil
}
