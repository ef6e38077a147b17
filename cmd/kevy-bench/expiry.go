//go:build linux

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"
)

var expirySuite = &suite{
	name:    "expiry",
	summary: "how late keys expire beside many others, and what a wave of expiries costs clients",
	metrics: []metric{
		{name: "within 20 s", unit: count, higher: true},
		{name: "late p50", unit: seconds, ratio: true},
		{name: "late p99", unit: seconds, ratio: true},
		{name: "late max", unit: seconds},
		{name: "before longest", unit: seconds},
		{name: "due p99", unit: seconds},
		{name: "due p99.9", unit: seconds},
		{name: "due longest", unit: seconds, ratio: true},
		{name: "gone after", unit: seconds, ratio: true},
	},
	rounds: 5,
	register: func(fs *flag.FlagSet) func(context.Context, *bench) error {
		e := expiryBench{due: 2000, wave: 300_000}
		fs.StringVar(&e.beside, "n", "", "numbers of keys with a long TTL beside the due ones (default 500k,5M; with -short 200k)")
		fs.Var(&e.due, "due", "keys with a TTL of one second")
		fs.Var(&e.wave, "wave", "keys that fall due at one moment")
		fs.IntVar(&e.clients, "c", 50, "clients that write while the wave falls due")
		return e.run
	},
}

type expiryBench struct {
	beside    string
	due, wave quantity
	clients   int
}

// expiryWait is how long an expiry is waited for. Keys that have not expired by
// then count as that late.
const expiryWait = 20 * time.Second

func (e *expiryBench) run(ctx context.Context, b *bench) error {
	standard := "500k,5M"
	if b.short {
		standard = "200k"
	}
	beside, err := numbers("-n", or(e.beside, standard))
	if err := errors.Join(err, positive("-c", e.clients)); err != nil {
		return err
	}
	for _, n := range beside {
		if err := e.besideMany(ctx, b, n); err != nil {
			return err
		}
	}
	pair, err := b.both(ctx)
	if err != nil {
		return err
	}
	return b.paired(ctx, short(uint64(e.wave))+" due at once", func(i int) (measured, error) {
		return e.atOnce(ctx, b, pair[i])
	})
}

// besideMany measures the lateness of a few keys beside n that are not due.
func (e *expiryBench) besideMany(ctx context.Context, b *bench, n uint64) error {
	pair, err := b.both(ctx, setting{"notify-keyspace-events", "Ex"})
	if err != nil {
		return err
	}
	for _, s := range pair {
		if err := fillKeys(s.addr, words("SET long:{s} "+payload+" EX 3600"), n, 0); err != nil {
			return fmt.Errorf("fill %s: %w", s.side.name, err)
		}
	}
	round := 0
	name := fmt.Sprintf("%s due beside %s", short(uint64(e.due)), short(n))
	err = b.paired(ctx, name, func(i int) (measured, error) {
		round++
		return e.lateness(ctx, b, pair[i], fmt.Sprintf("due:%d:", round))
	})
	return errors.Join(err, b.stop(pair[0]), b.stop(pair[1]))
}

// lateness writes the due keys and listens for their expired events.
func (e *expiryBench) lateness(ctx context.Context, b *bench, s *server, prefix string) (measured, error) {
	sub, err := dialControl(s.addr.String())
	if err != nil {
		return measured{}, err
	}
	defer sub.close()
	if _, err := sub.do("SUBSCRIBE", "__keyevent@0__:expired"); err != nil {
		return measured{}, err
	}
	w, err := b.open(s)
	if err != nil {
		return measured{}, err
	}
	deadlines := map[string]int64{}
	for i := range uint64(e.due) {
		key := prefix + strconv.FormatUint(i, 10)
		if _, err := s.do("SET", key, payload, "PX", "1000"); err != nil {
			return measured{}, err
		}
		at, err := s.number("PEXPIRETIME", key)
		if err != nil {
			return measured{}, err
		}
		if at > 0 { // else it has expired already, in a very slow run
			deadlines[key] = at
		}
	}
	late, err := e.listen(ctx, sub, deadlines)
	if err != nil {
		return measured{}, err
	}
	u, err := w.close()
	if err != nil {
		return measured{}, err
	}
	delivered := late.n
	late.add(expiryWait, uint64(len(deadlines)))
	for key := range deadlines { // what is left must not disturb the next round
		if _, err := s.do("UNLINK", key); err != nil {
			return measured{}, err
		}
	}
	return measured{foreign: u.foreign, values: values{
		"within 20 s": float64(delivered),
		"late p50":    late.quantile(0.5).Seconds(),
		"late p99":    late.quantile(0.99).Seconds(),
		"late max":    late.max.Seconds(),
	}}, nil
}

