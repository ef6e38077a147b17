package kevylua_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	kevylua "github.com/kevy-lua/kevy-lua"
)

// record appends one command of the log.
func record(b *bytes.Buffer, words ...string) {
	fmt.Fprintf(b, "*%d\r\n", len(words))
	for _, w := range words {
		fmt.Fprintf(b, "$%d\r\n%s\r\n", len(w), w)
	}
}

// mixedLog is a log of n commands of all kinds, strings is one of SETs.
func mixedLog(n int) []byte {
	rnd := rand.New(rand.NewPCG(1, 1))
	var b bytes.Buffer
	value := string(bytes.Repeat([]byte("x"), 64))
	record(&b, "SELECT", "0")
	for i := range n {
		k, e := rnd.IntN(100_000), fmt.Sprint(rnd.IntN(1_000_000))
		few := fmt.Sprint(k % 5000)
		switch i % 8 {
		case 0:
			record(&b, "SET", fmt.Sprint("s:", k), value)
		case 1:
			record(&b, "INCR", fmt.Sprint("c:", k))
		case 2:
			record(&b, "RPUSH", "l:"+few, e)
		case 3:
			record(&b, "SADD", "S:"+few, e)
		case 4:
			record(&b, "HSET", "h:"+few, e, value[:16])
		case 5:
			record(&b, "ZADD", "z:"+few, e, "m"+e)
		case 6:
			record(&b, "SET", fmt.Sprint("t:", k), value, "PXAT", "1900000000000")
		case 7:
			record(&b, "MULTI")
			record(&b, "INCR", fmt.Sprint("a:", k))
			record(&b, "HINCRBY", "b:"+few, fmt.Sprint("f", k%50), "1")
			record(&b, "EXEC")
		}
	}
	return b.Bytes()
}

func stringLog(n int) []byte {
	var b bytes.Buffer
	value := string(bytes.Repeat([]byte("x"), 64))
	record(&b, "SELECT", "0")
	for i := range n {
		record(&b, "SET", fmt.Sprintf("key:%012d", i), value)
	}
	return b.Bytes()
}

// BenchmarkLoad opens a store with a log of 400,000 commands.
func BenchmarkLoad(b *testing.B) {
	for _, bb := range []struct {
		name string
		log  []byte
	}{{"strings", stringLog(400_000)}, {"mixed", mixedLog(400_000)}} {
		b.Run(bb.name, func(b *testing.B) {
			data := b.TempDir()
			dir := filepath.Join(data, "appendonlydir")
			for name, text := range map[string][]byte{
				"appendonly.aof.manifest":   []byte("file appendonly.aof.1.incr.aof seq 1 type i\n"),
				"appendonly.aof.1.incr.aof": bb.log,
			} {
				if err := os.MkdirAll(dir, 0o755); err != nil {
					b.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
					b.Fatal(err)
				}
			}
			cfg := kevylua.DefaultConfig()
			cfg.Persistence.Dir, cfg.Persistence.AutoAOFRewritePercentage = data, 0
			b.SetBytes(int64(len(bb.log)))
			for b.Loop() {
				db, err := kevylua.Open(kevylua.Options{Config: cfg})
				if err != nil {
					b.Fatal(err)
				}
				b.StopTimer()
				if err := db.Close(); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
			}
		})
	}
}
