//go:build unix

package server

import (
	"net"
	"os"
	"syscall"
	"testing"
	"time"
)

// Without descriptors the server waits, and goes on when there are some again.
func TestTooManyOpenFiles(t *testing.T) {
	eachFront(t, func(t *testing.T, io string) {
		h := serve(t, io, nil)
		first := h.dial()
		first.ask(request("PING"), "+PONG\r\n")
		nc, err := net.Dial("tcp", h.addr) // the client's descriptor is made before they run out
		if err != nil {
			t.Fatal(err)
		}
		nc.Close()
		h.until(t, "it is gone", func() bool { return len(h.sessions) == 1 })

		var old syscall.Rlimit
		if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &old); err != nil {
			t.Skip(err)
		}
		waiting, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
		if err != nil {
			t.Fatal(err)
		}
		file := os.NewFile(uintptr(waiting), "waiting")
		defer file.Close()
		none := old
		none.Cur = 0
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &none); err != nil {
			t.Skip(err)
		}
		restore := func() { syscall.Setrlimit(syscall.RLIMIT_NOFILE, &old) }
		defer restore()
		a := h.srv.Addrs()[0].(*net.TCPAddr)
		if err := syscall.Connect(waiting, &syscall.SockaddrInet4{Port: a.Port, Addr: [4]byte{127, 0, 0, 1}}); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			first.ask(request("PING"), "+PONG\r\n") // the loop has met the accept that fails
		}
		restore()
		h.srv.front.tick(time.Now())
		h.until(t, "the waiting one is served", func() bool { return len(h.sessions) == 2 })
	})
}
