package plugins

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// plan knows the times of a timer.
type plan interface {
	// next is the first time after t; zero when there is none.
	next(t time.Time) time.Time
	// after is the time that follows a run which was due at due and happened at now.
	after(due, now time.Time) time.Time
	// kept is what a persisted timer keeps of that run: next of it is after(due, now).
	kept(due, now time.Time) time.Time
}

// Check says what is wrong with the timer, if anything is.
func (o *Timer) Check() error {
	_, err := o.plan()
	return err
}

// plan checks what the timer says about its times.
func (o *Timer) plan() (plan, error) {
	n := 0
	for _, given := range []bool{o.Every != 0, !o.At.IsZero(), o.Cron != ""} {
		if given {
			n++
		}
	}
	switch {
	case o.Name == "" || o.Owner == "":
		return nil, errors.New("a timer needs a name and an owner")
	case n != 1:
		return nil, errors.New("one of every, at and cron must be given")
	case o.Cron != "":
		return parseCron(o.Cron)
	case !o.At.IsZero():
		return once(o.At), nil
	case o.Every < time.Millisecond:
		return nil, errors.New("every must be at least a millisecond")
	}
	return interval(o.Every), nil
}

// When shows the times, as HOOK LIST does.
func (o *Timer) When() string {
	switch {
	case o.Cron != "":
		return "cron " + o.Cron
	case !o.At.IsZero():
		return "at " + o.At.UTC().Format(time.RFC3339)
	}
	return "every " + o.Every.String()
}

type interval time.Duration

func (i interval) next(t time.Time) time.Time { return t.Add(time.Duration(i)) }

// after keeps the beat: intervals that have been missed are left out.
func (i interval) after(due, now time.Time) time.Time {
	missed := max(now.Sub(due), 0) / time.Duration(i)
	return due.Add((missed + 1) * time.Duration(i))
}

func (i interval) kept(due, now time.Time) time.Time {
	return i.after(due, now).Add(-time.Duration(i))
}

type once time.Time

func (o once) next(t time.Time) time.Time      { return time.Time(o) }
func (o once) after(_, _ time.Time) time.Time  { return time.Time{} }
func (o once) kept(due, _ time.Time) time.Time { return due }

type crontab struct{ cron.Schedule }

func (c crontab) next(t time.Time) time.Time { return c.Next(t.Local()) }
func (c crontab) after(due, now time.Time) time.Time {
	if now.Before(due) {
		now = due
	}
	return c.next(now)
}

func (c crontab) kept(due, now time.Time) time.Time {
	if now.Before(due) {
		return due
	}
	return now
}

// fiveFields is cron's own form, and @hourly, @daily, @weekly, @monthly, @yearly.
var fiveFields = cron.NewParser(cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow | cron.Descriptor)

// parseCron reads a cron expression. Of the library only the parser and the
// search for the next time are used.
func parseCron(text string) (plan, error) {
	// The library would take these for zones, which it reads without care, and for intervals.
	if strings.HasPrefix(text, "TZ=") || strings.HasPrefix(text, "CRON_TZ=") || strings.HasPrefix(text, "@every") {
		return nil, fmt.Errorf("cron %q: five fields, or @hourly, @daily, @weekly, @monthly, @yearly", text)
	}
	s, err := fiveFields.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("cron %q: %w", text, err)
	}
	if s.Next(time.Now()).IsZero() {
		return nil, fmt.Errorf("cron %q: there is no such day", text)
	}
	return crontab{s}, nil
}
