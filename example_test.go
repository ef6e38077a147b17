package kevylua_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"time"

	kevylua "github.com/kevy-lua/kevy-lua"
	"github.com/kevy-lua/kevy-lua/engine/hook"
)

// A store in a Go program: a key with a deadline, a script, an expiry with the
// value that the key had, and a second life from the log.
func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "kevy-lua-example-")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)

	db, err := kevylua.Open(kevylua.Options{Dir: dir})
	if err != nil {
		log.Fatal(err)
	}
	expired := make(chan string, 1)
	err = db.OnExpired("session:*", func(_ context.Context, ev *hook.Expired) error {
		expired <- fmt.Sprintf("%s was %s", ev.Key, ev.Value.Str())
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := db.Do(ctx, "SET", "session:1", "alice", "PX", 20); err != nil {
		log.Fatal(err)
	}
	sum, err := db.Eval(ctx, "return redis.call('INCRBY', KEYS[1], ARGV[1])", []string{"visits"}, 41)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("visits:", sum.Integer())
	fmt.Println(<-expired)
	if err := db.Close(); err != nil {
		log.Fatal(err)
	}

	db, err = kevylua.Open(kevylua.Options{Dir: dir})
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	visits, err := db.Do(ctx, "INCR", "visits")
	if err != nil {
		log.Fatal(err)
	}
	session, err := db.Do(ctx, "GET", "session:1")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("after a restart:", visits.Integer(), session.IsNull())
	// Output:
	// visits: 41
	// session:1 was alice
	// after a restart: 42 true
}

// Several commands as one unit: all of them, or none.
func ExampleDB_Tx() {
	ctx := context.Background()
	db, err := kevylua.Open(kevylua.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	err = db.Tx(ctx, []string{"from", "to"}, func(tx *kevylua.Tx) error {
		if _, err := tx.Do("DECRBY", "from", 10); err != nil {
			return err
		}
		_, err := tx.Do("INCRBY", "to", "ten") // fails: the decrement is undone
		return err
	})
	fmt.Println(err)
	v, _ := db.Do(ctx, "EXISTS", "from", "to")
	fmt.Println("keys there:", v.Integer())
	// Output:
	// ERR value is not an integer or out of range
	// keys there: 0
}

// Expiry by hand, for a program with a loop and a clock of its own.
func ExampleDB_Tick() {
	ctx := context.Background()
	now := time.UnixMilli(1_700_000_000_000)
	cfg := kevylua.DefaultConfig()
	cfg.Reaper.Mode = "manual"
	db, err := kevylua.Open(kevylua.Options{Config: cfg, Now: func() time.Time { return now }})
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	db.Do(ctx, "SET", "k", "v", "EX", 10)
	now = now.Add(11 * time.Second)
	gone, _ := db.Do(ctx, "GET", "k")
	removed, more := db.Tick(ctx)
	fmt.Println(gone.IsNull(), removed, more)
	// Output: true 1 false
}
