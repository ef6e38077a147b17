package spec

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// crashClient works on keys of its own and remembers what was acknowledged.
// At most one operation is in doubt when the server dies: the one it was trying.
type crashClient struct {
	id      int
	loop    *crashLoop
	acked   map[string]int64 // by kind
	trying  string           // the kind of the operation that is not acknowledged
	expires []string         // keys with a deadline that were acknowledged
	named   int              // names given to such keys: none is used twice
	done    int64
}

func (w *crashClient) key(kind string) string { return kind + ":" + strconv.Itoa(w.id) }

// work runs until the server is gone.
func (w *crashClient) work(db [4]*redis.Client, rnd *rand.Rand) {
	kinds := w.loop.kinds
	for {
		w.loop.world.RLock()
		var err error
		if n := rnd.IntN(len(kinds) + 3); n >= len(kinds) {
			err = w.expiring(db[0], rnd)
		} else {
			err = w.operate(db, kinds[n])
		}
		w.loop.world.RUnlock()
		if err != nil {
			return
		}
		w.done++
	}
}

func (w *crashClient) operate(db [4]*redis.Client, k crashKind) error {
	w.trying = k.name
	if err := k.do(db[k.db], w.key, w.acked[k.name]); err != nil {
		return err
	}
	w.acked[k.name]++
	w.trying = ""
	return nil
}

func (w *crashClient) expiring(c *redis.Client, rnd *rand.Rand) error {
	k := fmt.Sprintf("e:%d:%d", w.id, w.named)
	w.named++
	err := c.Set(context.Background(), k, "v", time.Duration(1+rnd.IntN(80))*time.Millisecond).Err()
	if err == nil {
		w.expires = append(w.expires, k)
	}
	return err
}

// consume is a blocked client: it takes the jobs that work pushes, in their order.
func (w *crashClient) consume(c *redis.Client) {
	for {
		err := one("BLMOVE $jobs $taken LEFT RIGHT 0.05")(c, w.key, 0)
		if err != nil && err != redis.Nil {
			return
		}
	}
}

// verify requires that everything acknowledged has happened, and nothing else
// but what is in doubt; it then takes over what is there.
func (w *crashClient) verify(t *testing.T, db [4]*redis.Client) {
	t.Helper()
	for _, k := range w.loop.kinds {
		got, err := k.count(db[k.db], w.key)
		acked, most := w.acked[k.name], w.acked[k.name]
		if w.trying == k.name {
			most++
		}
		if err != nil || got < acked || got > most {
			t.Errorf("%s: %d acknowledged, %d there (%v)", w.key(k.name), acked, got, err)
		}
		w.acked[k.name] = got
	}
	w.trying = ""
}

// crashKind is something that a client does again and again. do is its n-th
// time, and count tells from the data how many times it was done, which is
// an error when that cannot have come about.
type crashKind struct {
	name  string
	needs string // a command; the kind is left out where that is unknown
	db    int
	do    func(c *redis.Client, key func(string) string, n int64) error
	count func(c *redis.Client, key func(string) string) (int64, error)
}

// knownKinds are the kinds for which the server has the commands.
func knownKinds(t *testing.T, c *redis.Client) (known []crashKind) {
	t.Helper()
	for _, k := range crashKinds {
		if k.needs != "" {
			info, err := c.Do(context.Background(), "COMMAND", "INFO", k.needs).Slice()
			must(t, err)
			if len(info) == 0 || info[0] == nil {
				continue
			}
		}
		known = append(known, k)
	}
	return known
}

// one makes the do of a single command, in which $name stands for the client's key of that name
// and # for n.
func one(words string) func(*redis.Client, func(string) string, int64) error {
	return func(c *redis.Client, key func(string) string, n int64) error {
		return c.Do(context.Background(), fill(words, key, n)...).Err()
	}
}

// turns does the commands in turn.
func turns(commands ...string) func(*redis.Client, func(string) string, int64) error {
	return func(c *redis.Client, key func(string) string, n int64) error {
		return one(commands[n%int64(len(commands))])(c, key, n)
	}
}

func fill(words string, key func(string) string, n int64) (args []any) {
	for _, word := range strings.Fields(words) {
		if name, ok := strings.CutPrefix(word, "$"); ok {
			args = append(args, key(name))
			continue
		}
		args = append(args, strings.ReplaceAll(word, "#", strconv.FormatInt(n, 10)))
	}
	return args
}

// number is what a command answers, 0 for nothing.
func number(words string) func(*redis.Client, func(string) string) (int64, error) {
	return func(c *redis.Client, key func(string) string) (int64, error) {
		v, err := c.Do(context.Background(), fill(words, key, 0)...).Result()
		if err == redis.Nil {
			return 0, nil
		}
		if err != nil {
			return 0, err
		}
		f, err := strconv.ParseFloat(fmt.Sprint(v), 64)
		return int64(f), err
	}
}

// same requires one answer of several commands.
func same(commands ...string) func(*redis.Client, func(string) string) (int64, error) {
	return func(c *redis.Client, key func(string) string) (int64, error) {
		var first int64
		for i, words := range commands {
			n, err := number(words)(c, key)
			switch {
			case err != nil:
				return 0, err
			case i == 0:
				first = n
			case n != first:
				return 0, fmt.Errorf("half a group: %s is %d, %s is %d", commands[0], first, words, n)
			}
		}
		return first, nil
	}
}

// weighed adds up what commands answer, each with its weight.
func weighed(weights []int64, commands ...string) func(*redis.Client, func(string) string) (int64, error) {
	return func(c *redis.Client, key func(string) string) (sum int64, err error) {
		for i, words := range commands {
			n, err := number(words)(c, key)
			if err != nil {
				return 0, err
			}
			sum += n * weights[i]
		}
		return sum, nil
	}
}

// inOrder is the length of lists which together hold 0, 1, 2 …
func inOrder(lists ...string) func(*redis.Client, func(string) string) (int64, error) {
	return func(c *redis.Client, key func(string) string) (n int64, err error) {
		for _, l := range lists {
			values, err := c.LRange(context.Background(), key(l), 0, -1).Result()
			if err != nil {
				return 0, err
			}
			for _, v := range values {
				if v != strconv.FormatInt(n, 10) {
					return 0, fmt.Errorf("%s has %s where %d belongs", key(l), v, n)
				}
				n++
			}
		}
		return n, nil
	}
}
