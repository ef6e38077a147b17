package kevylua

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"testing"

	"github.com/kevy-lua/kevy-lua/engine/config"
)

// BenchmarkServe is the whole way of pipelined requests, through sockets. Its
// profile is what cmd/kevy-lua is built with:
//
//	go test -run '^$' -bench Serve -benchtime 3s -cpuprofile cmd/kevy-lua/default.pgo .
func BenchmarkServe(b *testing.B) {
	const value, random = "0123456789abcdef", "#####" // random digits
	for _, row := range []struct {
		request  string
		pipeline int
	}{
		{"SET key:" + random + " " + value, 16},
		{"GET key:" + random, 16},
		{"GET key:" + random, 100},
		{"GET key:" + random, 1},
		{"INCR counter:" + random, 16},
		{"LPUSH list " + value, 16},
		{"RPOP list", 16},
		{"SADD set element:" + random, 16},
		{"HSET hash element:" + random + " " + value, 16},
		{"ZADD zset 1" + random + " element:" + random, 16},
		{"MSET" + strings.Repeat(" key:"+random+" "+value, 10), 16},
		{"LRANGE short 0 99", 16},
	} {
		name, _, _ := strings.Cut(row.request, " ")
		b.Run(fmt.Sprintf("%s/P%d", name, row.pipeline), func(b *testing.B) {
			c := benchServer(b)
			benchSend(b, c, "RPUSH short"+strings.Repeat(" "+value, 100), 1, 1)
			if name == "RPOP" {
				benchSend(b, c, "LPUSH list "+value, 64, b.N)
			}
			if name == "GET" {
				benchSend(b, c, "SET key:"+random+" "+value, 64, 300_000)
			}
			b.ResetTimer()
			benchSend(b, c, row.request, row.pipeline, b.N)
		})
	}
}

// benchServer starts a store in memory and connects to it.
func benchServer(b *testing.B) net.Conn {
	_, c := benchStore(b)
	return c
}

func benchStore(b *testing.B) (*DB, net.Conn) {
	cfg := config.Default()
	cfg.Server.Port = 0
	db, err := Open(Options{Config: cfg})
	if err != nil {
		b.Fatal(err)
	}
	srv, err := db.Listen()
	if err != nil {
		b.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- srv.Run(ctx) }()
	c, err := net.Dial("tcp", srv.Addrs()[0].String())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		c.Close()
		stop()
		if err := <-ended; err != nil {
			b.Error(err)
		}
		if err := db.Close(); err != nil {
			b.Error(err)
		}
	})
	return db, c
}

// benchSend sends at least n requests, in batches. In each, five # become a random number.
func benchSend(b *testing.B, c net.Conn, text string, pipeline, n int) {
	words := strings.Fields(text)
	one := fmt.Appendf(nil, "*%d\r\n", len(words))
	for _, w := range words {
		one = fmt.Appendf(one, "$%d\r\n%s\r\n", len(w), w)
	}
	batch := append(bytes.Repeat(one, pipeline), "PING\r\n"...) // its reply is the end
	var digits []int
	for i, x := range batch {
		if x == '#' {
			digits = append(digits, i)
		}
	}
	send := func() {
		for i := 0; i < len(digits); i += 5 {
			r := rand.Uint32()
			for _, at := range digits[i : i+5] {
				batch[at] = byte('0' + r%10)
				r /= 10
			}
		}
		if _, err := c.Write(batch); err != nil {
			b.Fatal(err)
		}
	}
	buf := make([]byte, 256<<10)
	for range (n + pipeline - 1) / pipeline {
		send()
		for have := 0; !bytes.HasSuffix(buf[:have], []byte("+PONG\r\n")); {
			k, err := c.Read(buf[have:])
			if err != nil {
				b.Fatal(err)
			}
			have += k
		}
	}
}