// listen records how late the keys expire and takes them out of deadlines, until
// all have or the wait is over. Deadlines are whole milliseconds, and so the
// lateness is exact to one.
func (e *expiryBench) listen(ctx context.Context, sub *control, deadlines map[string]int64) (*histogram, error) {
	late := &histogram{}
	end := time.Now().Add(time.Second + expiryWait)
	for len(deadlines) > 0 {
		left := time.Until(end)
		if left <= 0 {
			break
		}
		v, err := sub.receive(min(left, time.Second))
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		var timeout net.Error
		if errors.As(err, &timeout) && timeout.Timeout() {
			continue
		}
		if err != nil {
			return nil, err
		}
		m, ok := v.([]any)
		if !ok || len(m) != 3 {
			return nil, fmt.Errorf("%v is not a published message", v)
		}
		key, _ := m[2].(string)
		if at, ok := deadlines[key]; ok {
			late.add(time.Since(time.UnixMilli(at)), 1)
			delete(deadlines, key)
		}
	}
	return late, nil
}

// atOnce lets a wave of keys fall due while clients write others.
func (e *expiryBench) atOnce(ctx context.Context, b *bench, s *server) (measured, error) {
	const space = 100_000
	if err := fillKeys(s.addr, words("SET live:{s} "+payload), space, 0); err != nil {
		return measured{}, err
	}
	at, err := e.fillWave(s)
	if err != nil {
		return measured{}, err
	}
	b.seed++
	l, err := startLoad(loadConfig{addr: s.addr, clients: e.clients, pipeline: 1, threads: b.clientThreads,
		request: words(strings.Replace("SET live:{r} x", "x", payload, 1)), space: space, seed: b.seed, phases: phaseAfter, stallPhase: phaseDuring})
	if err != nil {
		return measured{}, err
	}
	gone, foreign, err := e.passWave(ctx, b, s, l, at, space)
	phases, stopErr := l.stop()
	if err = errors.Join(err, stopErr); err != nil {
		return measured{}, err
	}
	v := values{"gone after": gone.Seconds()}
	v.latencies("before ", &phases[phaseBefore].latency)
	v.latencies("due ", &phases[phaseDuring].latency)
	return measured{values: v, foreign: foreign}, nil
}

// fillWave writes the keys of the wave and returns when they are due: late enough
// for a second of quiet load before it.
func (e *expiryBench) fillWave(s *server) (at time.Time, err error) {
	for room := 3*time.Second + time.Duration(e.wave)*10*time.Microsecond; room < time.Minute; room *= 2 {
		at = time.Now().Add(room)
		set := "SET wave:{s} " + payload + " PXAT " + strconv.FormatInt(at.UnixMilli(), 10)
		if err := fillKeys(s.addr, words(set), uint64(e.wave), 0); err != nil {
			return at, err
		}
		if time.Until(at) > 2*time.Second {
			return at, nil
		}
	}
	return at, fmt.Errorf("writing %d keys took too long", uint64(e.wave))
}

// passWave leads a running load through the moment at which the wave is due, and
// for a second beyond its end.
func (e *expiryBench) passWave(ctx context.Context, b *bench, s *server, l *load, at time.Time, space int64) (gone time.Duration, foreign float64, err error) {
	const margin = 20 * time.Millisecond
	if err := waitLoad(ctx, l, time.Until(at)-1200*time.Millisecond); err != nil {
		return 0, 0, err
	}
	w, err := b.open(s)
	if err != nil {
		return 0, 0, err
	}
	l.enter(phaseBefore)
	if err := waitLoad(ctx, l, time.Until(at)-margin); err != nil {
		return 0, 0, err
	}
	l.enter(phaseDuring)
	if err := waitLoad(ctx, l, time.Until(at)); err != nil {
		return 0, 0, err
	}
	for gone < expiryWait {
		n, err := s.number("DBSIZE")
		if err != nil {
			return 0, 0, err
		}
		gone = time.Since(at)
		if n <= space {
			break
		}
		if err := waitLoad(ctx, l, 5*time.Millisecond); err != nil {
			return 0, 0, err
		}
	}
	if err := waitLoad(ctx, l, time.Second); err != nil {
		return 0, 0, err
	}
	l.enter(phaseAfter)
	u, err := w.close()
	return gone, u.foreign, err
}
